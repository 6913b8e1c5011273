//! `[measure]`: the measurements on a trained model beyond its metrics, and their results.

mod bias_maps;
mod jacobian;
mod noise;
mod shift;
mod translate;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::bias_maps::BiasMap;
pub use self::jacobian::JacobianRank;
pub use self::noise::Noisy;
pub use self::shift::{Adaptation, Adapting, NormStatistics, ShiftConfig};
pub use self::translate::Translated;
use crate::{DataConfig, Fault, ModelConfig};

/// `[measure]`: nothing where the table is left out.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MeasureConfig {
    /// The rank of the Jacobian of each normalized output by its bias, in f64, on one batch: the bias's parameters less
    /// the rank are the dimensions that the normalization removes. Costs a backward pass for each parameter.
    pub jacobian: bool,
    /// Keeps the values of the biases, as maps over locations.
    pub bias_maps: bool,
    /// Test metrics of images moved by so many pixels, mean over the four directions.
    pub translate: Vec<usize>,
    /// Test metrics of images with normal noise of such standard deviations, in those of the pixels.
    pub noise: Vec<f64>,
    /// Shifts the test images' values by fixed patterns and adapts the first bias alone.
    pub shift: Option<ShiftConfig>,
}

impl MeasureConfig {
    pub(crate) fn check(&self, data: &DataConfig, model: &ModelConfig) -> Result<(), Fault> {
        translate::check(&self.translate)?;
        noise::check(&self.noise)?;
        self.shift.as_ref().map_or(Ok(()), |shift| shift.check(data, model))
    }
}

/// The measurements on a trained model beyond its metrics; empty where none was asked for.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Measured {
    /// One entry per layer with a bias.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub jacobian: Vec<JacobianRank>,
    /// One entry per distance.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub translated: Vec<Translated>,
    /// One entry per strength.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub noisy: Vec<Noisy>,
    /// One entry per shift, statistics and method of adapting.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub adaptations: Vec<Adaptation>,
    /// One entry per layer with a bias; in `results.json`, of the first seed of each variant only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bias_maps: Vec<BiasMap>,
}

impl Measured {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
