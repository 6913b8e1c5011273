//! Filters times patches: the output of a convolution, and the gradient of its input.

use std::ops::Range;

use pulp::Simd;
use rayon::prelude::*;

use super::dispatch::{Kernel, Widths, dispatch};
use super::filters::Filters;
use super::output::{Addend, Output, Written};
use super::patches::{Copied, Patches};
use super::real::Real;
use super::strips::Strips;
use super::tile::{self, InPlace, Matrix};

/// The products of every group's filters with all its patches.
pub(super) struct Product<'a, T> {
    /// Planes without padding, `[images, groups, channels of a group, …]`.
    pub(super) source: &'a [T],
    pub(super) images: usize,
    pub(super) patches: &'a Patches,
    /// Of each group.
    pub(super) filters: &'a [Filters<T>],
    pub(super) addend: Addend<'a, T>,
    pub(super) output: Output<T>,
}

/// Numbers of a patch that are multiplied at once, so that a panel of them stays in the cache.
const DEPTH: usize = 768;
/// Multiplications that are worth a task of their own.
const TASK: usize = 1 << 20;

impl<T: Real> Product<'_, T> {
    /// Computes everything, in parallel where it pays. Each number is one task's, so that it is the same for any
    /// number of them.
    pub(super) fn run(&self) {
        let Some(filters) = self.filters.first() else { return };
        let lanes = Widths::of::<T>().lanes;
        let strips = &Strips::new(&self.patches.grid, &self.output.grid, self.images, lanes, filters.count);
        let periods = self.images.div_ceil(strips.period);
        let all = periods * strips.count();
        let work = all * lanes * filters.count * (filters.length + 1) * self.filters.len();
        let tasks = (work / TASK).clamp(1, 4 * rayon::current_num_threads());
        // Whole images, or parts of one or two.
        let part = if tasks <= periods { periods.div_ceil(tasks) * strips.count() } else { all.div_ceil(tasks) };
        let run = |first: usize| {
            let range = first..all.min(first + part);
            let images = strips.images(&range, self.images);
            dispatch(Part { product: self, strips, range, images });
        };
        if tasks == 1 { run(0) } else { (0..all).into_par_iter().step_by(part).for_each(run) }
    }
}

struct Part<'a, T> {
    product: &'a Product<'a, T>,
    strips: &'a Strips,
    /// Counted through all periods.
    range: Range<usize>,
    /// In which their locations lie.
    images: Range<usize>,
}

/// Some registers of a task, the columns of a tile.
struct Registers<const COLUMNS: usize> {
    /// Where in the task's planes each begins, if it is read there.
    places: [usize; COLUMNS],
    copied: Vec<Copied>,
    written: Vec<Written>,
}

impl<const COLUMNS: usize> Registers<COLUMNS> {
    fn fill<T: Real>(&mut self, part: &Part<T>, registers: Range<usize>, lanes: usize) {
        let Part { product: Product { patches, output, .. }, strips, images, .. } = part;
        self.copied.clear();
        self.written.clear();
        for (column, register) in registers.enumerate() {
            let first_image = register / strips.count() * strips.period;
            for piece in strips.pieces(register % strips.count()) {
                let (image, at) = (first_image + piece.image, column * lanes + piece.lane);
                let from = (image - images.start) * patches.grid.image() + piece.from;
                if piece.lane == 0 {
                    self.places[column] = from;
                }
                if image < images.end {
                    self.copied.push(Copied { at, len: piece.len, from });
                    self.written.push(Written { at, len: piece.len, image: image * output.grid.image(), to: piece.to });
                }
            }
        }
    }
}

impl<T: Real> Kernel for Part<'_, T> {
    #[inline(always)]
    fn run<S: Simd, const ROWS: usize, const COLUMNS: usize, const LONG: usize>(self, simd: S) {
        if self.product.filters[0].rows == 1 {
            self.tiles::<S, 1, COLUMNS>(simd);
        } else {
            self.tiles::<S, ROWS, COLUMNS>(simd);
        }
    }
}

impl<T: Real> Part<'_, T> {
    #[inline(always)]
    fn tiles<S: Simd, const ROWS: usize, const COLUMNS: usize>(&self, simd: S) {
        let Product { source, patches, filters, output, addend, .. } = self.product;
        let lanes = T::lanes::<S>();
        let width = COLUMNS * lanes;
        let Filters { count, length, .. } = filters[0];
        let images = self.images.start * patches.channels..self.images.end * patches.channels;
        let planes = patches.padding.apply(simd, source, images);
        let farthest = patches.offsets.iter().max().map_or(0, |offset| offset + lanes);
        // Copies to a row may write a register beyond it.
        let row = width + lanes;
        let mut panel = Vec::new();
        let mut sums = vec![T::default(); count.div_ceil(ROWS) * ROWS * width + lanes];
        let mut registers = Registers { places: [0; COLUMNS], copied: Vec::new(), written: Vec::new() };
        for first in self.range.clone().step_by(COLUMNS) {
            registers.fill(self, first..self.range.end.min(first + COLUMNS), lanes);
            let Registers { places, copied, written } = &registers;
            for (group, filters) in filters.iter().enumerate() {
                let planes = &planes[group * patches.group..];
                let in_place = self.strips.in_place && places.iter().all(|place| place + farthest <= planes.len());
                for start in (0..length.max(1)).step_by(DEPTH) {
                    let depth = DEPTH.min(length - start);
                    let offsets = &patches.offsets[start..start + depth];
                    if !in_place {
                        panel.resize(length.min(DEPTH) * row, T::default());
                        // SAFETY: the panel holds DEPTH rows.
                        unsafe { patches.copy::<S, T>(planes, start..start + depth, copied, panel.as_mut_ptr(), row) };
                    }
                    for block in 0..filters.blocks() {
                        let sums = sums[block * ROWS * width..].as_mut_ptr();
                        let a = filters.block(block, start);
                        // SAFETY: registers lie within planes or panel, the sums hold all blocks; these locations are
                        // this task's.
                        unsafe {
                            if in_place {
                                let b = InPlace { places: places.map(|place| planes.as_ptr().add(place)), offsets };
                                tile::multiply::<S, T, ROWS, COLUMNS>(simd, depth, a, b, sums, start > 0);
                            } else {
                                let b = Matrix { first: panel.as_ptr(), step: row };
                                tile::multiply::<S, T, ROWS, COLUMNS>(simd, depth, a, b, sums, start > 0);
                            }
                            if start + depth == length {
                                let of_block = block * ROWS..count.min((block + 1) * ROWS);
                                let filters = group * count + of_block.start..group * count + of_block.end;
                                output.write::<S, ROWS>(simd, filters, sums, width, written, addend);
                            }
                        }
                    }
                }
            }
        }
    }
}
