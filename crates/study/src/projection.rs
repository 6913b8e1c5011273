//! What training takes out of the part of a bias that the normalization removes.

use serde::{Deserialize, Serialize};

/// What is projected off the redundant part of each bias.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Projection {
    /// Nothing: the optimizer takes rounding for a gradient.
    #[default]
    None,
    /// Its gradient, before the optimizer sees it.
    Gradient,
    /// The bias itself, after every step.
    Bias,
}
