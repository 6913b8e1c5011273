//! `measure.shift`: adapting the first bias alone to test images whose values are shifted.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::fault::{is_ascending, require_positive};
use crate::factors::display_as_serialized;
use crate::{Bias, BiasPlace, DataConfig, Fault, ModelConfig, ShiftPattern};

const MAX_DRAWS: usize = 1000;

/// The shifts that a trained model meets, and the images that its first bias is adapted on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ShiftConfig {
    /// Their variation over locations.
    pub patterns: Vec<ShiftPattern>,
    /// Their root mean squares, in standard deviations of the pixels.
    pub strengths: Vec<f64>,
    /// Patterns drawn of each kind.
    #[serde(default = "one")]
    pub draws: usize,
    /// Counts of shifted training images to estimate the shift from, and to fine-tune the bias on.
    #[serde(default)]
    pub images: Vec<usize>,
    /// Whether the best tied bias is looked for too, on the shifted test images themselves: what a tied bias could do at most.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub best_tied: bool,
}

fn one() -> usize {
    1
}

impl ShiftConfig {
    pub(super) fn check(&self, data: &DataConfig, model: &ModelConfig) -> Result<(), Fault> {
        let Self { patterns, strengths, draws, images, best_tied: _ } = self;
        let distinct = (1..patterns.len()).all(|index| !patterns[..index].contains(&patterns[index]));
        let found = patterns.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let (key, valid) = ("measure.shift.patterns", !patterns.is_empty() && distinct);
        Fault::require(valid, key, "different patterns, one at least", format!("[{found}]"))?;
        let key = "measure.shift.strengths";
        Fault::require(!strengths.is_empty(), key, "one strength at least", "none")?;
        strengths.iter().try_for_each(|&strength| require_positive(key, strength))?;
        Fault::require(is_ascending(strengths), key, "strengths in ascending order", format!("{strengths:?}"))?;
        let (key, valid) = ("measure.shift.draws", (1..=MAX_DRAWS).contains(draws));
        Fault::require(valid, key, format!("1 to {MAX_DRAWS}"), draws)?;
        let (key, valid) = ("measure.shift.images", images.iter().all(|&images| images > 0) && is_ascending(images));
        Fault::require(valid, key, "numbers of images from 1, in ascending order", format!("{images:?}"))?;
        check_beside(data, model)
    }
}

/// Adapting starts from a tied bias of the first convolution, trained on clean images.
fn check_beside(data: &DataConfig, model: &ModelConfig) -> Result<(), Fault> {
    let (bias, place) = (&model.bias, model.bias_after);
    let tied = "tied, which `measure.shift` adapts from";
    if model.is_plain() {
        Fault::require(*bias == Bias::Tied, "model.bias", tied, bias)?;
        let (key, valid) = ("model.bias_after", place == BiasPlace::Convolution);
        Fault::require(valid, key, "convolution, whose bias `measure.shift` adapts", place)?;
    }
    let first = model.first_bias();
    let expected = "a convolution, whose bias `measure.shift` adapts, first of all";
    let bias = first.ok_or_else(|| Fault::new("model.layers", expected, "another layer"))?;
    Fault::require(bias == Bias::Tied, "model.bias", tied, bias)?;
    let expected = "none beside `measure.shift`, which trains on clean images";
    Fault::require(data.shift.is_none(), "data.shift", expected, "one")
}

/// The statistics that batch norm evaluates with; of a model without batch norm, `trained`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NormStatistics {
    /// The running ones of the training on clean images.
    Trained,
    /// Estimated again on shifted training images: after a bias is changed by a closed form, before it is fine-tuned.
    Reestimated,
}

/// The method by which the first bias was adapted to a shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adapting {
    /// No adaptation.
    Nothing,
    /// b = b₀ − w∗δ from the known shift; tied: its mean over locations.
    Exact,
    /// The same, with δ estimated as the mean of shifted images less that of the clean training images.
    MeanImages,
    /// By gradient steps on shifted images with labels.
    FineTuned,
    /// The same, on the shifted test images themselves, from the better of the trained bias and the exact one: no way to adapt, but
    /// the least loss on them that was found.
    Best,
}

/// One model on shifted test images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Adaptation {
    /// The variation of the shift over locations.
    pub pattern: ShiftPattern,
    /// Its root mean square, in standard deviations of the pixels.
    pub strength: f64,
    /// The index of the pattern among those of its kind.
    pub draw: usize,
    /// The statistics that batch norm evaluates with.
    pub statistics: NormStatistics,
    /// The mode of the first bias, which alone is adapted: `none`, `tied` or `untied`.
    pub bias: String,
    /// The method.
    pub adapting: Adapting,
    /// Images that it was adapted on; null where it needs none.
    pub images: Option<usize>,
    /// On the shifted test images, in [0, 1].
    pub accuracy: f64,
    /// On the shifted test images, in nats.
    pub loss: f64,
}

display_as_serialized!(NormStatistics, Adapting);
