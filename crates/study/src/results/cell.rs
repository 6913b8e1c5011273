//! The result of one cell, as `result.json` and `results.json` hold it.
//!
//! Numbers that do not exist, such as an unfinished cell's metrics, are null, never NaN.

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Serialize};

use crate::factors::display_as_serialized;
use crate::results::CertificateRecord;
use crate::{Answers, Cell, Confusion, Curves, Factors, Measured, Metric};

/// One cell in `results.json`: its result without losses of single steps, and the cell that it is of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellRecord {
    /// [`Cell::id`].
    pub id: String,
    /// The varied keys, seed aside.
    pub factors: Factors,
    /// The seed of the weights and of the order of the images.
    pub seed: u64,
    /// The result; the record dereferences to it.
    #[serde(flatten)]
    pub result: CellResult,
}

impl CellRecord {
    /// The record of a cell with a result; metrics of an unfinished one are left out.
    #[must_use]
    pub fn new(cell: &Cell, result: CellResult) -> Self {
        let finished = result.status == Status::Finished;
        let metrics = if finished { result.metrics } else { Metrics::default() };
        let result = CellResult { metrics, step_losses: Vec::new(), provenance: Provenance::default(), ..result };
        Self { id: cell.id.clone(), factors: cell.factors.clone(), seed: cell.config.seed, result }
    }

    /// The record of a cell that was not run.
    #[must_use]
    pub fn missing(cell: &Cell) -> Self {
        Self::new(cell, CellResult::default())
    }
}

impl Deref for CellRecord {
    type Target = CellResult;

    fn deref(&self) -> &CellResult {
        &self.result
    }
}

impl DerefMut for CellRecord {
    fn deref_mut(&mut self) -> &mut CellResult {
        &mut self.result
    }
}

/// `result.json` of one cell: the findings of its training.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CellResult {
    /// The end of the run.
    pub status: Status,
    /// The reason of a cell that did not finish.
    pub reason: Option<String>,
    /// After the last epoch, or after `best_epoch`. Null where the cell did not finish.
    pub metrics: Metrics,
    /// Size of the model.
    pub parameters: Parameters,
    /// Epochs trained.
    pub epochs: usize,
    /// The epoch, from 1, that metrics, answers and measurements are of, where `train.best_epoch` chose it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_epoch: Option<usize>,
    /// Steps trained.
    pub steps: usize,
    /// Images in the test set; 0 where the cell did not start.
    pub test_images: usize,
    /// Share of the test images that are of the largest class: the accuracy of always answering it. Null where the cell did
    /// not start, and in results of older versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub largest_class: Option<f64>,
    /// Training time, without start-up, decoding and evaluation.
    pub train_seconds: f64,
    /// Training images seen, by `train_seconds`.
    pub images_per_second: f64,
    /// Which of them the trained model classified rightly. None where the cell did not finish, nor in results of older
    /// versions.
    #[serde(default, skip_serializing_if = "Answers::is_empty")]
    pub answers: Answers,
    /// How many of the test images of each class got which answer. None where there are no `answers`, and in results of older
    /// versions.
    #[serde(default, skip_serializing_if = "Confusion::is_empty")]
    pub confusion: Confusion,
    /// What the run warned of that bears on its result, such as a class without images.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// One entry per layer with a bias.
    pub redundancy: Vec<LayerRedundancy>,
    /// Means over the epochs.
    pub curves: Curves,
    /// The measurements that `[measure]` asks for.
    #[serde(default, skip_serializing_if = "Measured::is_empty")]
    pub measured: Measured,
    /// Training loss of every step; of a diverged run, of the finite ones. None in a record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub step_losses: Vec<f64>,
    /// The program, machine and data that it was trained by. None in a record: results hold each once.
    #[serde(default, skip_serializing_if = "is_unknown")]
    pub provenance: Provenance,
}

