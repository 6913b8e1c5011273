//! The results of a cell and of a study, as they are written to `result.json` and `results.json`.
//!
//! Numbers that do not exist (an unfinished cell's metrics, an interval from one pair) are null, never NaN.

mod event;
mod provenance;
mod record;

use serde::{Deserialize, Serialize};

pub use self::event::Event;
pub use self::provenance::Provenance;
use crate::factors::display_as_serialized;
use crate::{Factors, Measured, Metric};

/// Version of the `results.json` format.
pub const SCHEMA: u32 = 1;

/// `results.json`: a whole study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// [`SCHEMA`] of the program that wrote it.
    pub schema: u32,
    /// The study's name.
    pub study: String,
    /// What it asks.
    pub question: String,
    /// The device of every cell, or `varied`.
    pub device: String,
    /// The float type of every cell, or `varied`.
    pub dtype: String,
    /// Every cell of the grid, in order.
    pub cells: Vec<CellRecord>,
    /// Every comparison that the study asks for.
    pub comparisons: Vec<Comparison>,
    /// Where the cells come from: each that occurs, once. The only part that tells hosts apart, timing aside.
    #[serde(default)]
    pub provenance: Vec<Provenance>,
}

/// How a cell ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The run went to its end.
    Finished,
    /// The loss became NaN or infinite: a result, not a fault.
    Diverged,
    /// The run crashed.
    Failed,
    /// Not run yet.
    Missing,
}

impl Status {
    /// Whether there is nothing left to train: run again, a cell that diverged diverges again.
    #[must_use]
    pub fn is_done(self) -> bool {
        matches!(self, Self::Finished | Self::Diverged)
    }
}

/// One cell in `results.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellRecord {
    /// [`Cell::id`](crate::Cell::id).
    pub id: String,
    /// The varied keys, seed aside.
    pub factors: Factors,
    /// Of the weights and the order of the images.
    pub seed: u64,
    /// How the cell ended.
    pub status: Status,
    /// Why the cell did not finish.
    pub reason: Option<String>,
    /// Null where the cell did not finish.
    pub metrics: Metrics,
    /// Size of the model.
    pub parameters: Parameters,
    /// Epochs trained.
    pub epochs: usize,
    /// Steps trained.
    pub steps: usize,
    /// Images in the test set: the resolution of an accuracy is one of them. 0 where the cell did not start.
    pub test_images: usize,
    /// Training time, without start-up, decoding and evaluation.
    pub train_seconds: f64,
    /// Training images seen, by `train_seconds`.
    pub images_per_second: f64,
    /// One entry per layer with a bias.
    pub redundancy: Vec<LayerRedundancy>,
    /// Means over the epochs.
    pub curves: Curves,
    /// What `[measure]` asked for.
    #[serde(default, skip_serializing_if = "Measured::is_empty")]
    pub measured: Measured,
}

/// `result.json` of one cell: what training found out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellResult {
    /// How the cell ended.
    pub status: Status,
    /// Why the cell did not finish.
    pub reason: Option<String>,
    /// Null where the cell did not finish.
    pub metrics: Metrics,
    /// Size of the model.
    pub parameters: Parameters,
    /// Epochs trained.
    pub epochs: usize,
    /// Steps trained.
    pub steps: usize,
    /// Images in the test set; 0 where the cell did not start.
    pub test_images: usize,
    /// Training time, without start-up, decoding and evaluation.
    pub train_seconds: f64,
    /// Training images seen, by `train_seconds`.
    pub images_per_second: f64,
    /// One entry per layer with a bias.
    pub redundancy: Vec<LayerRedundancy>,
    /// Means over the epochs.
    pub curves: Curves,
    /// What `[measure]` asked for.
    #[serde(default, skip_serializing_if = "Measured::is_empty")]
    pub measured: Measured,
    /// Training loss of every step; of a diverged run, of the finite ones.
    pub step_losses: Vec<f64>,
    /// Who trained it, and on what.
    pub provenance: Provenance,
}

/// Metrics of a finished cell; null where it is not.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Metrics {
    /// In [0, 1].
    pub test_accuracy: Option<f64>,
    /// In nats.
    pub test_loss: Option<f64>,
    /// Mean over the last epoch.
    pub train_loss: Option<f64>,
}

