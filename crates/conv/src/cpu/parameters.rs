//! The gradients of weight and bias, from one sweep over the gradient of the output.

use std::mem::MaybeUninit;
use std::ops::Range;

use pulp::Simd;
use rayon::prelude::*;

use super::bias_sums::{self, BiasSums, Sharing};
use super::dispatch::{Kernel, dispatch};
use super::grid::{Grid, Run};
use super::patches::{Copied, Patches};
use super::real::Real;
use super::single::Single;
use super::sizes::Sizes;
use super::tile::{self, Matrix, Rows};
use super::weight_sums::{Shape, WeightSums};

/// Multiplications that are worth a task of their own. Part of the result, like all that says how tasks are cut: sums
/// are added by tasks.
const TASK: usize = 1 << 20;
/// Tasks, at most.
const TASKS: usize = 16;
/// Locations that are multiplied at once.
const WIDTH: usize = 96;

/// Images and locations of one task.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) images: Range<usize>,
    pub(super) locations: Range<usize>,
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
            parts.push(Part {
                images: image..images.min(image + together),
                locations: location..locations.min(location + length),
            });
        }
    }
    parts
}

/// dw `[channels_out, channels_in/groups, kernel…]`, and what the bias wants of dy.
pub(super) fn parameters_backward<T: Real>(sizes: &Sizes, x: &[T], dy: &[T], bias: Sharing) -> (Vec<T>, Vec<f64>) {
    let patches = &Patches::of_input(sizes);
    let parts = parts(sizes);
    let groups = sizes.spec.groups;
    let grid = Grid::new([1, 1, sizes.locations()], [0, 0, 1], groups * sizes.channels_out * sizes.locations(), 0);
    let run = |part: &Part| {
        let mut sums = None;
        dispatch(Task { sizes, patches, x, dy, grid, part, bias, sums: &mut sums });
        sums.expect("a task writes its sums")
    };
    let sums: Vec<Sums<T>> =
        if parts.len() == 1 { parts.iter().map(run).collect() } else { parts.par_iter().map(run).collect() };
    let (weights, biases): (Vec<_>, Vec<_>) = sums.into_iter().map(|sums| (sums.weight, sums.bias)).unzip();
    let filters = groups * sizes.channels_out;
    let tasks: Vec<_> = parts.iter().map(|part| part.locations.clone()).zip(biases).collect();
    (WeightSums::gather(sizes, &weights), bias_sums::gather(&tasks, filters, bias.per_filter(sizes.locations())))
}

/// What one task adds up.
struct Sums<T> {
    weight: WeightSums<T>,
    bias: BiasSums<T>,
}

struct Task<'a, T> {
    sizes: &'a Sizes,
    patches: &'a Patches,
    x: &'a [T],
    dy: &'a [T],
    /// Where the locations of a filter lie in dy.
    grid: Grid,
    part: &'a Part,
    bias: Sharing,
    sums: &'a mut Option<Sums<T>>,
}

impl<T: Real> Kernel for Task<'_, T> {
    #[inline(always)]
    fn run<S: Simd, const ROWS: usize, const COLUMNS: usize, const LONG: usize>(self, simd: S) {
        *self.sums = Some(if self.sizes.channels_out == 1 && self.patches.grid.step() == 1 {
            self.of_single_filters::<S, LONG>(simd)
        } else if self.sizes.channels_out > T::lanes::<S>() {
            self.sweep::<S, LONG, 2>(simd)
        } else {
            self.sweep::<S, LONG, 1>(simd)
        });
    }
}

