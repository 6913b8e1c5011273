//! The gradient of the weight where each group has a single filter, as in depthwise convolutions.
//!
//! A tile would use one of its columns. Here the locations are the lanes: each number of the gradient is a sum of
//! products of dy with numbers of x that lie next to each other, added up in a register of its own.

use std::array;

use pulp::Simd;

use super::grid::Run;
use super::patches::Patches;
use super::real::Real;

/// Some images of x, with their padding, and of dy.
pub(super) struct Single<'a, T> {
    pub(super) patches: &'a Patches,
    /// Neighbouring locations of an image, counted from the first one that is asked for.
    pub(super) runs: &'a [Run],
    pub(super) first: usize,
    pub(super) planes: &'a [T],
    /// `[images, groups, locations]`
    pub(super) dy: &'a [T],
    pub(super) groups: usize,
    pub(super) locations: usize,
}

impl<T: Real> Single<'_, T> {
    /// The gradient's numbers of a group from number `first` of a patch on; what lies beyond the last one repeats it.
    #[inline(always)]
    pub(super) fn products<S: Simd, const NUMBERS: usize>(&self, simd: S, group: usize, first: usize) -> [T; NUMBERS] {
        let Self { patches: Patches { grid, group: plane, offsets, .. }, planes, .. } = self;
        let offsets: [usize; NUMBERS] = array::from_fn(|i| offsets[(first + i).min(offsets.len() - 1)]);
        let mut sums = [T::splat(simd, T::default()); NUMBERS];
        for (image, dy) in self.dy.chunks_exact(self.groups * self.locations).enumerate() {
            let dy = &dy[group * self.locations..][..self.locations];
            for run in self.runs {
                let dy = &dy[self.first + run.at..][..run.len];
                let x = &planes[image * grid.image() + group * plane + run.start..];
                for at in (0..run.len).step_by(T::lanes::<S>()) {
                    let mask = T::rest(simd, run.len - at);
                    // SAFETY: within the run, and the patches of its locations.
                    unsafe {
                        let dy = T::load_part(simd, mask, dy.as_ptr().add(at));
                        for (sum, offset) in sums.iter_mut().zip(offsets) {
                            *sum = T::mul_add(simd, dy, T::load_part(simd, mask, x.as_ptr().add(at + offset)), *sum);
                        }
                    }
                }
            }
        }
        let mut totals = [T::default(); NUMBERS];
        for (total, sum) in totals.iter_mut().zip(sums) {
            *total = lane_sum::<S, T>(sum);
        }
        totals
    }
}

/// The sum of a register's numbers, halves on halves.
#[inline(always)]
fn lane_sum<S: Simd, T: Real>(mut register: T::Register<S>) -> T {
    let numbers: *mut T = (&raw mut register).cast();
    let mut half = T::lanes::<S>();
    // SAFETY: a register is numbers behind each other.
    unsafe {
        while half > 1 {
            half /= 2;
            for lane in 0..half {
                *numbers.add(lane) = *numbers.add(lane) + *numbers.add(lane + half);
            }
        }
        *numbers
    }
}