impl Metrics {
    /// The named metric, if the cell finished.
    #[must_use]
    pub fn get(&self, metric: Metric) -> Option<f64> {
        match metric {
            Metric::TestAccuracy => self.test_accuracy,
            Metric::TestLoss => self.test_loss,
            Metric::TrainLoss => self.train_loss,
        }
    }
}

/// Trainable numbers of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Parameters {
    /// All of them.
    pub total: usize,
    /// Of these, biases of convolutions.
    pub bias: usize,
}

/// Means over the epochs, one number each.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Curves {
    /// Mean of each epoch's steps.
    pub train_loss: Vec<f64>,
    /// After each epoch.
    pub test_loss: Vec<f64>,
    /// After each epoch.
    pub test_accuracy: Vec<f64>,
}

/// How much of one layer's bias gradient lies in the part that the normalization removes.
///
/// Norms are L2, averaged over the measured steps; `round_off` is what rounding alone explains.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerRedundancy {
    /// The name of the layer, such as `block1`.
    pub layer: String,
    /// Bias dimensions that the normalization removes, by theory.
    pub predicted_redundant: usize,
    /// Bias dimensions in all.
    pub bias_parameters: usize,
    /// Of the bias gradient as the framework computed it.
    pub gradient_norm: f64,
    /// Of its projection, in f64, on what the normalization removes.
    pub redundant_gradient_norm: f64,
    /// What rounding alone explains of the redundant part.
    pub round_off: f64,
    /// At the end of the run.
    pub bias_norm: f64,
    /// Of its projection on what the normalization removes.
    pub redundant_bias_norm: f64,
    /// How the bias got there. Empty in results of older versions.
    #[serde(default)]
    pub drift: Drift,
}

/// The course of one bias over a run, in L2 norms at some steps spread over it, the last one included.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Drift {
    /// Steps done.
    pub steps: Vec<usize>,
    /// Of the bias.
    pub bias_norm: Vec<f64>,
    /// Of its projection on what the normalization removes.
    pub redundant_bias_norm: Vec<f64>,
    /// Of what the running mean has not followed yet: the projection less its own running mean, which is by how much an
    /// evaluation with running statistics is off. Empty for norms without running statistics.
    pub running_mean_lag: Vec<f64>,
}

/// Two variants set against each other, paired by seed: treatment minus baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// What is compared.
    pub metric: Metric,
    /// The factors of the variant that is judged.
    pub treatment: Factors,
    /// The factors of the variant that it is judged against.
    pub baseline: Factors,
    /// The other factors, equal on both sides.
    pub context: Factors,
    /// Pairs that both finished.
    pub seeds: usize,
    /// Pairs left out because a run did not finish.
    pub left_out: usize,
    /// Treatment minus baseline; null without pairs.
    pub mean_difference: Option<f64>,
    /// 95 % confidence interval of the mean difference; null with fewer than two pairs.
    pub ci95: Option<[f64; 2]>,
    /// Standard deviation of the pairs' differences, at least what the metric can resolve; null with fewer than two pairs.
    pub spread: Option<f64>,
    /// Largest difference of the two training-loss curves, step by step, over all seeds.
    pub max_loss_difference: Option<f64>,
    /// Differences inside ±margin count as none.
    pub margin: f64,
    /// Of two one-sided tests: small where the difference lies inside the margin.
    pub tost_p: Option<f64>,
    /// Of the paired t-test: small where the difference is not zero.
    pub t_p: Option<f64>,
    /// `tost_p`, adjusted over all p-values of the study.
    pub tost_p_holm: Option<f64>,
    /// `t_p`, adjusted over all p-values of the study.
    pub t_p_holm: Option<f64>,
    /// What the adjusted p-values say.
    pub verdict: Verdict,
    /// Seeds with an 80 % chance of a verdict at this spread, whether the variants do not differ or differ by the margin;
    /// null where there is a verdict, or where thousands were too few.
    pub seeds_suggested: Option<usize>,
}

/// What the paired differences say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The 95 % interval lies inside ±margin, after adjustment for the number of comparisons.
    Equivalent,
    /// The difference is not zero, after adjustment.
    Different,
    /// Neither is shown.
    Inconclusive,
}

display_as_serialized!(Status, Verdict);
