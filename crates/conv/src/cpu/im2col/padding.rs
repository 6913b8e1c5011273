//! Planes with zeros around them.

use std::borrow::Cow;
use std::ops::Range;

use pulp::Simd;
use untied_kernels::cpu::Real;

use crate::spec::volume;

/// Padding of planes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Padding {
    /// Size of a plane.
    pub(crate) size: [usize; 3],
    /// Zeros before it.
    pub(crate) before: [usize; 3],
    /// Size with all zeros.
    pub(crate) padded: [usize; 3],
}

impl Padding {
    /// The planes with their zeros, and a register of zeros behind: the planes themselves where nothing is padded.
    #[inline(always)]
    pub(crate) fn apply<'a, S: Simd, T: Real>(&self, simd: S, planes: &'a [T], which: Range<usize>) -> Cow<'a, [T]> {
        let plane = volume(self.size);
        let planes = &planes[which.start * plane..which.end * plane];
        if self.size == self.padded {
            return Cow::Borrowed(planes);
        }
        let [_, height, width] = self.size;
        let start = |z: usize, y: usize| ((z + self.before[0]) * self.padded[1] + y + self.before[1]) * self.padded[2];
        let count = which.len() * volume(self.padded) + T::lanes::<S>();
        let mut all = Vec::with_capacity(count);
        let to: *mut T = all.as_mut_ptr();
        // Zeros fill the memory between one row and the next, which lie in their order.
        let mut done = 0;
        for (at, plane) in planes.chunks_exact(plane).enumerate() {
            for (row, values) in plane.chunks_exact(width).enumerate() {
                let first = at * volume(self.padded) + start(row / height, row % height) + self.before[2];
                // SAFETY: rows lie in their order within their planes, all within the capacity.
                unsafe {
                    zeros(simd, to.add(done), first - done);
                    copy(simd, values, to.add(first));
                }
                done = first + width;
            }
        }
        // SAFETY: what is left of the capacity; then all was written.
        unsafe {
            zeros(simd, to.add(done), count - done);
            all.set_len(count);
        }
        Cow::Owned(all)
    }
}

/// # Safety
/// There is room for `count` elements.
#[inline(always)]
unsafe fn zeros<S: Simd, T: Real>(simd: S, to: *mut T, count: usize) {
    let zero = T::splat(simd, T::ZERO);
    for at in (0..count).step_by(T::lanes::<S>()) {
        // SAFETY: within the room.
        unsafe { T::store_part(simd, T::tail(simd, count - at), to.add(at), zero) };
    }
}

/// # Safety
/// There is room for all elements.
#[inline(always)]
unsafe fn copy<S: Simd, T: Real>(simd: S, from: &[T], to: *mut T) {
    for at in (0..from.len()).step_by(T::lanes::<S>()) {
        let mask = T::tail(simd, from.len() - at);
        // SAFETY: within the elements and the room.
        unsafe { T::store_part(simd, mask, to.add(at), T::load_part(simd, mask, from.as_ptr().add(at))) };
    }
}
