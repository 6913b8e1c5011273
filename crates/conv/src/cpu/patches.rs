//! The patches under the kernel, as a matrix [numbers of a patch, locations].

use std::ops::Range;

use pulp::Simd;

use super::grid::Grid;
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

/// Neighbouring locations, at most a register of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Copied {
    /// The column of the panel for the first one.
    pub(super) at: usize,
    pub(super) len: usize,
    /// Where its patch begins in the planes.
    pub(super) from: usize,
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

    /// Copies the numbers `of` the patches at `pieces` in `planes` to `panel [of, locations]`, whose rows are `row`
    /// apart.
    ///
    /// Up to a register is written from a piece's first location on.
    ///
    /// # Safety
    /// The panel is that large, its rows a register longer than the locations; nobody else holds it.
    #[inline(always)]
    pub(super) unsafe fn copy<S: Simd, T: Real>(
        &self,
        planes: &[T],
        of: Range<usize>,
        pieces: &[Copied],
        panel: *mut T,
        row: usize,
    ) {
        let lanes = T::lanes::<S>();
        let step = self.grid.step();
        let offsets = &self.offsets[of];
        let Some(&farthest) = offsets.iter().max() else { return };
        for piece in pieces {
            let end = piece.from.saturating_add(farthest).saturating_add(lanes);
            // SAFETY: within the planes, as the farthest one is; a row has room, by the contract.
            unsafe {
                let to = panel.add(piece.at);
                let from = planes.as_ptr().wrapping_add(piece.from);
                match piece.len {
                    _ if step > 1 || end > planes.len() => {
                        copy_each(&planes[piece.from..], offsets, piece.len, step, to, row);
                    }
                    1 => copy_block::<[T; 1], T>(from, offsets, to, row),
                    2 => copy_block::<[T; 2], T>(from, offsets, to, row),
                    3..=4 => copy_block::<[T; 4], T>(from, offsets, to, row),
                    len if len <= lanes / 2 => copy_block::<[T; 8], T>(from, offsets, to, row),
                    _ => copy_block::<T::Register<S>, T>(from, offsets, to, row),
                }
            }
        }
    }
}

/// Copies a block of neighbours for each offset.
///
/// # Safety
/// Such blocks lie at `from`, and `to` has room for as many in as many rows as there are offsets.
#[inline(always)]
unsafe fn copy_block<B: Copy, T>(from: *const T, offsets: &[usize], to: *mut T, row: usize) {
    for (k, &offset) in offsets.iter().enumerate() {
        // SAFETY: by the contract.
        unsafe { to.add(k * row).cast::<B>().write_unaligned(from.add(offset).cast::<B>().read_unaligned()) };
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
