//! `[model]`: the blocks of a CNN.

use serde::{Deserialize, Serialize};
use untied_redundancy::{Bias, Normalization};

/// `[model]`: one block per entry of `channels`, each a convolution, a normalization, `ReLU` and 2×2 max pooling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// Output channels of each block.
    pub channels: Vec<usize>,
    /// Side of the square kernels; without padding, at most the smallest input they meet.
    #[serde(default = "default_kernel")]
    pub kernel: usize,
    /// Zero padding of the convolutions.
    #[serde(default)]
    pub padding: Padding,
    /// The convolutions' biases.
    #[serde(default)]
    pub bias: Bias,
    /// The normalization after each convolution.
    #[serde(default)]
    pub norm: Normalization,
    /// Whether the normalization comes before the `ReLU` or after it.
    #[serde(default, skip_serializing_if = "crate::skip::is_default")]
    pub order: Order,
    /// The operation whose output the bias is added to.
    #[serde(default, skip_serializing_if = "crate::skip::is_default")]
    pub bias_after: BiasPlace,
    /// Whether the normalization has β of its own.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub beta: bool,
    /// The weight of the newest batch in the running statistics of batch norm; above 0, at most 1.
    #[serde(default = "default_running_momentum", skip_serializing_if = "is_default_running_momentum")]
    pub running_momentum: f64,
    /// What turns the last feature maps into class scores.
    #[serde(default, skip_serializing_if = "crate::skip::is_default")]
    pub head: Head,
}

impl ModelConfig {
    /// Blocks of these channels, all else at its default.
    #[must_use]
    pub fn new(channels: Vec<usize>) -> Self {
        Self {
            channels,
            kernel: default_kernel(),
            padding: Padding::default(),
            bias: Bias::default(),
            norm: Normalization::default(),
            order: Order::default(),
            bias_after: BiasPlace::default(),
            beta: true,
            running_momentum: RUNNING_MOMENTUM,
            head: Head::default(),
        }
    }
}

fn default_kernel() -> usize {
    3
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_yes(value: &bool) -> bool {
    *value
}

/// `PyTorch`'s.
const RUNNING_MOMENTUM: f64 = 0.1;

fn default_running_momentum() -> f64 {
    RUNNING_MOMENTUM
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_default_running_momentum(value: &f64) -> bool {
    *value == RUNNING_MOMENTUM
}

/// Zero padding of the convolutions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// The output is as large as the input.
    #[default]
    Same,
    /// No padding: the output is smaller by `kernel - 1`.
    Valid,
}

/// Which of normalization and `ReLU` comes first in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Convolution, normalization, `ReLU`.
    #[default]
    NormFirst,
    /// Convolution, `ReLU`, normalization.
    ActivationFirst,
}

/// The operation of a block whose output the bias is added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BiasPlace {
    /// The convolution, as usual.
    #[default]
    Convolution,
    /// The normalization, where β stands too.
    Norm,
    /// The `ReLU`.
    Activation,
}

/// What turns the last feature maps into class scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Head {
    /// A linear layer that sees every location of every channel.
    #[default]
    Flatten,
    /// A linear layer that sees the mean of each channel over all locations.
    Mean,
}
