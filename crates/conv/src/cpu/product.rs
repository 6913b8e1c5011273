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
        let (periods, all) = (self.images.div_ceil(strips.period), strips.all(self.images));
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
        let Product { source, patches, filters, .. } = self.product;
        let lanes = T::lanes::<S>();
        let images = self.images.start * patches.channels..self.images.end * patches.channels;
        let planes = patches.padding.apply(simd, source, images);
        let farthest = patches.offsets.iter().max().map_or(0, |offset| offset + lanes);
        let mut room = Room { panel: Vec::new(), sums: Vec::new() };
        room.sums.resize(filters[0].count.next_multiple_of(ROWS) * COLUMNS * lanes + lanes, T::default());
        let mut registers = Registers { places: [0; COLUMNS], copied: Vec::new(), written: Vec::new() };
        for first in self.range.clone().step_by(COLUMNS) {
            registers.fill(self, first..self.range.end.min(first + COLUMNS), lanes);
            for group in 0..filters.len() {
                let planes = &planes[group * patches.group..];
                let reach = registers.places.iter().all(|place| place + farthest <= planes.len());
                let in_place = self.strips.in_place && reach;
                // SAFETY: registers that are read in place lie within the planes; these locations are this task's.
                unsafe { self.group::<S, ROWS, COLUMNS>(simd, group, planes, &registers, in_place, &mut room) };
            }
        }
    }

    /// Multiplies all filters of a group by the patches of some registers, and writes the outputs.
    ///
    /// # Safety
    /// All numbers of patches lie within the planes, in place as far as that is asked for; nobody else writes there.
    #[inline(always)]
    unsafe fn group<S: Simd, const ROWS: usize, const COLUMNS: usize>(
        &self,
        simd: S,
        group: usize,
        planes: &[T],
        registers: &Registers<COLUMNS>,
        in_place: bool,
        Room { panel, sums }: &mut Room<T>,
    ) {
        let Product { patches, output, addend, .. } = self.product;
        let filters = &self.product.filters[group];
        let width = COLUMNS * T::lanes::<S>();
        // Copies to a row may write a register beyond it.
        let row = width + T::lanes::<S>();
        for start in (0..filters.length.max(1)).step_by(DEPTH) {
            let depth = DEPTH.min(filters.length - start);
            if !in_place {
                panel.resize(filters.length.min(DEPTH) * row, T::default());
                let panel = panel.as_mut_ptr();
                // SAFETY: the panel holds DEPTH rows.
                unsafe { patches.copy::<S, T>(planes, start..start + depth, &registers.copied, panel, row) };
            }
            for block in 0..filters.blocks() {
                let of_block = block * ROWS..filters.count.min((block + 1) * ROWS);
                let a = filters.block(block, start);
                let sums = sums[block * ROWS * width..].as_mut_ptr();
                // SAFETY: by the contract; the panel is filled, and the sums hold all blocks.
                unsafe {
                    if in_place {
                        let places = registers.places.map(|place| planes.as_ptr().add(place));
                        let b = InPlace { places, offsets: &patches.offsets[start..start + depth] };
                        tile::multiply::<S, T, ROWS, COLUMNS>(simd, depth, a, &b, sums, start > 0);
                    } else {
                        let b = Matrix { first: panel.as_ptr(), step: row };
                        tile::multiply::<S, T, ROWS, COLUMNS>(simd, depth, a, &b, sums, start > 0);
                    }
                    if start + depth == filters.length {
                        let first = group * filters.count;
                        let filters = first + of_block.start..first + of_block.end;
                        output.write::<S, ROWS>(simd, filters, sums, width, &registers.written, addend);
                    }
                }
            }
        }
    }
}

/// Memory of a task.
struct Room<T> {
    /// Numbers of patches of some registers, `[numbers, registers]`, where they are not read in place.
    panel: Vec<T>,
    /// `[filters, registers]`, and a register more.
    sums: Vec<T>,
}
