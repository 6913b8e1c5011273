use serde::{Deserialize, Serialize};
use untied_redundancy::Finding;

/// The certificate of one layer's bias in one run: each redundant set at each measured step.
///
/// What a set is, and what rounding explains of it, stands at [`untied_redundancy::Certificate`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CertificateRecord {
    /// What the numbers below come to.
    pub finding: Finding,
    /// The largest ratio, over sets and measured steps, of the gradient along the set to what rounding alone explains of it
    /// there; null without sets, or where a sum overflowed.
    pub worst_ratio: Option<f64>,
    /// Redundant sets, by theory.
    pub sets: usize,
    /// Sets of which every gradient of every measured step was exactly 0.
    pub sets_without_evidence: usize,
    /// What removes the redundant part, and where the rest is at work: `removed by block1.norm`.
    pub path: String,
}
