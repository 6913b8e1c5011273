//! Accuracy on disturbed test images, alone and against the baseline.

use std::collections::HashMap;

use untied_study::{CellRecord, Factors, Metric};

use crate::results::View;
use crate::results::variant::Variant;
use crate::results::variant::value;
use crate::statistics::student::{Sample, mean_interval, paired_test, sample};
use crate::topics::disturbed::disturbance::Disturbance;

/// One variant on images disturbed by some amount.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Amount {
    /// 0 for the images as they are.
    pub(crate) by: f64,
    pub(crate) accuracy: Sample,
    pub(crate) interval: Option<[f64; 2]>,
    /// Less the baseline's, paired by seed; None for the baseline itself and without any pair.
    pub(crate) difference: Option<Difference>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Difference {
    pub(crate) mean: f64,
    pub(crate) ci95: Option<[f64; 2]>,
}

/// Finds the baseline of any variant.
pub(crate) struct Baselines<'v, 'a> {
    baseline: Option<&'a Factors>,
    variants: HashMap<&'a Factors, &'v Variant<'a>>,
}

impl<'v, 'a> Baselines<'v, 'a> {
    pub(crate) fn new(view: &'v View<'a>) -> Self {
        let variants = view.variants.iter().map(|variant| (variant.factors, variant)).collect();
        Self { baseline: view.baseline, variants }
    }

    /// The variant with the baseline's factors and otherwise the same; None for the baseline itself.
    fn of(&self, variant: &Variant<'a>) -> Option<&'v Variant<'a>> {
        let mut factors = variant.factors.clone();
        factors.extend(self.baseline?.clone());
        if factors == *variant.factors { None } else { self.variants.get(&factors).copied() }
    }
}

/// From no disturbance on, the plain test accuracy; empty where no images were disturbed.
pub(crate) fn amounts<'a>(
    disturbance: &Disturbance,
    variant: &Variant<'a>,
    baselines: &Baselines<'_, 'a>,
) -> Vec<Amount> {
    let of = Of { disturbance, variant, baseline: baselines.of(variant) };
    let all = variant.finished().flat_map(|cell| (disturbance.accuracies)(&cell.measured));
    let mut all: Vec<f64> = all.map(|(amount, _)| amount).collect();
    if all.is_empty() {
        return Vec::new();
    }
    all.push(0.0);
    all.sort_unstable_by(f64::total_cmp);
    all.dedup();
    all.into_iter().filter_map(|amount| of.amount(amount)).collect()
}

/// A variant whose test images are disturbed, beside its baseline.
struct Of<'v, 'a> {
    disturbance: &'v Disturbance,
    variant: &'v Variant<'a>,
    baseline: Option<&'v Variant<'a>>,
}

impl Of<'_, '_> {
    fn amount(&self, amount: f64) -> Option<Amount> {
        let values: Vec<f64> = self.variant.finished().filter_map(|cell| self.accuracy(cell, amount)).collect();
        let accuracy = sample(&values)?;
        let difference = self.baseline.and_then(|baseline| self.difference(baseline, amount));
        Some(Amount { by: amount, accuracy, interval: mean_interval(accuracy), difference })
    }

    /// The paired difference, with a spread of at least one test image seen once.
    fn difference(&self, baseline: &Variant<'_>, amount: f64) -> Option<Difference> {
        let base: HashMap<u64, f64> =
            baseline.finished().filter_map(|cell| Some((cell.seed, self.accuracy(cell, amount)?))).collect();
        let pair = |cell: &CellRecord| Some(self.accuracy(cell, amount)? - base.get(&cell.seed)?);
        let differences: Vec<f64> = self.variant.finished().filter_map(pair).collect();
        let images = self.variant.finished().map(|cell| cell.test_images).find(|images| *images > 0);
        let floor = 1.0 / (self.disturbance.repeats * images.unwrap_or(usize::MAX) as f64);
        let ci95 = paired_test(&differences, floor, floor, 0.95).map(|test| test.tests.interval);
        Some(Difference { mean: sample(&differences)?.mean, ci95 })
    }

    fn accuracy(&self, cell: &CellRecord, amount: f64) -> Option<f64> {
        let all = (self.disturbance.accuracies)(&cell.measured);
        let disturbed = all.into_iter().find(|&(one, _)| one == amount).map(|(_, accuracy)| accuracy);
        let plain = || if amount == 0.0 { value(cell, Metric::TestAccuracy) } else { None };
        disturbed.or_else(plain).filter(|accuracy| accuracy.is_finite())
    }
}
