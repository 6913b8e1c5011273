//! Sums of the gradient of the output for the gradient of a bias, in f64.

use std::ops::Range;

use super::real::Real;

/// Which sums of dy over the images the bias wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BiasSums {
    None,
    /// Over the locations too: `[channels_out]`.
    PerFilter,
    /// `[channels_out, locations]`.
    PerLocation,
}

impl BiasSums {
    /// For a bias `[channels_out, …]`, 1 along the axes that share it.
    pub(super) fn of(bias: &[usize]) -> Self {
        if bias[1..].iter().all(|&size| size == 1) { Self::PerFilter } else { Self::PerLocation }
    }

    /// Sums of one filter over so many locations.
    pub(super) fn per_filter(self, locations: usize) -> usize {
        match self {
            Self::None => 0,
            Self::PerFilter => 1,
            Self::PerLocation => locations,
        }
    }

    /// Adds a filter's values at the locations from `first` on.
    #[inline(always)]
    pub(super) fn add<T: Real>(self, values: &[T], first: usize, sums: &mut [f64]) {
        match self {
            Self::None => {}
            Self::PerFilter => sums[0] += sum(values),
            Self::PerLocation => {
                let sums = &mut sums[first..first + values.len()];
                for at in 0..values.len() {
                    sums[at] += values[at].f64();
                }
            }
        }
    }

    /// Adds the sums of some locations to those of all.
    pub(super) fn gather(self, part: &Range<usize>, locations: usize, sums: &[f64], all: &mut [f64]) {
        let (first, count) = if self == Self::PerLocation { (part.start, part.len()) } else { (0, 1) };
        if self == Self::None {
            return;
        }
        for (all, sums) in all.chunks_exact_mut(self.per_filter(locations)).zip(sums.chunks_exact(count)) {
            for (all, sum) in all[first..].iter_mut().zip(sums) {
                *all += sum;
            }
        }
    }
}

/// The sum of the values, in an order that depends on their number alone.
#[inline(always)]
fn sum<T: Real>(values: &[T]) -> f64 {
    const WIDE: usize = 16;
    let mut sums = [0.0; WIDE];
    let whole = values.len() / WIDE * WIDE;
    for at in (0..whole).step_by(WIDE) {
        for i in 0..WIDE {
            sums[i] += values[at + i].f64();
        }
    }
    for (sum, value) in sums.iter_mut().zip(&values[whole..]) {
        *sum += value.f64();
    }
    sums.iter().sum()
}
