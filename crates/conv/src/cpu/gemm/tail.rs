//! The tail of a convolution in evaluation: a batch norm, an addition and a ReLU in the place of outputs that have just been
//! written, and are still in the nearest caches.

use std::ops::Range;

use pulp::Simd;
use untied_kernels::cpu::{Parts, Real, RunningMap};

use super::epilogue::Output;

/// Outputs that are replaced at once: in long pieces, which a core's own cache still holds.
const TOGETHER: usize = 1 << 14;

/// What follows a convolution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tail<'a, T> {
    /// What the norm does to each filter's output.
    pub(crate) maps: &'a [RunningMap<T>],
    /// What is added, as large as the output.
    pub(crate) other: Option<&'a [T]>,
    pub(crate) relu: bool,
}

impl<T: Real> Tail<'_, T> {
    /// Whether the outputs of so many locations should be replaced before more are written.
    pub(super) fn is_due(&self, locations: usize) -> bool {
        locations * self.maps.len() >= TOGETHER
    }

    /// Replaces the outputs of all filters at some locations, counted through all images, each of which is a row of them.
    ///
    /// # Safety
    /// They have been written, and nobody else uses them.
    #[inline(always)]
    pub(super) unsafe fn follow<S: Simd>(&self, simd: S, output: &Output<T>, locations: Range<usize>) {
        let count = output.locations.count();
        for filter in 0..self.maps.len() {
            let mut from = locations.start;
            while from < locations.end {
                let (image, offset) = (from / count, from % count);
                let len = (count - offset).min(locations.end - from);
                let start = image * output.locations.image() + filter * output.plane + offset;
                // SAFETY: by the contract.
                unsafe { self.replace(simd, filter, output.memory, start, len) };
                from += len;
            }
        }
    }

    /// Replaces some neighbouring outputs of a filter by what follows them.
    ///
    /// # Safety
    /// They have been written, and nobody else uses them.
    #[inline(always)]
    pub(super) unsafe fn replace<S: Simd>(&self, simd: S, filter: usize, memory: &Parts<T>, start: usize, len: usize) {
        match (self.other, self.relu) {
            // SAFETY: by the contract.
            (None, false) => unsafe { self.replace_by::<S, false, false>(simd, filter, memory, start, len) },
            // SAFETY: by the contract.
            (None, true) => unsafe { self.replace_by::<S, false, true>(simd, filter, memory, start, len) },
            // SAFETY: by the contract.
            (Some(_), false) => unsafe { self.replace_by::<S, true, false>(simd, filter, memory, start, len) },
            // SAFETY: by the contract.
            (Some(_), true) => unsafe { self.replace_by::<S, true, true>(simd, filter, memory, start, len) },
        }
    }

    #[inline(always)]
    unsafe fn replace_by<S: Simd, const ADD: bool, const RELU: bool>(
        &self,
        simd: S,
        filter: usize,
        memory: &Parts<T>,
        start: usize,
        len: usize,
    ) {
        let (map, rest) = (self.maps[filter], len % T::lanes::<S>());
        let other = self.other.map_or(&[][..], |other| &other[start..][..len]).as_ptr();
        // SAFETY: by the contract; the other one is as long.
        unsafe {
            let outputs = memory.pointer(start);
            for at in (0..len - rest).step_by(T::lanes::<S>()) {
                replace_register::<S, T, ADD, RELU>(simd, map, None, outputs.add(at), other.wrapping_add(at));
            }
            if rest > 0 {
                let (at, mask) = (len - rest, T::tail(simd, rest));
                replace_register::<S, T, ADD, RELU>(simd, map, mask, outputs.add(at), other.wrapping_add(at));
            }
        }
    }
}

/// Replaces the masked lanes, or all.
///
/// # Safety
/// Outputs lie there, which nobody else uses, and what is added to them.
#[inline(always)]
unsafe fn replace_register<S: Simd, T: Real, const ADD: bool, const RELU: bool>(
    simd: S,
    map: RunningMap<T>,
    mask: Option<T::Mask<S>>,
    outputs: *mut T,
    other: *const T,
) {
    // SAFETY: by the contract.
    unsafe {
        let mut value = map.of_register(simd, T::load_part(simd, mask, outputs));
        if ADD {
            value = T::plus(simd, value, T::load_part(simd, mask, other));
        }
        if RELU {
            value = T::relu(simd, value);
        }
        T::store_part(simd, mask, outputs, value);
    }
}
