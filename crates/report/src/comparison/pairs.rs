//! Runs of two variants that share a seed.

use std::collections::HashMap;

use untied_study::{CellRecord, Metric};

use crate::results::first_seen::FirstSeen;
use crate::results::variant::value;

/// Two variants paired by seed.
#[derive(Debug, Default)]
pub(crate) struct Pairs {
    /// Indices into the cells: treatment, baseline. Both finished and have the metric.
    pub(crate) complete: Vec<(usize, usize)>,
    /// Seeds that one of the two lacks.
    pub(crate) left_out: usize,
}

/// Pairs the cells at `treatment` with those at `baseline`, in the order of the treatment's seeds.
pub(crate) fn pair(cells: &[CellRecord], treatment: &[usize], baseline: &[usize], metric: Metric) -> Pairs {
    let mut seeds = FirstSeen::new();
    for &index in treatment.iter().chain(baseline) {
        seeds.number(cells[index].seed);
    }
    let measured = |side: &[usize]| -> HashMap<u64, usize> {
        let measured = side.iter().filter(|&&index| value(&cells[index], metric).is_some());
        measured.map(|&index| (cells[index].seed, index)).collect()
    };
    let (treated, base) = (measured(treatment), measured(baseline));
    let seeds = seeds.values();
    let complete: Vec<_> = seeds.iter().filter_map(|seed| Some((*treated.get(seed)?, *base.get(seed)?))).collect();
    Pairs { left_out: seeds.len() - complete.len(), complete }
}

/// Treatment minus baseline, one number a pair.
pub(crate) fn differences(cells: &[CellRecord], pairs: &Pairs, metric: Metric) -> Vec<f64> {
    let value = |index: usize| value(&cells[index], metric);
    pairs.complete.iter().filter_map(|&(treatment, baseline)| Some(value(treatment)? - value(baseline)?)).collect()
}

/// The smallest spread of differences that the metric can resolve.
///
/// Accuracy: one test image. Losses, and accuracies whose test set is unknown: one rounding of a 32-bit number,
/// 2⁻²⁴ times the pairs' mean absolute value (used for f64 runs too, where it is only more careful).
pub(crate) fn resolution(cells: &[CellRecord], pairs: &Pairs, metric: Metric) -> f64 {
    let members = || pairs.complete.iter().flat_map(|&(treatment, baseline)| [&cells[treatment], &cells[baseline]]);
    let images = members().map(|cell| cell.test_images).filter(|&images| images > 0).min();
    if let (Metric::TestAccuracy, Some(images)) = (metric, images) {
        return 1.0 / images as f64;
    }
    let count = members().count().max(1) as f64;
    let scale = members().filter_map(|cell| value(cell, metric)).map(|value| value.abs() / count).sum::<f64>();
    (scale * 2f64.powi(-24)).max(f64::EPSILON)
}

/// Largest |difference| of the training losses over all steps and pairs; None unless every pair has two equally long curves.
pub(crate) fn max_loss_difference(pairs: &Pairs, step_losses: &[Option<Vec<f64>>]) -> Option<f64> {
    let curve = |index: usize| step_losses.get(index)?.as_deref();
    let largest = |&(treatment, baseline): &(usize, usize)| largest_difference(curve(treatment)?, curve(baseline)?);
    let each: Option<Vec<f64>> = pairs.complete.iter().map(largest).collect();
    each?.into_iter().reduce(f64::max)
}

fn largest_difference(a: &[f64], b: &[f64]) -> Option<f64> {
    if a.len() != b.len() {
        return None;
    }
    let differences: Vec<f64> = a.iter().zip(b).map(|(a, b)| (a - b).abs()).collect();
    let finite = differences.iter().all(|difference| difference.is_finite());
    if finite { differences.into_iter().reduce(f64::max) } else { None }
}
