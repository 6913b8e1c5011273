//! The patches under the kernel, as a matrix [numbers of a patch, locations].

use std::ops::Range;

use pulp::Simd;

use super::grid::{Grid, Run};
use super::padding::Padding;
use super::real::Real;
use super::sizes::{Sizes, volume};

/// Where the patches lie in planes with their padding.
pub(super) struct Patches {
    pub(super) padding: Padding,
    /// Channels of an image, of all groups.
    pub(super) channels: usize,
    /// Numbers of a group in an image.
    pub(super) group: usize,
    /// Where the patch of each location begins, for the first group.
    pub(super) grid: Grid,
    /// Where each number of a patch lies, from the patch's beginning.
    pub(super) offsets: Vec<usize>,
}

impl Patches {
    /// The patches of the input.
    pub(super) fn of_input(sizes: &Sizes) -> Self {
        let Sizes { spec, input, .. } = sizes;
        let before = spec.padding.map(|[before, _]| before);
        let padded: [usize; 3] = std::array::from_fn(|a| input[a] + spec.padding[a][0] + spec.padding[a][1]);
        let [_, height, width] = padded;
        let at = |[z, y, x]: [usize; 3]| (z * height + y) * width + x;
        let mut offsets = Vec::with_capacity(sizes.patch());
        for channel in 0..sizes.channels_in {
            for tap in 0..volume(sizes.kernel) {
                let [_, kh, kw] = sizes.kernel;
                let tap = [tap / (kh * kw), tap / kw % kh, tap % kw];
                offsets.push(channel * volume(padded) + at(std::array::from_fn(|a| tap[a] * spec.dilation[a])));
            }
        }
        let channels = spec.groups * sizes.channels_in;
        let [sz, sy, sx] = spec.stride;
        let grid = Grid::new(sizes.output, [sz * height * width, sy * width, sx], channels * volume(padded), 0);
        Self {
            padding: Padding { size: *input, before, padded },
            channels,
            group: sizes.channels_in * volume(padded),
            grid,
            offsets,
        }
    }

    /// Copies the numbers `of` the patches at `runs` in `planes` to `panel [of, locations]`, whose rows are `row` apart.
    ///
    /// Whole registers are written, up to one beyond the locations.
    ///
    /// # Safety
    /// The panel is that large, its rows a register longer than the locations; nobody else holds it.
    #[inline(always)]
    pub(super) unsafe fn copy<S: Simd, T: Real>(
        &self,
        planes: &[T],
        of: Range<usize>,
        runs: &[Run],
        panel: *mut T,
        row: usize,
    ) {
        let lanes = T::lanes::<S>();
        let step = self.grid.step();
        let offsets = &self.offsets[of];
        let Some(&farthest) = offsets.iter().max() else { return };
        for run in runs {
            let from = run.image + run.start;
            let end = from.saturating_add(farthest).saturating_add(run.len.next_multiple_of(lanes));
            if step > 1 || end > planes.len() {
                // SAFETY: a row has room for all runs, by the contract.
                unsafe { copy_each(&planes[from..], offsets, run.len, step, panel.add(run.at), row) };
                continue;
            }
            for at in (0..run.len).step_by(lanes) {
                for (k, &offset) in offsets.iter().enumerate() {
                    // SAFETY: within the planes, as the farthest one is; within a row and a register, by the contract.
                    unsafe {
                        let numbers = T::load::<S>(planes.as_ptr().add(from + at + offset));
                        T::store::<S>(panel.add(k * row + run.at + at), numbers);
                    }
                }
            }
        }
    }
}

/// Copies number by number: where they are not neighbours, or where registers would read beyond the planes.
///
/// # Safety
/// `to` has room for `len` numbers in as many rows as there are offsets.
unsafe fn copy_each<T: Real>(from: &[T], offsets: &[usize], len: usize, step: usize, to: *mut T, row: usize) {
    for (k, offset) in offsets.iter().enumerate() {
        for i in 0..len {
            // SAFETY: within the row, by the contract.
            unsafe { to.add(k * row + i).write(from[offset + i * step]) };
        }
    }
}