impl<T: Real> Task<'_, T> {
    #[inline(always)]
    fn of_single_filters<S: Simd, const NUMBERS: usize>(&self, simd: S) -> Sums<T> {
        let Self { sizes, patches, bias, part: Part { images, locations }, .. } = *self;
        let (groups, patch) = (sizes.spec.groups, sizes.patch());
        let channels = images.start * patches.channels..images.end * patches.channels;
        let mut runs = Vec::new();
        patches.grid.runs(locations.start, locations.len(), &mut runs);
        let single = Single {
            patches,
            runs: &runs,
            first: locations.start,
            planes: &patches.padding.apply(simd, self.x, channels),
            dy: &self.dy[images.start * groups * sizes.locations()..images.end * groups * sizes.locations()],
            groups,
            locations: sizes.locations(),
        };
        let mut weight = WeightSums::<T>::with_room(Shape::new(sizes, [1, T::lanes::<S>()]));
        for group in 0..groups {
            let to = weight.block(group, 0);
            for first in (0..patch).step_by(NUMBERS) {
                for (number, sum) in (first..patch).zip(single.products::<S, NUMBERS>(simd, group, first)) {
                    // SAFETY: a block has as many rows as a patch has numbers, of a register each.
                    unsafe { T::store::<S>(to.add(number * T::lanes::<S>()), T::splat(simd, sum)) };
                }
            }
        }
        // SAFETY: by all groups and numbers.
        unsafe { weight.written() };
        Sums { weight, bias: BiasSums::new(simd, bias, self.dy, sizes.locations(), groups, self.part) }
    }

    #[inline(always)]
    fn sweep<S: Simd, const ROWS: usize, const COLUMNS: usize>(&self, simd: S) -> Sums<T> {
        let Self { sizes, patches, bias: sharing, part: Part { images, locations }, .. } = *self;
        let (groups, filters) = (sizes.spec.groups, sizes.channels_out);
        let shape = Shape::new(sizes, [ROWS, COLUMNS * T::lanes::<S>()]);
        let Shape { blocks, rows, columns, .. } = shape;
        let mut sums = Sums {
            weight: WeightSums::with_room(shape),
            bias: BiasSums::new(simd, sharing, self.dy, sizes.locations(), groups * filters, self.part),
        };
        let mut transposed = vec![T::default(); blocks * WIDTH * columns];
        // Copies to a row may write a register beyond it. Rows beyond the last number of a patch are multiplied too.
        let row_length = WIDTH + T::lanes::<S>();
        let mut panel = Vec::with_capacity(rows * row_length);
        panel.spare_capacity_mut()[sizes.patch() * row_length..rows * row_length].fill(MaybeUninit::new(T::default()));
        let panel: *mut T = panel.as_mut_ptr();
        let (mut runs, mut spans, mut pieces) = (Vec::new(), Vec::new(), Vec::new());

        let planes =
            patches.padding.apply(simd, self.x, images.start * patches.channels..images.end * patches.channels);
        let end = (images.len() - 1) * sizes.locations() + locations.end;
        for first in (locations.start..end).step_by(WIDTH) {
            let width = WIDTH.min(end - first);
            patches.grid.runs(first, width, &mut runs);
            self.grid.runs(images.start * sizes.locations() + first, width, &mut spans);
            pieces.clear();
            for run in &runs {
                pieces.extend((0..run.len).step_by(T::lanes::<S>()).map(|at| Copied {
                    at: run.at + at,
                    len: T::lanes::<S>().min(run.len - at),
                    from: run.image + run.start + at * patches.grid.step(),
                }));
            }
            for group in 0..groups {
                let planes = &planes[group * patches.group..];
                // SAFETY: the panel has room for these numbers.
                unsafe { patches.copy::<S, T>(planes, 0..sizes.patch(), &pieces, panel, row_length) };
                for few in (0..filters).step_by(4).map(|first| first..filters.min(first + 4)) {
                    for span in &spans {
                        self.transpose(group, few.clone(), span, columns, &mut transposed);
                    }
                }
                for block in 0..blocks {
                    let dy = Matrix { first: transposed[block * WIDTH * columns..].as_ptr(), step: columns };
                    let sums = sums.weight.block(group, block);
                    for row in (0..rows).step_by(ROWS) {
                        // SAFETY: panel, transposed and sums are as large as computed above.
                        unsafe {
                            let numbers = Rows { first: panel.add(row * row_length), row: row_length, step: 1 };
                            let (sums, add) = (sums.add(row * columns), first > locations.start);
                            tile::multiply::<S, T, ROWS, COLUMNS>(simd, width, numbers, &dy, sums, add);
                        }
                    }
                }
            }
        }
        // SAFETY: by the first locations, and there are some.
        unsafe { sums.weight.written() };
        sums
    }

    /// A filter's numbers of dy.
    #[inline(always)]
    fn values(&self, group: usize, filter: usize, span: &Run) -> &[T] {
        let plane = group * self.sizes.channels_out + filter;
        &self.dy[span.image + span.start + plane * self.sizes.locations()..][..span.len]
    }

    /// Writes some filters' numbers of dy to columns of `transposed [blocks of filters, locations, columns]`, in blocks
    /// of four by four where there are four filters, and as many columns.
    #[inline(always)]
    fn transpose(&self, group: usize, filters: Range<usize>, span: &Run, columns: usize, transposed: &mut [T]) {
        let column = |filter: usize| (filter / columns * WIDTH + span.at) * columns + filter % columns;
        if columns < 4 || filters.len() < 4 {
            for filter in filters {
                let to = transposed[column(filter)..].iter_mut().step_by(columns);
                for (to, value) in to.zip(self.values(group, filter, span)) {
                    *to = *value;
                }
            }
            return;
        }
        let to = &mut transposed[column(filters.start)..];
        let values: [&[T]; 4] = std::array::from_fn(|i| self.values(group, filters.start + i, span));
        let whole = span.len / 4 * 4;
        for at in (0..whole).step_by(4) {
            let block: [[T; 4]; 4] = std::array::from_fn(|i| std::array::from_fn(|j| values[i][at + j]));
            for j in 0..4 {
                let to = &mut to[(at + j) * columns..][..4];
                for i in 0..4 {
                    to[i] = block[i][j];
                }
            }
        }
        for at in whole..span.len {
            for i in 0..4 {
                to[at * columns + i] = values[i][at];
            }
        }
    }
}
