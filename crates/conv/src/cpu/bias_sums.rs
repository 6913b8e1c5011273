//! Sums of the gradient of the output for the gradient of a bias.

use std::ops::Range;

use pulp::Simd;
use rayon::prelude::*;

use super::dispatch::{Kernel, dispatch};
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
            Sharing::PerLocation => Self::PerLocation(Vec::with_capacity(filters * locations)),
        }
    }

    /// Adds a filter's values at the locations from `first` on, of `locations` of the task. Those of the task's first
    /// image begin the sums.
    ///
    /// # Safety
    /// There are so many filters and locations.
    #[inline(always)]
    pub(super) unsafe fn add<S: Simd>(
        &mut self,
        simd: S,
        filter: usize,
        values: &[T],
        [first, locations]: [usize; 2],
        begin: bool,
    ) {
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
                let (whole, rest) = whole_registers::<S, T>(simd, values.len());
                let values = values.as_ptr();
                // SAFETY: within values and sums, which have begun.
                unsafe {
                    let sums = sums.as_mut_ptr().add(filter * locations + first);
                    for at in (0..whole).step_by(lanes) {
                        let value = T::load::<S>(values.add(at));
                        let sum = if begin { value } else { T::sum(simd, T::load::<S>(sums.add(at)), value) };
                        T::store::<S>(sums.add(at), sum);
                    }
                    if let Some(mask) = rest {
                        let value = T::load_masked(simd, mask, values.add(whole));
                        let sum = if begin {
                            value
                        } else {
                            T::sum(simd, T::load_masked(simd, mask, sums.add(whole)), value)
                        };
                        T::store_masked(simd, mask, sums.add(whole), sum);
                    }
                }
            }
        }
    }

    /// # Safety
    /// Values of so many filters and locations were added.
    pub(super) unsafe fn written(&mut self, filters: usize, locations: usize) {
        if let Self::PerLocation(sums) = self {
            // SAFETY: by the contract.
            unsafe { sums.set_len(filters * locations) };
        }
    }
}

/// The tasks' sums, added in their order: `[filters, count]`. Each task has its locations.
pub(super) fn gather<T: Real>(tasks: &[(Range<usize>, BiasSums<T>)], filters: usize, count: usize) -> Vec<f64> {
    let mut all = vec![0.0; filters * count];
    let together = (1 << 12) / (count * tasks.len()).max(1) + 1;
    let sums = all.par_chunks_exact_mut(count.max(1)).with_min_len(together).enumerate();
    sums.for_each(|(filter, sums)| dispatch(Gather { tasks, filter, sums }));
    all
}

/// Adds up the sums of one filter.
struct Gather<'a, T> {
    tasks: &'a [(Range<usize>, BiasSums<T>)],
    filter: usize,
    sums: &'a mut [f64],
}

impl<T: Real> Kernel for Gather<'_, T> {
    #[inline(always)]
    fn run<S: Simd, const ROWS: usize, const COLUMNS: usize, const LONG: usize>(self, _: S) {
        for (locations, task) in self.tasks {
            match task {
                BiasSums::None => {}
                BiasSums::PerFilter(sums) => {
                    let lanes = T::lanes::<S>();
                    self.sums[0] += sums[self.filter * lanes..][..lanes].iter().sum::<f64>();
                }
                BiasSums::PerLocation(sums) => {
                    let sums = &sums[self.filter * locations.len()..][..locations.len()];
                    for (all, sum) in self.sums[locations.clone()].iter_mut().zip(sums) {
                        *all += sum.f64();
                    }
                }
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
