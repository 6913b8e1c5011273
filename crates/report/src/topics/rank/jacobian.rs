//! Redundant dimensions of a bias by the rank of a Jacobian, against those predicted.

use untied_study::JacobianRank;

use crate::results::first_seen::group;
use crate::results::variant::Variant;

/// Activations of a smaller variance are constant: ε alone stands under the root.
pub(crate) const CONSTANT: f64 = 1e-10;

/// One layer of one variant over its finished seeds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LayerRank {
    pub(crate) layer: String,
    pub(crate) bias_parameters: usize,
    pub(crate) predicted: usize,
    /// Bias parameters less rank, of every seed.
    pub(crate) measured: Vec<usize>,
    /// Over the seeds: the smallest, the largest, the largest.
    pub(crate) smallest_kept: Option<f64>,
    pub(crate) largest_dropped: Option<f64>,
    pub(crate) threshold: f64,
    /// The smallest of any statistics set.
    pub(crate) variance: Option<f64>,
}

/// The layers of a variant in the order of the model; empty where no rank was measured.
pub(crate) fn ranks(variant: &Variant<'_>) -> Vec<LayerRank> {
    let layers = group(variant.finished().flat_map(|cell| &cell.measured.jacobian).map(|one| (&one.layer, one)));
    layers.into_iter().map(|(layer, seeds)| rank(layer, &seeds)).collect()
}

/// The number of layers and seeds that agree with theory, and of all.
pub(crate) fn agreement<'r>(layers: impl Iterator<Item = &'r LayerRank>) -> [usize; 2] {
    layers.fold([0, 0], |[agree, all], layer| [agree + layer.agreeing(), all + layer.measured.len()])
}

impl LayerRank {
    pub(crate) fn agreeing(&self) -> usize {
        self.measured.iter().filter(|measured| **measured == self.predicted).count()
    }

    pub(crate) fn agrees(&self) -> bool {
        self.agreeing() == self.measured.len()
    }

    /// `16`, `15 to 16`
    pub(crate) fn measured_range(&self, dash: &str) -> String {
        let low = self.measured.iter().copied().min().unwrap_or(0);
        let high = self.measured.iter().copied().max().unwrap_or(0);
        if low == high { low.to_string() } else { format!("{low}{dash}{high}") }
    }

    /// Measured redundant dimensions of all bias parameters, mean over the seeds.
    pub(crate) fn share(&self) -> f64 {
        let all = (self.measured.len() * self.bias_parameters).max(1);
        self.measured.iter().sum::<usize>() as f64 / all as f64
    }

    pub(crate) fn is_constant_somewhere(&self) -> bool {
        self.variance.is_some_and(|variance| variance < CONSTANT)
    }
}

fn rank(layer: &str, seeds: &[&JacobianRank]) -> LayerRank {
    let fold = |of: fn(&JacobianRank) -> Option<f64>, better: fn(f64, f64) -> f64| {
        seeds.iter().filter_map(|seed| of(seed)).filter(|value| value.is_finite()).reduce(better)
    };
    LayerRank {
        layer: layer.to_owned(),
        bias_parameters: seeds[0].bias_parameters,
        predicted: seeds[0].predicted_redundant,
        measured: seeds.iter().map(|seed| seed.bias_parameters.saturating_sub(seed.rank)).collect(),
        smallest_kept: fold(|seed| seed.smallest_kept, f64::min),
        largest_dropped: fold(|seed| seed.largest_dropped, f64::max),
        threshold: fold(|seed| Some(seed.threshold), f64::max).unwrap_or(0.0),
        variance: fold(|seed| seed.variance.map(|[smallest, _]| smallest), f64::min),
    }
}
