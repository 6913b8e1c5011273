//! `[train]`: how long a network is trained, and by which rule.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::clipping::ClipGradients;
use super::fault::{Fault, Float, require_share};
use super::freezing::FreezeNorm;
use super::optimizer::Optimizer;
use super::schedule::Schedule;
use super::stopping::{EarlyStopping, ValidationMetric};
use crate::factors::display_as_serialized;

const MAX_EPOCHS: usize = 1_000_000;
const MAX_BATCH: usize = 1 << 24;

/// `[train]`: how long and by which rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// Passes over the training set.
    pub epochs: usize,
    /// Images a step; the last incomplete batch of an epoch is dropped.
    pub batch_size: usize,
    /// The rule that turns gradients into steps.
    pub optimizer: Optimizer,
    /// The learning rate of each step, from the optimizer's on.
    #[serde(default)]
    pub schedule: Schedule,
    /// Epochs, or parts of one, in which the learning rate first grows in a straight line: step i of n has i/n of the
    /// optimizer's. The schedule spans the steps that follow, but milestones count from the run's start. 0 or more, below
    /// `epochs`; 0 with `one_cycle`, which rises by itself.
    #[serde(default)]
    pub warmup_epochs: f64,
    /// The largest gradients that the optimizer sees. Left out: whatever they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip_gradients: Option<ClipGradients>,
    /// The parameters that the optimizer's `weight_decay` is for.
    #[serde(default)]
    pub weight_decay_on: WeightDecayOn,
    /// The share of every label that is spread evenly over all classes in the training loss; from 0 on, below 1.
    #[serde(default)]
    pub label_smoothing: f64,
    /// The floating-point type that training computes in.
    #[serde(default)]
    pub dtype: Dtype,
    /// The type that every parameter is rounded to, before the first step and after each, as if it were stored in it; everything is
    /// computed in `dtype`.
    #[serde(default, skip_serializing_if = "Storage::is_as_computed")]
    pub store_weights: Storage,
    /// The Burn backend that trains.
    #[serde(default)]
    pub device: Device,
    /// The quantity that is projected off the part of each bias that the normalization removes.
    #[serde(default)]
    pub project_redundant: Projection,
    /// Ends the run once the validation images have shown no improvement for some epochs; needs `data.validation`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_stopping: Option<EarlyStopping>,
    /// The metric by whose best epoch the result is taken: metrics, measurements and the model that is kept. Needs
    /// `data.validation`. Left out: those of the last epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best_epoch: Option<ValidationMetric>,
    /// When batch norm is frozen: from then on, training takes its running statistics as constants, and leaves them, γ and β
    /// as they are.
    #[serde(default, skip_serializing_if = "FreezeNorm::is_never")]
    pub freeze_norm: FreezeNorm,
    /// Whether batch norm's running statistics are estimated again once training is over, as the mean of those of every batch
    /// of training images, without changes of the images; the result's metrics and measurements are by them.
    #[serde(default)]
    pub reestimate_statistics: bool,
    /// Whether the trained model is kept, as `model.safetensors` beside the cell's result. It changes no number, and no cell's
    /// id; a cell that was finished without its model is trained again for it.
    #[serde(default)]
    pub save_model: bool,
}

impl TrainConfig {
    /// So many epochs of batches of this size by this rule, all else at its default.
    #[must_use]
    pub fn new(epochs: usize, batch_size: usize, optimizer: Optimizer) -> Self {
        Self {
            epochs,
            batch_size,
            optimizer,
            schedule: Schedule::default(),
            warmup_epochs: 0.0,
            clip_gradients: None,
            weight_decay_on: WeightDecayOn::default(),
            label_smoothing: 0.0,
            dtype: Dtype::default(),
            store_weights: Storage::default(),
            device: Device::default(),
            project_redundant: Projection::default(),
            early_stopping: None,
            best_epoch: None,
            freeze_norm: FreezeNorm::default(),
            reestimate_statistics: false,
            save_model: false,
        }
    }

    pub(crate) fn check(&self) -> Result<(), Fault> {
        let Self { epochs, batch_size, optimizer, schedule, label_smoothing, dtype, device, .. } = self;
        Fault::require((1..=MAX_EPOCHS).contains(epochs), "train.epochs", format!("1 to {MAX_EPOCHS}"), epochs)?;
        let expected = format!("1 to {MAX_BATCH} images");
        Fault::require((1..=MAX_BATCH).contains(batch_size), "train.batch_size", expected, batch_size)?;
        require_share("train.label_smoothing", *label_smoothing)?;
        optimizer.check()?;
        schedule.check(optimizer.learning_rate())?;
        self.check_warmup()?;
        self.early_stopping.map_or(Ok(()), |stopping| stopping.check())?;
        self.freeze_norm.check(*epochs)?;
        let again = self.reestimate_statistics && self.freeze_norm.after().is_some();
        let (key, expected) = ("train.reestimate_statistics", "false with `train.freeze_norm`, which keeps them");
        Fault::require(!again, key, expected, again)?;
        self.clip_gradients.map_or(Ok(()), ClipGradients::check)?;
        let cpu = matches!(device, Device::Flex | Device::Ndarray);
        let found = format!("f64 on {device}");
        let expected = "f32, or f64 on a CPU device (flex or ndarray)";
        Fault::require(*dtype != Dtype::F64 || cpu, "train.dtype", expected, found)
    }

    fn check_warmup(&self) -> Result<(), Fault> {
        let (key, warmup) = ("train.warmup_epochs", self.warmup_epochs);
        let expected = format!("a number from 0 on, below the {} epochs", self.epochs);
        Fault::require((0.0..self.epochs as f64).contains(&warmup), key, expected, Float(warmup))?;
        let rises = matches!(self.schedule, Schedule::OneCycle { .. });
        Fault::require(!rises || warmup == 0.0, key, "0 with `one_cycle`, which rises by itself", Float(warmup))?;
        let first = match &self.schedule {
            Schedule::Steps { milestones, .. } => milestones.first().copied(),
            _ => None,
        };
        let expected = "no more than the first of `train.schedule.steps.milestones`";
        Fault::require(first.is_none_or(|first| warmup <= first as f64), key, expected, Float(warmup))
    }
}

/// The floating-point type that training computes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dtype {
    /// Single precision.
    #[default]
    F32,
    /// Double precision; on a CPU device only.
    F64,
}

/// The type that parameters are stored in between steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Storage {
    /// That of `dtype`.
    #[default]
    AsComputed,
    /// Brain floating point: the exponents of f32, and 8 significant bits.
    Bf16,
    /// Half precision: 11 significant bits; what exceeds 65504 becomes infinite.
    F16,
}

impl Storage {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
    fn is_as_computed(&self) -> bool {
        *self == Self::AsComputed
    }
}

/// The Burn backend that trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Device {
    /// Burn's CPU backend.
    #[default]
    Flex,
    /// Burn's older CPU backend, for comparison.
    Ndarray,
    /// GPUs through Vulkan, Metal or DX12.
    Wgpu,
    /// NVIDIA GPUs.
    Cuda,
}

/// The parameters that an optimizer's `weight_decay` is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WeightDecayOn {
    /// All of them.
    #[default]
    All,
    /// The weights of convolutions and linear layers; neither biases nor γ and β of normalizations.
    Weights,
}

/// The quantity that is projected off the redundant part of each bias.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
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

display_as_serialized!(Dtype, Storage, Device, Projection, WeightDecayOn);
