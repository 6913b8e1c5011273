//! `[measure]`: what is measured on a trained model beyond its metrics.

mod measured;

use serde::{Deserialize, Serialize};

pub use self::measured::{Adaptation, Adapting, BiasMap, JacobianRank, Measured, NormStatistics, Translated};
use crate::ShiftPattern;

/// `[measure]`: nothing where the table is left out.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MeasureConfig {
    /// The rank of the Jacobian of each normalized output by its bias, in f64, on one batch: the bias's numbers less the
    /// rank are the dimensions that the normalization removes. Costs a backward pass for each number of the bias.
    #[serde(skip_serializing_if = "crate::skip::is_default")]
    pub jacobian: bool,
    /// Keeps the values of the biases, as maps over locations.
    #[serde(skip_serializing_if = "crate::skip::is_default")]
    pub bias_maps: bool,
    /// Test metrics of images moved by so many pixels, mean over the four directions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub translate: Vec<usize>,
    /// Shifts the test images' values by fixed patterns and adapts the first bias alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shift: Option<ShiftConfig>,
}

impl MeasureConfig {
    pub(crate) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// Which shifts a trained model meets, and how its first bias is adapted to them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShiftConfig {
    /// How the shifts vary over locations.
    pub patterns: Vec<ShiftPattern>,
    /// Their root mean squares, in standard deviations of the pixels.
    pub strengths: Vec<f64>,
    /// Patterns drawn of each kind.
    #[serde(default = "one")]
    pub draws: usize,
    /// Numbers of shifted training images that the shift is estimated from, and that the bias is fine-tuned on.
    #[serde(default)]
    pub images: Vec<usize>,
}

fn one() -> usize {
    1
}
