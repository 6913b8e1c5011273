//! `[model]`: the blocks of a CNN.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use untied_redundancy::network::Parametrization;
use untied_redundancy::{Bias, Normalization, Span};

use super::fault::{Fault, Float};
use crate::factors::display_as_serialized;

const MAX_BLOCKS: usize = 32;
const MAX_CHANNELS: usize = 1 << 16;
const MAX_KERNEL: usize = 1023;
const MAX_WEIGHTS: usize = 1 << 30;

/// `[model]`: one block per entry of `channels`, each a convolution, a normalization, `ReLU` and 2×2 max pooling.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// What makes the convolutions' weights of their parameters.
    #[serde(default)]
    pub weight: Parametrization,
    /// The convolutions' biases.
    #[serde(default)]
    pub bias: Bias,
    /// The normalization after each convolution.
    #[serde(default)]
    pub norm: Normalization,
    /// The order of normalization and `ReLU`.
    #[serde(default)]
    pub order: Order,
    /// The operation whose output the bias is added to.
    #[serde(default)]
    pub bias_after: BiasPlace,
    /// Whether the normalization has β of its own.
    #[serde(default = "yes")]
    pub beta: bool,
    /// The weight of the newest batch in the running statistics of batch norm; above 0, at most 1.
    #[serde(default = "default_running_momentum")]
    pub running_momentum: f64,
    /// The layer that turns the last feature maps into class scores.
    #[serde(default)]
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
            weight: Parametrization::default(),
            bias: Bias::default(),
            norm: Normalization::default(),
            order: Order::default(),
            bias_after: BiasPlace::default(),
            beta: true,
            running_momentum: RUNNING_MOMENTUM,
            head: Head::default(),
        }
    }

    pub(crate) fn check(&self) -> Result<(), Fault> {
        let (blocks, kernel, momentum) = (self.channels.len(), self.kernel, self.running_momentum);
        let key = "model.channels";
        Fault::require((1..=MAX_BLOCKS).contains(&blocks), key, format!("1 to {MAX_BLOCKS} blocks"), blocks)?;
        for channels in &self.channels {
            let expected = format!("1 to {MAX_CHANNELS} channels a block");
            Fault::require((1..=MAX_CHANNELS).contains(channels), key, expected, channels)?;
        }
        Fault::require((1..=MAX_KERNEL).contains(&kernel), "model.kernel", format!("1 to {MAX_KERNEL}"), kernel)?;
        self.check_weights()?;
        check_bias(&self.bias)?;
        self.check_groups()?;
        let valid = momentum > 0.0 && momentum <= 1.0;
        Fault::require(valid, "model.running_momentum", "a number above 0, at most 1", Float(momentum))?;
        self.check_place()
    }

    fn check_weights(&self) -> Result<(), Fault> {
        let inner = self.channels.windows(2).map(|pair| pair[0].saturating_mul(pair[1]));
        let filters = inner.fold(self.channels[0], usize::saturating_add);
        let weights = filters.saturating_mul(self.kernel * self.kernel);
        Fault::require(weights <= MAX_WEIGHTS, "model.channels", format!("at most {MAX_WEIGHTS} weights"), weights)
    }

    fn check_groups(&self) -> Result<(), Fault> {
        let Normalization::Group(groups) = self.norm else { return Ok(()) };
        let key = "model.norm.group";
        Fault::require(groups > 0, key, "1 or more groups", groups)?;
        match self.channels.iter().position(|channels| !channels.is_multiple_of(groups)) {
            None => Ok(()),
            Some(index) => {
                let expected = format!("a divisor of the {} channels of block {}", self.channels[index], index + 1);
                Err(Fault::new(key, expected, groups))
            }
        }
    }

    /// The part of a bias after this block's `ReLU` that the next block's normalization removes is known where its
    /// sets hold whole channels of one weight each.
    fn check_place(&self) -> Result<(), Fault> {
        let far = self.bias_after == BiasPlace::Activation && self.order == Order::NormFirst;
        let known = self.norm.spec().is_none_or(|spec| !spec.centres || spec.span == Span::Channel);
        let expected = "convolution or norm with this normalization; activation needs none, batch, instance or rms";
        let valid = !far || known || self.bias == Bias::None;
        Fault::require(valid, "model.bias_after", expected, self.bias_after)
    }
}

fn check_bias(bias: &Bias) -> Result<(), Fault> {
    let Bias::UntiedAlong(axes) = bias else { return Ok(()) };
    let sorted = axes.windows(2).all(|pair| pair[0] < pair[1]);
    let valid = !axes.is_empty() && sorted && axes.iter().all(|axis| *axis < 2);
    let expected = "[0], [1] or [0, 1] (0: height, 1: width)";
    Fault::require(valid, "model.bias.untied_along", expected, format!("{axes:?}"))
}

fn default_kernel() -> usize {
    3
}

fn yes() -> bool {
    true
}

/// `PyTorch`'s.
const RUNNING_MOMENTUM: f64 = 0.1;

fn default_running_momentum() -> f64 {
    RUNNING_MOMENTUM
}

/// Zero padding of the convolutions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// The output is as large as the input.
    #[default]
    Same,
    /// No padding: the output is smaller by `kernel - 1`.
    Valid,
}

/// The order of normalization and `ReLU` in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Convolution, normalization, `ReLU`.
    #[default]
    NormFirst,
    /// Convolution, `ReLU`, normalization.
    ActivationFirst,
}

/// The operation of a block whose output the bias is added to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
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

/// The layer that turns the last feature maps into class scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Head {
    /// A linear layer that sees every location of every channel.
    #[default]
    Flatten,
    /// A linear layer that sees the mean of each channel over all locations.
    Mean,
}

display_as_serialized!(Padding, Order, BiasPlace, Head);
