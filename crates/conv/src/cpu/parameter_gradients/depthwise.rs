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
pub(crate) const TOGETHER: usize = 9;

/// One group of some images of x, with their padding, and of dy.
pub(crate) struct Depthwise<'a, T> {
    pub(crate) patches: &'a Patches,
    /// Neighbouring locations of an image, counted from the first one that is asked for.
    pub(crate) runs: &'a [Run],
    pub(crate) first: usize,
    /// The group's planes of each image.
    pub(crate) planes: &'a [T],
    /// `[images, groups, locations]`, from the group of the first image on.
    pub(crate) dy: &'a [T],
    /// Distance of two images in dy.
    pub(crate) image: usize,
}

impl<T: Real> Depthwise<'_, T> {
    /// The gradient's elements from element `first` of a patch on; those beyond the last one repeat it.
    #[inline(always)]
    pub(crate) fn products<S: Simd>(&self, simd: S, first: usize) -> [T; TOGETHER] {
        let Self { patches: Patches { group, offsets, .. }, planes, .. } = self;
        let offsets: [usize; TOGETHER] = array::from_fn(|i| offsets[(first + i).min(offsets.len() - 1)]);
        let mut sums = [T::splat(simd, T::ZERO); TOGETHER];
        for (planes, dy) in planes.chunks_exact(*group).zip(self.dy.chunks(self.image)) {
            for run in self.runs {
                let dy = &dy[self.first + run.at..][..run.len];
                let x = &planes[run.start..];
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
        let mut totals = [T::ZERO; TOGETHER];
        for (total, sum) in totals.iter_mut().zip(sums) {
            *total = sum_of_lanes::<S, T>(sum);
        }
        totals
    }
}
