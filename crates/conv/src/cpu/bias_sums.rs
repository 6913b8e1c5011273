//! Sums of the gradient of the output for the gradient of a bias.

use std::ops::Range;

use pulp::Simd;
use rayon::prelude::*;

use super::output::load;
use super::real::Real;

/// Which sums of dy over the images the bias wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sharing {
    /// None: there is no bias.
    None,
    /// Over the locations too: `[channels_out]`.
    PerFilter,
    /// `[channels_out, locations]`.
    PerLocation,
}

impl Sharing {
    /// For a bias `[channels_out, …]`, 1 along the axes that share it.
    pub(super) fn of(bias: &[usize]) -> Self {
        if bias[1..].iter().all(|&size| size == 1) { Self::PerFilter } else { Self::PerLocation }
    }

    /// Numbers of one filter for so many locations.
    pub(super) fn per_filter(self, locations: usize) -> usize {
        match self {
            Self::None => 0,
            Self::PerFilter => 1,
            Self::PerLocation => locations,
        }
    }
}

/// What one task adds up. A location's sum takes in a few images of the task's and is kept in the type of dy; a
/// filter's takes in all locations and is kept in f64, a few numbers aside that are added in a register first.
pub(super) enum BiasSums<T> {
    None,
    /// `[channels_out, numbers of a register]`
    PerFilter(Vec<f64>),
    /// `[channels_out, locations of the task]`
    PerLocation(Vec<T>),
}

impl<T: Real> BiasSums<T> {
    pub(super) fn new<S: Simd>(sharing: Sharing, filters: usize, locations: usize) -> Self {
        match sharing {
            Sharing::None => Self::None,
            Sharing::PerFilter => Self::PerFilter(vec![0.0; filters * T::lanes::<S>()]),
            Sharing::PerLocation => Self::PerLocation(vec![T::default(); filters * locations]),
        }
    }

    /// Adds a filter's values at the locations from `first` on, of `locations` of the task.
    #[inline(always)]
    pub(super) fn add<S: Simd>(&mut self, simd: S, filter: usize, values: &[T], first: usize, locations: usize) {
        let lanes = T::lanes::<S>();
        match self {
            Self::None => {}
            Self::PerFilter(sums) => {
                let mut sum = T::splat(simd, T::default());
                let (whole, rest) = whole_registers::<S, T>(simd, values.len());
                // SAFETY: within the values.
                unsafe {
                    for at in (0..whole).step_by(lanes) {
                        sum = T::sum(simd, sum, T::load::<S>(values.as_ptr().add(at)));
                    }
                    if rest.is_some() {
                        sum = T::sum(simd, sum, load(simd, rest, values.as_ptr().add(whole)));
                    }
                }
                let sums = &mut sums[filter * lanes..][..lanes];
                for (i, total) in sums.iter_mut().enumerate() {
                    // SAFETY: a register is numbers behind each other.
                    *total += unsafe { (&raw const sum).cast::<T>().add(i).read() }.f64();
                }
            }
            Self::PerLocation(sums) => {
                let sums = &mut sums[filter * locations + first..][..values.len()];
                let (whole, rest) = whole_registers::<S, T>(simd, values.len());
                let (sums, values) = (sums.as_mut_ptr(), values.as_ptr());
                // SAFETY: within both, which are equally long.
                unsafe {
                    for at in (0..whole).step_by(lanes) {
                        let sum = T::sum(simd, T::load::<S>(sums.add(at)), T::load::<S>(values.add(at)));
                        T::store::<S>(sums.add(at), sum);
                    }
                    if let Some(mask) = rest {
                        let [sum, value] = [sums.cast_const(), values].map(|at| load(simd, rest, at.add(whole)));
                        T::store_masked(simd, mask, sums.add(whole), T::sum(simd, sum, value));
                    }
                }
            }
        }
    }

    /// Adds the sums of a task's locations `part` to those of all.
    pub(super) fn gather(&self, part: &Range<usize>, locations: usize, all: &mut [f64]) {
        match self {
            Self::None => {}
            Self::PerFilter(sums) => {
                let lanes = sums.len() / all.len();
                for (all, sums) in all.iter_mut().zip(sums.chunks_exact(lanes)) {
                    *all += sums.iter().sum::<f64>();
                }
            }
            Self::PerLocation(sums) => {
                let filters = all.par_chunks_exact_mut(locations).zip(sums.par_chunks_exact(part.len()));
                filters.with_min_len((1 << 14) / part.len() + 1).for_each(|(all, sums)| {
                    for (all, sum) in all[part.clone()].iter_mut().zip(sums) {
                        *all += sum.f64();
                    }
                });
            }
        }
    }
}

/// How many of the numbers fill registers, and which of another one the rest are.
#[inline(always)]
fn whole_registers<S: Simd, T: Real>(simd: S, count: usize) -> (usize, Option<T::Mask<S>>) {
    let whole = count / T::lanes::<S>() * T::lanes::<S>();
    (whole, (whole < count).then(|| T::first(simd, count - whole)))
}

/// All sums of dy `[images, filters, locations]`.
pub(super) fn over_images<T: Real>(dy: &[T], [images, filters, locations]: [usize; 3], sharing: Sharing) -> Vec<f64> {
    let count = sharing.per_filter(locations);
    let mut all = vec![0.0; filters * count];
    all.par_chunks_exact_mut(count.max(1)).enumerate().for_each(|(filter, sums)| {
        for image in 0..images {
            let values = &dy[(image * filters + filter) * locations..][..locations];
            match sums {
                [sum] => *sum += values.iter().map(|value| value.f64()).sum::<f64>(),
                _ => sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += value.f64()),
            }
        }
    });
    all
}
