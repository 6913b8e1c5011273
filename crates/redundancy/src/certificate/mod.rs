//! Certificates: whether what a framework computed along the redundant part of a bias is nothing but rounding.

mod finding;
mod progress;

pub use finding::{CERTIFICATE_FACTOR, Finding};
pub use progress::Progress;

use crate::Redundancy;
use crate::axes::compensated_sum;

/// The redundant sets of one bias, each held at every measured step against what rounding alone explains of it there.
///
/// The *sets* are the directions d of [`Redundancy::directions`], the gradient along each of which is 0 in exact arithmetic:
///
/// - the index sets that the network removes, d = 1 on each: a channel, a group, a location, all rows of a term, …
/// - of a bias with several terms, also what one term gains and another loses, d = 1 and −1.
///
/// At a step, the ratio of a set is |Σₖ dₖ ∂J/∂bₖ| / (ε·Σₖ |dₖ| sₖ), ε being the unit round-off. Of an index set,
/// sₖ is the sum of the [terms](StepSums::terms) of the backward pass; where terms of the bias exchange, the same
/// elements of ∂J/∂z are added up twice and only those sums round, so that sₖ is Σ|∂J/∂z|.
///
/// The largest ratio over sets and steps counts: neither a layer nor a run averages a violation away.
#[derive(Debug, Clone)]
pub struct Certificate {
    unit_round_off: f64,
    /// As pairs of a parameter and its coefficient.
    sets: Vec<Vec<(usize, f64)>>,
    /// The number of sets that the network removes; they come first.
    removed: usize,
    progress: Progress,
}

/// What one measured step tells of a bias: one value per parameter.
#[derive(Debug, Clone, Copy)]
pub struct StepSums<'a> {
    /// ∂J/∂b as the framework computed it.
    pub gradient: &'a [f64],
    /// Σ|∂J/∂z| over all images and locations that the parameter serves.
    pub absolute: &'a [f64],
    /// The same sum over the terms that the backward pass subtracts from each other to get ∂J/∂z, in absolute value: behind
    /// a norm r·(|g| + |mean g| + |x̂·mean(g·x̂)|). Read only where the network removes a part of the bias.
    pub terms: &'a [f64],
}

impl Certificate {
    /// A certificate for which nothing has been measured.
    ///
    /// `unit_round_off` is [`UNIT_ROUND_OFF_F32`](crate::UNIT_ROUND_OFF_F32) or
    /// [`UNIT_ROUND_OFF_F64`](crate::UNIT_ROUND_OFF_F64), by the type that the gradient was computed in.
    pub fn new(redundancy: &Redundancy, unit_round_off: f64) -> Self {
        let sets = redundancy.directions();
        Self { unit_round_off, removed: redundancy.sets().count(), progress: Progress::of(sets.len()), sets }
    }

    /// Adds a measured step.
    ///
    /// # Panics
    /// If a slice that is read has fewer values than the bias has parameters.
    pub fn add(&mut self, step: StepSums<'_>) {
        let ratios = self.sets.iter().enumerate().map(|(index, set)| {
            let sum = compensated_sum(set.iter().map(|(k, factor)| factor * step.gradient[*k]));
            let sizes = if index < self.removed { step.terms } else { step.absolute };
            ratio(sum.abs(), self.unit_round_off * over(set, sizes))
        });
        let worst = ratios.fold(0.0, f64::max);
        let sets = &self.sets;
        self.progress.add(worst, |set| over(&sets[set], step.absolute) > 0.0);
    }

    /// The number of sets.
    pub fn sets(&self) -> usize {
        self.sets.len()
    }

    /// The sets on which every ∂J/∂z of every measured step was exactly 0: what was measured there is no evidence.
    pub fn sets_without_evidence(&self) -> usize {
        self.progress.without_evidence()
    }

    /// The largest ratio over sets and steps; 0 before the first step, infinite where a sum was no finite number.
    pub fn worst_ratio(&self) -> f64 {
        self.progress.worst_ratio()
    }

    /// What the numbers come to.
    pub fn finding(&self) -> Finding {
        Finding::of(self.sets(), self.sets_without_evidence(), self.worst_ratio())
    }

    /// What has been measured so far, to be kept.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Goes on from what was kept; false, with nothing changed, where that is of another bias.
    pub fn resume(&mut self, progress: Progress) -> bool {
        let fits = progress.fits(self.sets());
        if fits {
            self.progress = progress;
        }
        fits
    }
}

/// Σₖ |dₖ| sₖ.
fn over(set: &[(usize, f64)], sizes: &[f64]) -> f64 {
    set.iter().map(|(k, factor)| factor.abs() * sizes[*k]).sum()
}

/// `sum` in units of what rounding explains. What is not a number, or explained by an overflow, explains nothing.
fn ratio(sum: f64, explained: f64) -> f64 {
    match (sum.is_finite() && explained.is_finite(), sum) {
        (false, _) => f64::INFINITY,
        (true, 0.0) => 0.0,
        (true, sum) => sum / explained,
    }
}
