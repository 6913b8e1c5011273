//! Filters times patches: the output of a convolution, and the gradient of its input.

use std::ops::Range;

use pulp::Simd;
use rayon::prelude::*;

use super::dispatch::{Kernel, dispatch};
use super::filters::Filters;
use super::output::{Addend, Output};
use super::patches::Patches;
use super::real::Real;
use super::tile::{self, Columns};

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
        let locations = self.patches.grid.locations();
        let filter = self.filters.first().map_or(0, |filters| filters.count * (filters.length + 1));
        let work = self.images * locations * filter * self.filters.len();
        let tasks = (work / TASK).clamp(1, 4 * rayon::current_num_threads());
        let all = self.images * locations;
        // Whole images, or parts of one or two.
        let part = if tasks <= self.images { self.images.div_ceil(tasks) * locations } else { all.div_ceil(tasks) };
        let run = |first: usize| self.part(first..all.min(first + part));
        if tasks == 1 { run(0) } else { (0..all).into_par_iter().step_by(part).for_each(run) }
    }

    /// Some locations, counted through all images.
    fn part(&self, locations: Range<usize>) {
        let (channels, of_image) = (self.patches.channels, self.patches.grid.locations());
        let images = images_of(&locations, of_image);
        let planes = self.patches.padding.apply(self.source, images.start * channels..images.end * channels);
        let first = images.start * of_image;
        dispatch(Part {
            product: self,
            planes: &planes,
            locations: locations.start - first..locations.end - first,
            first,
        });
    }
}

/// The images in which the locations lie.
fn images_of(locations: &Range<usize>, of_image: usize) -> Range<usize> {
    locations.start / of_image..locations.end.div_ceil(of_image)
}

struct Part<'a, 'b, T> {
    product: &'a Product<'b, T>,
    /// With their padding.
    planes: &'a [T],
    /// Counted from the first one of these planes.
    locations: Range<usize>,
    /// Locations before these planes.
    first: usize,
}

impl<T: Real> Kernel for Part<'_, '_, T> {
    #[inline(always)]
    fn run<S: Simd, const ROWS: usize, const COLUMNS: usize, const LONG: usize>(self, simd: S) {
        let Product { patches, filters, output, addend, .. } = self.product;
        let width = COLUMNS * T::lanes::<S>();
        let Some(Filters { count, length, rows, .. }) = filters.first() else { return };
        // Copies to a row may write a register beyond it.
        let row = width + T::lanes::<S>();
        let mut panel = vec![T::default(); length.min(&DEPTH) * row];
        let mut sums = vec![T::default(); count.div_ceil(*rows) * rows * width];
        let (mut runs, mut spans) = (Vec::new(), Vec::new());
        for first in self.locations.clone().step_by(width) {
            let columns = width.min(self.locations.end - first);
            patches.grid.runs(first, columns, &mut runs);
            output.grid.runs(self.first + first, columns, &mut spans);
            for (group, filters) in filters.iter().enumerate() {
                let planes = &self.planes[group * patches.group..];
                for start in (0..filters.length.max(1)).step_by(DEPTH) {
                    let depth = DEPTH.min(filters.length - start);
                    // SAFETY: the panel holds DEPTH rows, the sums all blocks.
                    unsafe {
                        patches.copy::<S, T>(planes, start..start + depth, &runs, panel.as_mut_ptr(), row);
                        for block in 0..filters.blocks() {
                            let a = filters.block(block, start);
                            let b = Columns { first: panel.as_ptr(), step: row };
                            let sums = sums[block * filters.rows * width..].as_mut_ptr();
                            if filters.rows == 1 {
                                tile::multiply::<S, T, 1, COLUMNS>(simd, depth, a, b, sums, start > 0);
                            } else {
                                tile::multiply::<S, T, ROWS, COLUMNS>(simd, depth, a, b, sums, start > 0);
                            }
                        }
                    }
                }
                // SAFETY: these locations are this task's.
                unsafe { output.write(simd, group * count..(group + 1) * count, &sums, width, &spans, addend) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_pads_only_the_images_of_its_locations() {
        assert_eq!(images_of(&(0..300), 100), 0..3);
        assert_eq!(images_of(&(100..200), 100), 1..2);
        assert_eq!(images_of(&(150..190), 100), 1..2);
        assert_eq!(images_of(&(150..201), 100), 1..3);
    }
}
