//! Where sums go, and what is added to them on the way.

use std::ops::Range;

use pulp::Simd;

use super::grid::{Grid, Run};
use super::real::Real;

/// What is added to each filter's output.
#[derive(Debug, Clone, Copy)]
pub(super) enum Addend<'a, T> {
    Nothing,
    /// One number per filter.
    PerFilter(&'a [T]),
    /// One number per filter and location.
    PerLocation(&'a [T]),
}

/// Memory for all filters at all locations of all images, which tasks share.
pub(super) struct Output<T> {
    pub(super) first: *mut T,
    /// Locations of the first filter.
    pub(super) grid: Grid,
    /// Distance of two filters.
    pub(super) plane: usize,
}

// SAFETY: tasks write by an unsafe method, whose callers promise that no two write to one location.
unsafe impl<T: Send> Sync for Output<T> {}

impl<T: Real> Output<T> {
    /// Writes `sums [filters, width]`, plus the addend, to the locations `spans` of the filters.
    ///
    /// # Safety
    /// The memory is large enough, and no other task writes to these locations.
    #[inline(always)]
    pub(super) unsafe fn write<S: Simd>(
        &self,
        simd: S,
        filters: Range<usize>,
        sums: &[T],
        width: usize,
        spans: &[Run],
        addend: &Addend<T>,
    ) {
        let step = self.grid.step();
        for (row, filter) in filters.enumerate() {
            for span in spans {
                let sums = &sums[row * width + span.at..][..span.len];
                let start = filter * self.plane + span.start;
                // SAFETY: within the memory, and this task's.
                let to = unsafe { self.first.add(span.image + start) };
                if step > 1 {
                    for (i, &sum) in sums.iter().enumerate() {
                        // SAFETY: as above.
                        unsafe { to.add(i * step).write(sum) };
                    }
                    continue;
                }
                match *addend {
                    // SAFETY: as above.
                    Addend::Nothing => unsafe { copy(simd, sums, |_| T::splat(simd, T::default()), to) },
                    // SAFETY: as above.
                    Addend::PerFilter(values) => unsafe { copy(simd, sums, |_| T::splat(simd, values[filter]), to) },
                    Addend::PerLocation(values) => {
                        let values = &values[start..start + span.len];
                        // SAFETY: as above.
                        unsafe { copy(simd, sums, |at| load(simd, &values[at]), to) };
                    }
                }
            }
        }
    }
}

/// Writes sums plus addends, a register at a time.
///
/// # Safety
/// `to` has room for all sums.
#[inline(always)]
unsafe fn copy<S: Simd, T: Real>(simd: S, sums: &[T], addend: impl Fn(Range<usize>) -> T::Register<S>, to: *mut T) {
    let lanes = T::lanes::<S>();
    let mut i = 0;
    while i < sums.len() {
        let at = i..sums.len().min(i + lanes);
        let sum = T::sum(simd, load(simd, &sums[at.clone()]), addend(at.clone()));
        // SAFETY: within the room.
        unsafe {
            if at.len() == lanes {
                T::store::<S>(to.add(i), sum);
            } else {
                // Not as a slice: nothing was written there before.
                (&raw const sum).cast::<T>().copy_to_nonoverlapping(to.add(i), at.len());
            }
        }
        i += lanes;
    }
}

/// As many numbers as a register holds, or fewer and zeros.
#[inline(always)]
pub(super) fn load<S: Simd, T: Real>(simd: S, from: &[T]) -> T::Register<S> {
    // SAFETY: as many as a register holds.
    if from.len() == T::lanes::<S>() { unsafe { T::load::<S>(from.as_ptr()) } } else { T::load_some(simd, from) }
}
