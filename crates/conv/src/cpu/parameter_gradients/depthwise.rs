//! The gradient of the weight where each group has a single filter, as in depthwise convolutions.
//!
//! A tile would use one of its columns. Here the locations are the lanes: each element of the gradient is a sum of
//! products of dy with elements of x that lie next to each other, added up in a register of its own.

use std::array;

use pulp::Simd;

use untied_kernels::cpu::{Real, sum_of_lanes};

use crate::cpu::im2col::Patches;
use crate::cpu::im2col::locations::Run;

/// Some images of x, with their padding, and of dy.
pub(crate) struct Depthwise<'a, T> {
    pub(crate) patches: &'a Patches,
    /// Neighbouring locations of an image, counted from the first one that is asked for.
    pub(crate) runs: &'a [Run],
    pub(crate) first: usize,
    pub(crate) planes: &'a [T],
    /// `[images, groups, locations]`
    pub(crate) dy: &'a [T],
    pub(crate) groups: usize,
    pub(crate) locations: usize,
}

impl<T: Real> Depthwise<'_, T> {
    /// The gradient's elements of a group from element `first` of a patch on; those beyond the last one repeat it.
    #[inline(always)]
    pub(crate) fn products<S: Simd, const N: usize>(&self, simd: S, group: usize, first: usize) -> [T; N] {
        let Self { patches: Patches { locations, group: plane, offsets, .. }, planes, .. } = self;
        let offsets: [usize; N] = array::from_fn(|i| offsets[(first + i).min(offsets.len() - 1)]);
        let mut sums = [T::splat(simd, T::ZERO); N];
        for (image, dy) in self.dy.chunks_exact(self.groups * self.locations).enumerate() {
            let dy = &dy[group * self.locations..][..self.locations];
            for run in self.runs {
                let dy = &dy[self.first + run.at..][..run.len];
                let x = &planes[image * locations.image() + group * plane + run.start..];
                for at in (0..run.len).step_by(T::lanes::<S>()) {
                    let mask = T::tail(simd, run.len - at);
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
        let mut totals = [T::ZERO; N];
        for (total, sum) in totals.iter_mut().zip(sums) {
            *total = sum_of_lanes::<S, T>(sum);
        }
        totals
    }
}
