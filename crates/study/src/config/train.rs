//! `[train]`: how long a network is trained, and by which rule.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fault::{Fault, require_share};
use super::optimizer::Optimizer;
use super::schedule::Schedule;
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
    /// The share of every label that is spread evenly over all classes in the training loss; from 0 on, below 1.
    #[serde(default)]
    pub label_smoothing: f64,
    /// The floating-point type that training computes in.
    #[serde(default)]
    pub dtype: Dtype,
    /// The Burn backend that trains.
    #[serde(default)]
    pub device: Device,
    /// The quantity that is projected off the part of each bias that the normalization removes.
    #[serde(default)]
    pub project_redundant: Projection,
    /// Whether the trained model is kept, as `model.safetensors` beside the cell's result.
    #[serde(default)]
    pub save_model: bool,
}

impl TrainConfig {
    pub(crate) fn check(&self) -> Result<(), Fault> {
        let Self { epochs, batch_size, optimizer, schedule, label_smoothing, dtype, device, .. } = self;
        Fault::require((1..=MAX_EPOCHS).contains(epochs), "train.epochs", format!("1 to {MAX_EPOCHS}"), epochs)?;
        let expected = format!("1 to {MAX_BATCH} images");
        Fault::require((1..=MAX_BATCH).contains(batch_size), "train.batch_size", expected, batch_size)?;
        require_share("train.label_smoothing", *label_smoothing)?;
        optimizer.check()?;
        schedule.check(optimizer.learning_rate())?;
        let cpu = matches!(device, Device::Flex | Device::Ndarray);
        let found = format!("f64 on {device}");
        let expected = "f32, or f64 on a CPU device (flex or ndarray)";
        Fault::require(*dtype != Dtype::F64 || cpu, "train.dtype", expected, found)
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

display_as_serialized!(Dtype, Device, Projection);
