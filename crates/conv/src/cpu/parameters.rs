//! The gradients of weight and bias, from one sweep over the gradient of the output.

use std::borrow::Cow;
use std::ops::Range;

use pulp::Simd;
use rayon::prelude::*;

use super::bias_sums::BiasSums;
use super::dispatch::{Kernel, dispatch};
use super::grid::Grid;
use super::patches::Patches;
use super::real::Real;
use super::sizes::Sizes;
use super::tile::{self, Rows};

/// Multiplications that are worth a task of their own. Part of the result, like all that says how tasks are cut: sums
/// are added by tasks.
const TASK: usize = 1 << 20;
/// Tasks, at most.
const TASKS: usize = 16;
/// Numbers of a patch in one task, so that their panel stays in the cache.
const DEPTH: usize = 1152;
/// Locations of a panel.
const WIDTH: usize = 96;

/// Images and locations of one task.
#[derive(Debug, Clone)]
struct Part {
    images: Range<usize>,
    locations: Range<usize>,
    /// Numbers of a patch.
    numbers: Range<usize>,
}

fn parts(sizes: &Sizes) -> Vec<Part> {
    let (images, locations) = (sizes.images, sizes.locations());
    let work = images * locations * sizes.spec.groups * sizes.channels_out * sizes.patch();
    let tasks = (work / TASK).clamp(1, TASKS);
    // Whole images, or parts of one.
    let together = images.div_ceil(tasks);
    let length = if images >= tasks { locations } else { locations.div_ceil(tasks.div_ceil(images)) };
    let mut parts = Vec::new();
    for image in (0..images).step_by(together) {
        for location in (0..locations).step_by(length) {
            for number in (0..sizes.patch()).step_by(DEPTH) {
                parts.push(Part {
                    images: image..images.min(image + together),
                    locations: location..locations.min(location + length),
                    numbers: number..sizes.patch().min(number + DEPTH),
                });
            }
        }
    }
    parts
}

/// dw `[channels_out, channels_in/groups, kernel…]`, and what the bias wants of dy.
pub(super) fn parameters_backward<T: Real>(sizes: &Sizes, x: &[T], dy: &[T], bias: BiasSums) -> (Vec<T>, Vec<f64>) {
    let patches = &Patches::of_input(sizes);
    let parts = parts(sizes);
    let groups = sizes.spec.groups;
    let grid = Grid::new([1, 1, sizes.locations()], [0, 0, 1], groups * sizes.channels_out * sizes.locations(), 0);
    let run = |part: &Part| {
        let mut sums = Sums::default();
        dispatch(Task { sizes, patches, x, dy, grid, part, bias, sums: &mut sums });
        sums
    };
    let sums: Vec<Sums<T>> =
        if parts.len() == 1 { parts.iter().map(run).collect() } else { parts.par_iter().map(run).collect() };
    let mut dw = vec![T::default(); groups * sizes.channels_out * sizes.patch()];
    let mut db = vec![0.0; groups * sizes.channels_out * bias.per_filter(sizes.locations())];
    gather_weights(sizes, &parts, &sums, &mut dw);
    for (part, sums) in parts.iter().zip(&sums).filter(|(part, _)| part.numbers.start == 0) {
        bias.gather(&part.locations, sizes.locations(), &sums.bias, &mut db);
    }
    (dw, db)
}

/// Adds the tasks' sums, in their order.
fn gather_weights<T: Real>(sizes: &Sizes, parts: &[Part], sums: &[Sums<T>], dw: &mut [T]) {
    let (filters, patch) = (sizes.channels_out, sizes.patch());
    let of_filter = |(filter, dw): (usize, &mut [T])| {
        let (group, filter) = (filter / filters, filter % filters);
        for (part, sums) in parts.iter().zip(sums) {
            let first = sums.place(group, filter);
            for (k, dw) in dw[part.numbers.clone()].iter_mut().enumerate() {
                *dw = *dw + sums.weight[first + k * sums.columns];
            }
        }
    };
    let filters_of_task = (1 << 16) / (patch * sums.len()).max(1) + 1;
    dw.par_chunks_exact_mut(patch).with_min_len(filters_of_task).enumerate().for_each(of_filter);
}

/// What one task adds up.
#[derive(Default)]
struct Sums<T> {
    /// `[groups, blocks of filters, numbers of a patch, columns]`: filters along a row.
    weight: Vec<T>,
    /// Blocks of filters of a group.
    blocks: usize,
    /// Numbers of a patch, rounded up to whole tiles.
    rows: usize,
    /// Filters of a block.
    columns: usize,
    bias: Vec<f64>,
}

