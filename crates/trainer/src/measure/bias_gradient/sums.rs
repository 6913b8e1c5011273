use std::ops::AddAssign;

use serde::{Deserialize, Serialize};
use untied_redundancy::Progress;

/// What the measured steps of a run have come to so far, to be kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Sums {
    pub(super) steps: usize,
    /// Of each bias.
    pub(super) layers: Vec<(Norms, Progress)>,
}

/// Sums of L2 norms of one layer's bias gradient. Kept as bits: JSON has no NaN.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(from = "[u64; 3]", into = "[u64; 3]")]
pub(super) struct Norms {
    pub(super) gradient: f64,
    pub(super) redundant: f64,
    pub(super) round_off: f64,
}

impl AddAssign for Norms {
    fn add_assign(&mut self, step: Self) {
        self.gradient += step.gradient;
        self.redundant += step.redundant;
        self.round_off += step.round_off;
    }
}

impl From<[u64; 3]> for Norms {
    fn from(bits: [u64; 3]) -> Self {
        let [gradient, redundant, round_off] = bits.map(f64::from_bits);
        Self { gradient, redundant, round_off }
    }
}

impl From<Norms> for [u64; 3] {
    fn from(norms: Norms) -> Self {
        [norms.gradient, norms.redundant, norms.round_off].map(f64::to_bits)
    }
}
