//! The gradient of the weight where each group has a single filter, as in depthwise convolutions.
//!
//! A tile would use one of its columns. Here the locations are the lanes: each element of the gradient is a sum of
//! products of dy with elements of x that lie next to each other, added up in a register of its own.

use std::array;

use pulp::Simd;

use untied_kernels::cpu::{Real, sum_of_lanes};

use crate::cpu::im2col::Patches;
use crate::cpu::im2col::locations::Run;

/// Elements of the gradient that are added up at once.
const TOGETHER: usize = 9;

/// One group of an image of x, with its padding, and of dy.
pub(crate) struct Depthwise<'a, T> {
    pub(crate) patches: &'a Patches,
    /// Neighbouring locations of an image, counted from the first one that is asked for.
    pub(crate) runs: &'a [Run],
    /// The group's planes.
    pub(crate) planes: &'a [T],
    /// Its elements of dy, from the first location that is asked for on.
    pub(crate) dy: &'a [T],
}

impl<T: Real> Depthwise<'_, T> {
    /// Writes the sums of products to `[elements of a patch, lanes]`, or adds to those that are there: lane by lane.
    ///
    /// # Safety
    /// There is such memory at `to`, written if it is added to, and nobody else holds it. The patches of the runs lie within
    /// the planes.
    #[inline(always)]
    pub(crate) unsafe fn sum<S: Simd>(&self, simd: S, to: *mut T, add: bool) {
        let lanes = T::lanes::<S>();
        let all = &self.patches.offsets;
        for first in (0..all.len()).step_by(TOGETHER) {
            // Those beyond the last one repeat it, and are not written.
            let offsets: [usize; TOGETHER] = array::from_fn(|i| all[(first + i).min(all.len() - 1)]);
            let mut sums = [T::splat(simd, T::ZERO); TOGETHER];
            let written = TOGETHER.min(all.len() - first);
            // SAFETY: by the contract.
            unsafe {
                if add {
                    for (i, sum) in sums.iter_mut().enumerate().take(written) {
                        *sum = T::load::<S>(to.add((first + i) * lanes));
                    }
                }
                for run in self.runs {
                    let (dy, x) = (self.dy[run.at..][..run.len].as_ptr(), self.planes[run.start..].as_ptr());
                    let registers = run.len / lanes * lanes;
                    for at in (0..registers).step_by(lanes) {
                        let dy = T::load::<S>(dy.add(at));
                        for (sum, offset) in sums.iter_mut().zip(offsets) {
                            *sum = T::mul_add(simd, dy, T::load::<S>(x.add(at + offset)), *sum);
                        }
                    }
                    if registers < run.len {
                        let mask = T::first(simd, run.len - registers);
                        let dy = T::load_masked(simd, mask, dy.add(registers));
                        for (sum, offset) in sums.iter_mut().zip(offsets) {
                            let x = T::load_masked(simd, mask, x.add(registers + offset));
                            *sum = T::mul_add(simd, dy, x, *sum);
                        }
                    }
                }
                for (i, sum) in sums.into_iter().enumerate().take(written) {
                    T::store::<S>(to.add((first + i) * lanes), sum);
                }
            }
        }
    }

    /// Replaces the sums by their lanes' sum.
    ///
    /// # Safety
    /// They were written, and nobody else holds them.
    #[inline(always)]
    pub(crate) unsafe fn total<S: Simd>(simd: S, sums: *mut T, elements: usize) {
        for element in 0..elements {
            // SAFETY: by the contract.
            unsafe {
                let at = sums.add(element * T::lanes::<S>());
                T::store::<S>(at, T::splat(simd, sum_of_lanes::<S, T>(T::load::<S>(at))));
            }
        }
    }
}
