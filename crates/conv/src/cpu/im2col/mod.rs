//! im2col: the patches under the kernel as a matrix [elements of a patch, locations], in place or packed to a panel.

pub(crate) mod locations;
pub(crate) mod padding;
mod rows;

use std::ops::Range;

use pulp::Simd;
use untied_kernels::cpu::{Real, prefetch_at};

use locations::Locations;
use padding::Padding;
use rows::move_block;

use crate::ConvSpec;
use crate::spec::volume;

/// Bytes beyond which the processor does not look ahead.
const PAGE: usize = 4096;

/// Bytes ahead that are asked for instead: 256 to 1024 took 0.9 to 0.95 of the time of none (1×1, Zen 3).
const AHEAD: usize = 512;

/// Patches in padded planes: element k of the patch at location j lies at `start of j + offsets[k]`.
pub(crate) struct Patches {
    pub(crate) padding: Padding,
    /// Channels of an image, of all groups.
    pub(crate) channels: usize,
    /// Elements of a group in an image.
    pub(crate) group: usize,
    /// Starts of the patches, for the first group.
    pub(crate) locations: Locations,
    /// Offset of each element of a patch from the patch's start.
    pub(crate) offsets: Vec<usize>,
}

/// Neighbouring locations, at most a register of them, whose patches are packed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Source {
    /// Column of the panel for the first one.
    pub(crate) column: usize,
    pub(crate) len: usize,
    /// Start of its patch in the planes.
    pub(crate) start: usize,
}

impl Patches {
    /// The patches of the input.
    pub(crate) fn of_input(spec: &ConvSpec) -> Self {
        let before = spec.padding.map(|[before, _]| before);
        let mut padded: [usize; 3] = std::array::from_fn(|a| spec.input[a] + spec.padding[a][0] + spec.padding[a][1]);
        // A row cannot have more residues than columns.
        let residues = spec.stride[2].min(padded[2]);
        padded[2] = padded[2].next_multiple_of(residues);
        let read = residues.min((spec.kernel[2] - 1) * spec.dilation[2] + 1);
        let padding = Padding { size: spec.input, before, padded, residues, read };
        let [_, height, width] = padded;
        let offset = |[z, y, x]: [usize; 3]| (z * height + y) * width + padding.column(x);
        let mut offsets = Vec::with_capacity(spec.patch());
        for channel in 0..spec.channels_in {
            for tap in 0..volume(spec.kernel) {
                let [_, kh, kw] = spec.kernel;
                let tap = [tap / (kh * kw), tap / kw % kh, tap % kw];
                offsets.push(channel * volume(padded) + offset(std::array::from_fn(|a| tap[a] * spec.dilation[a])));
            }
        }
        let channels = spec.groups * spec.channels_in;
        let [sz, sy, _] = spec.stride;
        let strides = [sz * height * width, sy * width, 1];
        Self {
            padding,
            channels,
            group: spec.channels_in * volume(padded),
            locations: Locations::new(spec.output, strides, channels * volume(padded), 0),
            offsets,
        }
    }

    /// The same in planes that have been padded.
    pub(crate) fn of_padded(&self) -> Self {
        let padded = self.padding.padded;
        Self { padding: Padding::in_order(padded, [0; 3], padded), offsets: self.offsets.clone(), ..*self }
    }

    /// Packs the elements `of` the patches at `sources` in `planes` to `panel [of, locations]`, whose rows are `row`
    /// apart.
    ///
    /// Up to a register is written from the first location of a source on.
    ///
    /// # Safety
    /// The panel is that large, its rows a register longer than the locations; nobody else holds it.
    #[inline(always)]
    pub(crate) unsafe fn pack<S: Simd, T: Real>(
        &self,
        planes: &[T],
        of: Range<usize>,
        sources: &[Source],
        panel: *mut T,
        row: usize,
    ) {
        let lanes = T::lanes::<S>();
        let offsets = &self.offsets[of];
        let Some(&farthest) = offsets.iter().max() else { return };
        let far = matches!(offsets, [first, second, ..] if second - first >= PAGE / size_of::<T>());
        for source in sources {
            let end = source.start.saturating_add(farthest).saturating_add(lanes);
            // SAFETY: within the planes, as the farthest one is; a row has room, by the contract.
            unsafe {
                let to = panel.add(source.column);
                let from = planes.as_ptr().wrapping_add(source.start);
                // Copies of a constant size are one move each; what they write too much, the next source overwrites.
                match source.len {
                    _ if end > planes.len() => copy_each(&planes[source.start..], offsets, source.len, to, row),
                    1 => copy_block::<[T; 1], T>(from, offsets, to, row),
                    2 => copy_block::<[T; 2], T>(from, offsets, to, row),
                    3..=4 => copy_block::<[T; 4], T>(from, offsets, to, row),
                    len if len <= lanes / 2 => copy_block::<[T; 8], T>(from, offsets, to, row),
                    _ if far => copy_far::<T::Register<S>, T>(from, offsets, to, row),
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
        unsafe { move_block::<B, T>(from.add(offset), to.add(k * row)) };
    }
}

/// The same of elements so far apart that the processor sees none of them coming, and asks for those of later locations.
///
/// # Safety
/// As [`copy_block`].
#[inline(always)]
unsafe fn copy_far<B: Copy, T>(from: *const T, offsets: &[usize], to: *mut T, row: usize) {
    for (k, &offset) in offsets.iter().enumerate() {
        prefetch_at(from.wrapping_add(offset + AHEAD / size_of::<T>()));
        // SAFETY: by the contract.
        unsafe { move_block::<B, T>(from.add(offset), to.add(k * row)) };
    }
}

/// Copies element by element: where registers would read beyond the planes.
///
/// # Safety
/// `to` has room for `len` elements in as many rows as there are offsets.
unsafe fn copy_each<T: Real>(from: &[T], offsets: &[usize], len: usize, to: *mut T, row: usize) {
    for (k, offset) in offsets.iter().enumerate() {
        for i in 0..len {
            // SAFETY: within the row, by the contract.
            unsafe { to.add(k * row + i).write(from[offset + i]) };
        }
    }
}
