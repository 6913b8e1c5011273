//! What `[measure]` asked for, as results hold it.

use serde::{Deserialize, Serialize};

use crate::ShiftPattern;

/// What was measured on a trained model beyond its metrics; what was not asked for is empty.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Measured {
    /// One entry per layer with a bias.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub jacobian: Vec<JacobianRank>,
    /// One entry per distance.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub translated: Vec<Translated>,
    /// One entry per shift, statistics and way of adapting.
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

/// The rank of the Jacobian of a layer's normalized output by its bias.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JacobianRank {
    /// The name of the layer, such as `block1`.
    pub layer: String,
    /// Numbers of the bias: columns.
    pub bias_parameters: usize,
    /// Dimensions of the bias that the normalization removes, by theory.
    pub predicted_redundant: usize,
    /// Singular values above the threshold.
    pub rank: usize,
    /// What counts as zero.
    pub threshold: f64,
    /// The smallest singular value above the threshold; null where there is none.
    pub smallest_kept: Option<f64>,
    /// The largest singular value below the threshold; null where there is none.
    pub largest_dropped: Option<f64>,
    /// Smallest and largest variance of the norm's statistics sets before ε is added: constant activations have none, and
    /// amplify rounding by 1/√ε. Null where nothing is normalized.
    pub variance: Option<[f64; 2]>,
}

/// Test metrics of images moved by some pixels, what leaves the image lost and what comes in empty.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Translated {
    /// How far.
    pub pixels: usize,
    /// Mean over the four directions, in [0, 1].
    pub accuracy: f64,
    /// Mean over the four directions, in nats.
    pub loss: f64,
}

/// Which statistics batch norm evaluates with; of a model without batch norm, `trained`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NormStatistics {
    /// The running ones of the training on clean images.
    Trained,
    /// Estimated again on shifted training images: after a bias is changed by a closed form, before it is fine-tuned.
    Reestimated,
}

/// How the first bias was adapted to a shift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Adapting {
    /// Not at all.
    Nothing,
    /// b = b₀ − w∗δ from the known shift; tied: its mean over locations.
    Exact,
    /// The same, with δ estimated as the mean of shifted images less that of the clean training images.
    MeanImages,
    /// By gradient steps on shifted images with labels.
    FineTuned,
}

/// One model on shifted test images.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Adaptation {
    /// How the shift varies over locations.
    pub pattern: ShiftPattern,
    /// Its root mean square, in standard deviations of the pixels.
    pub strength: f64,
    /// Which of the patterns of its kind.
    pub draw: usize,
    /// What batch norm evaluates with.
    pub statistics: NormStatistics,
    /// `none`, `tied` or `untied`: the first bias, of which alone something is adapted.
    pub bias: String,
    /// How.
    pub adapting: Adapting,
    /// Images that it was adapted on; null where it needs none.
    pub images: Option<usize>,
    /// On the shifted test images, in [0, 1].
    pub accuracy: f64,
    /// On the shifted test images, in nats.
    pub loss: f64,
}

/// The values of one bias.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BiasMap {
    /// The name of the layer, such as `block1`.
    pub layer: String,
    /// Channels, rows and columns; 1 where the bias is shared along an axis.
    pub shape: [usize; 3],
    /// In that order, to four digits.
    pub values: Vec<f64>,
}
