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

    /// Copies the numbers `of` the patches at `runs` in `planes` to `panel [of, width]`.
    ///
    /// # Safety
    /// The panel is that large, and a register larger; nobody else holds it.
    #[inline(always)]
    pub(super) unsafe fn copy<S: Simd, T: Real>(
        &self,
        planes: &[T],
        of: Range<usize>,
        runs: &[Run],
        panel: *mut T,
        width: usize,
    ) {
        let step = self.grid.step();
        for (row, &offset) in self.offsets[of].iter().enumerate() {
            for run in runs {
                let from = run.image + run.start + offset;
                // SAFETY: a row has room for all runs, and behind the last row there is a register's; by the contract.
                unsafe {
                    let to = panel.add(row * width + run.at);
                    if step == 1 {
                        copy_row::<S, T>(planes, from, to, run.len);
                    } else {
                        for i in 0..run.len {
                            to.add(i).write(planes[from + i * step]);
                        }
                    }
                }
            }
        }
    }
}

/// Copies whole registers: what they write beyond the row is overwritten by the rows after it.
///
/// # Safety
/// `to` has room for the row and a register.
#[inline(always)]
unsafe fn copy_row<S: Simd, T: Real>(planes: &[T], from: usize, to: *mut T, len: usize) {
    let lanes = T::lanes::<S>();
    // SAFETY: read within the planes; written as the contract allows.
    unsafe {
        if from + len.next_multiple_of(lanes) <= planes.len() {
            let mut i = 0;
            while i < len {
                T::store::<S>(to.add(i), T::load::<S>(planes.as_ptr().add(from + i)));
                i += lanes;
            }
        } else {
            std::ptr::copy_nonoverlapping(planes[from..from + len].as_ptr(), to, len);
        }
    }
}