/// The end of a cell's run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// The run went to its end.
    Finished,
    /// The loss became NaN or infinite: a result, not a fault.
    Diverged,
    /// The run crashed.
    Failed,
    /// Not run yet.
    #[default]
    Missing,
    /// Not run, and not needed: the sequential comparisons that it takes part in have their verdicts without it.
    Skipped,
}

impl Status {
    /// Whether the cell was trained to its end: run again, a cell that diverged diverges again.
    #[must_use]
    pub fn is_done(self) -> bool {
        matches!(self, Self::Finished | Self::Diverged)
    }
}

/// Metrics of a finished cell; null where it is not.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Metrics {
    /// In [0, 1].
    pub test_accuracy: Option<f64>,
    /// In nats.
    pub test_loss: Option<f64>,
    /// Mean over that epoch.
    pub train_loss: Option<f64>,
    /// Of the images that `data.validation` holds out, in [0, 1]; left out without any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_accuracy: Option<f64>,
    /// Of the same images, in nats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_loss: Option<f64>,
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

/// Counts of a model's trainable parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Parameters {
    /// All parameters.
    pub total: usize,
    /// Parameters of the convolutions' biases.
    pub bias: usize,
}

/// The share of one layer's bias gradient in the part that the network removes.
///
/// Norms are L2, over the whole layer and averaged over the measured steps: they describe. `round_off` is what rounding
/// alone explains of the redundant part. The certificate looks at each set and step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LayerRedundancy {
    /// The name of the layer, such as `block1`.
    pub layer: String,
    /// Whether this is of the steps after batch norm was frozen. Theory and certificate are those of the frozen network then, and the
    /// "redundant part" of a norm below is what was redundant before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub frozen: bool,
    /// Bias dimensions that the normalization removes, by theory.
    pub predicted_redundant: usize,
    /// Bias dimensions in all.
    pub bias_parameters: usize,
    /// Norm of the bias gradient as the framework computed it.
    pub gradient_norm: f64,
    /// Norm of its projection, in f64, on the part that the normalization removes.
    pub redundant_gradient_norm: f64,
    /// Bound on the redundant part that rounding alone explains.
    pub round_off: f64,
    /// Norm of the bias at the end of the run.
    pub bias_norm: f64,
    /// Norm of its projection on the part that the normalization removes.
    pub redundant_bias_norm: f64,
    /// The certificate, its fields beside these; none in results of older versions.
    #[serde(flatten)]
    pub certificate: Option<CertificateRecord>,
    /// The course of the bias over the run. Empty in results of older versions.
    #[serde(default)]
    pub drift: Drift,
}

/// The course of one bias over a run, in L2 norms at some steps spread over it, the last one included.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Drift {
    /// Steps done.
    pub steps: Vec<usize>,
    /// Norms of the bias.
    pub bias_norm: Vec<f64>,
    /// Norms of its projection on the part that the normalization removes.
    pub redundant_bias_norm: Vec<f64>,
    /// ‖P·b − EMA(P·b)‖ with the projection P: how far an evaluation with running statistics is off, since the running
    /// mean has not followed yet. Empty for norms without running statistics.
    pub running_mean_lag: Vec<f64>,
}

/// The program, machine and data that a cell was trained by: where these are equal, equal configs give equal results.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Provenance {
    /// Version of this program.
    pub version: String,
    /// The git commit that it was built from, with `-dirty` where its sources differed; null outside a repository.
    pub commit: Option<String>,
    /// Version of Burn.
    pub burn: String,
    /// The devices compiled in.
    pub features: Vec<String>,
    /// The device trained on.
    pub device: String,
    /// Operating system and architecture, such as `linux x86_64`.
    pub system: String,
    /// Name of the processor.
    pub cpu: String,
    /// SHA-256 of every data file, decompressed.
    pub data: BTreeMap<String, String>,
    /// The name of each class, where the data have names. None in results of older versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub class_names: Vec<String>,
}

fn is_unknown(provenance: &Provenance) -> bool {
    *provenance == Provenance::default()
}

display_as_serialized!(Status);