impl<T> Sums<T> {
    /// Where a filter's sums begin.
    fn place(&self, group: usize, filter: usize) -> usize {
        (group * self.blocks + filter / self.columns) * self.rows * self.columns + filter % self.columns
    }
}

struct Task<'a, T> {
    sizes: &'a Sizes,
    patches: &'a Patches,
    x: &'a [T],
    dy: &'a [T],
    /// Where the locations of a filter lie in dy.
    grid: Grid,
    part: &'a Part,
    bias: BiasSums,
    sums: &'a mut Sums<T>,
}

impl<T: Real> Kernel for Task<'_, T> {
    #[inline(always)]
    fn run<S: Simd, const ROWS: usize, const COLUMNS: usize, const LONG: usize>(mut self, simd: S) {
        if self.sizes.channels_out > T::lanes::<S>() {
            self.sweep::<S, LONG, 2>(simd);
        } else {
            self.sweep::<S, LONG, 1>(simd);
        }
    }
}

impl<T: Real> Task<'_, T> {
    #[inline(always)]
    fn sweep<S: Simd, const ROWS: usize, const COLUMNS: usize>(&mut self, simd: S) {
        let Self { sizes, patches, part: Part { images, locations, numbers }, .. } = *self;
        let (groups, filters) = (sizes.spec.groups, sizes.channels_out);
        let columns = COLUMNS * T::lanes::<S>();
        let rows = numbers.len().next_multiple_of(ROWS);
        let blocks = filters.div_ceil(columns);
        let count = if numbers.start == 0 { self.bias.per_filter(locations.len()) } else { 0 };
        let sums = &mut *self.sums;
        *sums = Sums {
            weight: vec![T::default(); groups * blocks * rows * columns],
            blocks,
            rows,
            columns,
            bias: vec![0.0; groups * filters * count],
        };
        let mut panel = vec![T::default(); rows * WIDTH + T::lanes::<S>()];
        let mut transposed = vec![T::default(); blocks * WIDTH * columns];
        let (mut runs, mut spans) = (Vec::new(), Vec::new());

        let planes: Cow<[T]> =
            patches.padding.apply(self.x, images.start * patches.channels..images.end * patches.channels);
        let end = (images.len() - 1) * sizes.locations() + locations.end;
        for first in (locations.start..end).step_by(WIDTH) {
            let width = WIDTH.min(end - first);
            patches.grid.runs(first, width, &mut runs);
            self.grid.runs(images.start * sizes.locations() + first, width, &mut spans);
            for group in 0..groups {
                let planes = &planes[group * patches.group..];
                // SAFETY: the panel has room for these numbers and a register.
                unsafe { patches.copy::<S, T>(planes, numbers.clone(), &runs, panel.as_mut_ptr(), WIDTH) };
                for filter in 0..filters {
                    let to = &mut transposed[filter / columns * WIDTH * columns + filter % columns..];
                    for span in &spans {
                        let start = span.image + span.start + (group * filters + filter) * sizes.locations();
                        let values = &self.dy[start..start + span.len];
                        transpose(values, &mut to[span.at * columns..], columns);
                        if count > 0 {
                            let sums = &mut sums.bias[(group * filters + filter) * count..][..count];
                            self.bias.add(values, span.start - locations.start, sums);
                        }
                    }
                }
                for block in 0..blocks {
                    let columns_of = transposed[block * WIDTH * columns..].as_ptr();
                    let sums = &mut sums.weight[(group * blocks + block) * rows * columns..][..rows * columns];
                    for row in (0..rows).step_by(ROWS) {
                        let factors = Rows { first: panel[row * WIDTH..].as_ptr(), row: WIDTH, step: 1 };
                        let sums = sums[row * columns..].as_mut_ptr();
                        // SAFETY: panel, transposed and sums are as large as computed above.
                        unsafe { tile::multiply::<S, T, ROWS, COLUMNS>(simd, width, factors, columns_of, sums, true) };
                    }
                }
            }
        }
    }
}

/// Writes a row's values to a column.
#[inline(always)]
fn transpose<T: Real>(values: &[T], to: &mut [T], columns: usize) {
    for at in 0..values.len() {
        to[at * columns] = values[at];
    }
}
