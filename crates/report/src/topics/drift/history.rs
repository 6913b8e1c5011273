//! The history of a variant's biases: norms over the steps, of all layers and seeds.

use untied_study::{CellRecord, Drift};

use crate::results::variant::Variant;

/// A norm over the steps, one of those that [`Drift`] holds.
pub(crate) type Norm = fn(&Drift) -> &Vec<f64>;

/// One norm of one variant after some steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct DriftPoint {
    pub(crate) step: usize,
    /// Geometric mean, smallest and largest seed, of those above zero.
    pub(crate) norms: [f64; 3],
}

/// The points of a variant where some seed's norm is above zero.
pub(crate) fn points(variant: &Variant<'_>, of: Norm) -> Vec<DriftPoint> {
    let seeds: Vec<Vec<(usize, f64)>> = variant.finished().map(|cell| history(cell, of)).collect();
    let length = seeds.iter().map(Vec::len).min().unwrap_or(0);
    let point = |index: usize| {
        let norms: Vec<f64> = seeds.iter().map(|seed| seed[index].1).filter(|norm| *norm > 0.0).collect();
        let low = norms.iter().copied().reduce(f64::min)?;
        let high = norms.iter().copied().fold(low, f64::max);
        let mean = (norms.iter().map(|norm| norm.ln()).sum::<f64>() / norms.len() as f64).exp();
        Some(DriftPoint { step: seeds[0][index].0, norms: [mean, low, high] })
    };
    (0..length).filter_map(point).collect()
}

/// Means over the seeds of a norm at the end, and of its largest value; None where it was not recorded.
pub(crate) fn last_and_largest(variant: &Variant<'_>, of: Norm) -> Option<[f64; 2]> {
    let seeds: Vec<Vec<(usize, f64)>> =
        variant.finished().map(|cell| history(cell, of)).filter(|history| !history.is_empty()).collect();
    let mean = |value: fn(&[(usize, f64)]) -> f64| {
        (!seeds.is_empty()).then(|| seeds.iter().map(|seed| value(seed)).sum::<f64>() / seeds.len() as f64)
    };
    let last = mean(|seed| seed.last().map_or(0.0, |(_, norm)| *norm))?;
    let largest = mean(|seed| seed.iter().map(|(_, norm)| *norm).fold(0.0, f64::max))?;
    Some([last, largest])
}

/// Steps and norms over all layers of one run together.
fn history(cell: &CellRecord, of: Norm) -> Vec<(usize, f64)> {
    // Each layer once: its course holds the steps with frozen norms too.
    let courses = cell.redundancy.iter().filter(|layer| !(layer.frozen && layer.drift.steps.is_empty()));
    let layers: Vec<&Drift> = courses.map(|layer| &layer.drift).collect();
    let Some(first) = layers.first() else { return Vec::new() };
    let length = layers.iter().map(|layer| of(layer).len().min(layer.steps.len())).min().unwrap_or(0);
    let norm = |index: usize| layers.iter().map(|layer| of(layer)[index].powi(2)).sum::<f64>().sqrt();
    (0..length).map(|index| (first.steps[index], norm(index))).filter(|(_, norm)| norm.is_finite()).collect()
}
