use serde::{Deserialize, Serialize};

/// What a certificate has measured so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The bits of the largest ratio: JSON has neither NaN nor infinity.
    worst_ratio: u64,
    /// The sets that have shown no evidence yet, in ascending order.
    without_evidence: Vec<usize>,
}

impl Progress {
    /// Of so many sets, without a step.
    pub(super) fn of(sets: usize) -> Self {
        Self { worst_ratio: 0.0_f64.to_bits(), without_evidence: (0..sets).collect() }
    }

    /// Adds a step: its largest ratio, and whether a set has shown evidence there.
    pub(super) fn add(&mut self, ratio: f64, evidence: impl Fn(usize) -> bool) {
        self.worst_ratio = self.worst_ratio().max(ratio).to_bits();
        self.without_evidence.retain(|&set| !evidence(set));
    }

    pub(super) fn worst_ratio(&self) -> f64 {
        f64::from_bits(self.worst_ratio)
    }

    pub(super) fn without_evidence(&self) -> usize {
        self.without_evidence.len()
    }

    /// Whether it can be that of so many sets.
    pub(super) fn fits(&self, sets: usize) -> bool {
        let ascending = self.without_evidence.windows(2).all(|pair| pair[0] < pair[1]);
        let known = self.without_evidence.last().is_none_or(|&last| last < sets);
        ascending && known && self.worst_ratio() >= 0.0
    }
}
