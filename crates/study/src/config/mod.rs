//! The typed config of a study: what one cell trains, and how cells are compared.

mod check;
mod data;
mod model;

use serde::{Deserialize, Serialize};

pub use self::check::Fault;
pub use self::data::{CanvasConfig, CanvasLabel, DataConfig, DataSource, FixedShift, ShiftPattern};
pub use self::model::{BiasPlace, Head, ModelConfig, Order, Padding};
use crate::{MeasureConfig, Projection};
pub use untied_redundancy::{Bias, Normalization};

/// Everything that one training run needs; two runs with equal configs give equal results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellConfig {
    /// `[data]`.
    pub data: DataConfig,
    /// `[model]`.
    pub model: ModelConfig,
    /// `[train]`.
    pub train: TrainConfig,
    /// `[measure]`; left out where it asks for nothing, so that cells of older results keep their hash.
    #[serde(default, skip_serializing_if = "MeasureConfig::is_nothing")]
    pub measure: MeasureConfig,
    /// Seeds the weights and the order of the images.
    pub seed: u64,
}

/// `[train]`: how long and by which rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainConfig {
    /// Passes over the training set.
    pub epochs: usize,
    /// Images a step; the last incomplete batch of an epoch is dropped.
    pub batch_size: usize,
    /// The rule that turns gradients into steps.
    pub optimizer: Optimizer,
    /// How the learning rate changes.
    #[serde(default)]
    pub schedule: Schedule,
    /// The floating-point type that training computes in.
    #[serde(default)]
    pub dtype: Dtype,
    /// The Burn backend that trains.
    #[serde(default)]
    pub device: Device,
    /// What is taken out of the part of each bias that the normalization removes. Left out of the resolved config where
    /// it is nothing, so that cells of older results keep their hash.
    #[serde(default, skip_serializing_if = "crate::skip::is_default")]
    pub project_redundant: Projection,
    /// Whether the trained model is kept, as `model.safetensors` beside the cell's result.
    #[serde(default, skip_serializing_if = "crate::skip::is_default")]
    pub save_model: bool,
}

/// The rule that turns gradients into steps. Defaults are `PyTorch`'s.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Optimizer {
    /// `v ← momentum·v + (1 − dampening)·g;  θ ← θ − learning_rate·v`, with g the gradient plus `weight_decay·θ`.
    Sgd {
        /// Size of a step; finite and above 0.
        learning_rate: f64,
        /// Share of the last velocity that stays; in [0, 1).
        #[serde(default)]
        momentum: f64,
        /// Share of the gradient that the velocity leaves out; in [0, 1].
        #[serde(default)]
        dampening: f64,
        /// Looks ahead along the velocity; needs momentum, and no dampening.
        #[serde(default)]
        nesterov: bool,
        /// L2 penalty; 0 or more.
        #[serde(default)]
        weight_decay: f64,
    },
    /// Adam; `weight_decay` is added to the gradient (L2).
    Adam {
        /// Size of a step; finite and above 0.
        learning_rate: f64,
        /// Decay of the gradient's running mean; in [0, 1).
        #[serde(default = "default_beta_1")]
        beta_1: f64,
        /// Decay of the squared gradient's running mean; in [0, 1).
        #[serde(default = "default_beta_2")]
        beta_2: f64,
        /// Added to the denominator; above 0.
        #[serde(default = "default_epsilon")]
        epsilon: f64,
        /// 0 or more.
        #[serde(default)]
        weight_decay: f64,
    },
    /// `AdamW`; `weight_decay` shrinks the weights apart from the gradient.
    #[serde(rename = "adamw")]
    AdamW {
        /// Size of a step; finite and above 0.
        learning_rate: f64,
        /// Decay of the gradient's running mean; in [0, 1).
        #[serde(default = "default_beta_1")]
        beta_1: f64,
        /// Decay of the squared gradient's running mean; in [0, 1).
        #[serde(default = "default_beta_2")]
        beta_2: f64,
        /// Added to the denominator; above 0.
        #[serde(default = "default_epsilon")]
        epsilon: f64,
        /// 0 or more.
        #[serde(default = "default_decoupled_weight_decay")]
        weight_decay: f64,
    },
}

fn default_beta_1() -> f64 {
    0.9
}

fn default_beta_2() -> f64 {
    0.999
}

fn default_epsilon() -> f64 {
    1e-8
}

fn default_decoupled_weight_decay() -> f64 {
    0.01
}

/// How the learning rate changes from step to step, starting at the optimizer's.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    /// The same at every step.
    #[default]
    Constant,
    /// Half a cosine down to `min_learning_rate` at the last step.
    Cosine {
        /// From 0 to the optimizer's.
        #[serde(default)]
        min_learning_rate: f64,
    },
    /// A straight line to `final_learning_rate` at the last step.
    Linear {
        /// 0 or more.
        final_learning_rate: f64,
    },
    /// Multiplied by `gamma` after every epoch.
    Exponential {
        /// Above 0, at most 1.
        gamma: f64,
    },
}

/// The floating-point type that training computes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dtype {
    /// Single precision.
    #[default]
    F32,
    /// Double precision; on a CPU device only.
    F64,
}

/// The Burn backend that trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
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

/// `[compare]`: which variants the report sets against which.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompareConfig {
    /// The number that variants are judged by.
    #[serde(default)]
    pub metric: Metric,
    /// The value of each compared factor that the others are measured against.
    pub baseline: crate::Factors,
    /// Differences inside ±margin count as none.
    pub margin: f64,
}

/// A number that a finished cell is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Share of test images classified rightly, in [0, 1].
    #[default]
    TestAccuracy,
    /// Mean cross-entropy on the test images, in nats.
    TestLoss,
    /// Mean cross-entropy over the last epoch's training steps, in nats.
    TrainLoss,
}
