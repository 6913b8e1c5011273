//! `[model]` as a type, and what its values must fulfil.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use untied_redundancy::network::Parametrization;
use untied_redundancy::{Bias, Normalization, Span};

use super::choices::{Activation, BiasPlace, Head, Initialisation, Order, Padding, Shortcut};
use super::layer::{LayerConfig, check_bias, visit};
use super::net::Net;
use crate::config::fault::{Fault, Float, require_positive, require_share};

const MAX_BLOCKS: usize = 32;
const MAX_LAYERS: usize = 1024;
const MAX_CHANNELS: usize = 1 << 16;
const MAX_KERNEL: usize = 1023;
const MAX_WEIGHTS: usize = 1 << 30;

/// `[model]`: a network by its name, or as a list of layers; and what its layers have where they say nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// The network, by name.
    #[serde(default)]
    pub net: Net,
    /// Output channels of each block of `plain`, or of each stage of another net, which has some of its own.
    #[serde(default)]
    pub channels: Vec<usize>,
    /// The layers before the head, instead of a network by name.
    #[serde(default)]
    pub layers: Vec<LayerConfig>,
    /// Side of the square kernels; without padding, at most the smallest input they meet.
    #[serde(default = "default_kernel")]
    pub kernel: usize,
    /// Padding of the convolutions.
    #[serde(default)]
    pub padding: Padding,
    /// What makes the convolutions' weights of their parameters.
    #[serde(default)]
    pub weight: Parametrization,
    /// The distribution that weights start from.
    #[serde(default)]
    pub init: Initialisation,
    /// A file whose tensors the model starts from: a model of this program, or a state dict of PyTorch, `.safetensors`; `.pt`, `.pth`
    /// or `.bin` with the Cargo feature `pytorch`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub init_from: Option<PathBuf>,
    /// Beginnings of names in that file, each with the one in the model: `{ "fc" = "head" }` has `fc.weight` become `head.weight`. One
    /// with which no name begins is refused. Wrappers such as `module.` go by themselves.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub init_names: BTreeMap<String, String>,
    /// Takes the tensors of that file that fit; the others start as without it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub init_partial: bool,
    /// The convolutions' biases.
    #[serde(default)]
    pub bias: Bias,
    /// The normalizations.
    #[serde(default)]
    pub norm: Normalization,
    /// The number that normalizations add to a variance or a mean square, inside the root.
    #[serde(default = "default_epsilon")]
    pub epsilon: f64,
    /// The activations; left out, those of the net: `tanh` of `lenet1989` and `lenet5`, otherwise `relu`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<Activation>,
    /// The order of normalization and activation, of `plain`.
    #[serde(default)]
    pub order: Order,
    /// The operation whose output the bias is added to, of `plain`.
    #[serde(default)]
    pub bias_after: BiasPlace,
    /// Whether the normalization has β of its own.
    #[serde(default = "yes")]
    pub beta: bool,
    /// The weight of the newest batch in the running statistics of batch norm; above 0, at most 1.
    #[serde(default = "default_running_momentum")]
    pub running_momentum: f64,
    /// The way around residual layers.
    #[serde(default)]
    pub shortcut: Shortcut,
    /// The share of elements that dropout layers take away in training.
    #[serde(default)]
    pub dropout: f64,
    /// The layer that turns the last feature maps into class scores.
    #[serde(default)]
    pub head: Head,
    /// Whether that layer has a bias.
    #[serde(default = "yes")]
    pub head_bias: bool,
}

impl ModelConfig {
    /// Blocks of these channels, all else at its default.
    #[must_use]
    pub fn new(channels: Vec<usize>) -> Self {
        Self {
            net: Net::default(),
            channels,
            layers: vec![],
            kernel: default_kernel(),
            padding: Padding::default(),
            weight: Parametrization::default(),
            init: Initialisation::default(),
            init_from: None,
            init_names: BTreeMap::new(),
            init_partial: false,
            bias: Bias::default(),
            norm: Normalization::default(),
            epsilon: EPSILON,
            activation: None,
            order: Order::default(),
            bias_after: BiasPlace::default(),
            beta: true,
            running_momentum: RUNNING_MOMENTUM,
            shortcut: Shortcut::default(),
            dropout: 0.0,
            head: Head::default(),
            head_bias: true,
        }
    }

    /// A network by its name, all else at its default.
    #[must_use]
    pub fn of_net(net: Net) -> Self {
        Self { net, ..Self::new(vec![]) }
    }

    /// Whether the layers are the blocks of `plain`.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.layers.is_empty() && self.net == Net::Plain
    }

    /// The activation of layers that say nothing else.
    #[must_use]
    pub fn activation(&self) -> Activation {
        self.activation.unwrap_or_else(|| self.net.activation())
    }

    pub(crate) fn check(&self) -> Result<(), Fault> {
        let (kernel, momentum) = (self.kernel, self.running_momentum);
        if self.layers.is_empty() {
            self.check_channels()?;
        } else {
            self.check_layers()?;
        }
        Fault::require((1..=MAX_KERNEL).contains(&kernel), "model.kernel", format!("1 to {MAX_KERNEL}"), kernel)?;
        if self.is_plain() {
            self.check_weights()?;
        }
        check_bias(&self.bias, "model.bias")?;
        self.check_groups()?;
        require_positive("model.epsilon", self.epsilon)?;
        let valid = momentum > 0.0 && momentum <= 1.0;
        Fault::require(valid, "model.running_momentum", "a number above 0, at most 1", Float(momentum))?;
        require_share("model.dropout", self.dropout)?;
        self.check_start()?;
        self.check_place()
    }

    fn check_start(&self) -> Result<(), Fault> {
        let given = [("model.init_names", !self.init_names.is_empty()), ("model.init_partial", self.init_partial)];
        let expected = "a file, `model.init_from`, beside it";
        given
            .into_iter()
            .try_for_each(|(key, given)| Fault::require(!given || self.init_from.is_some(), key, expected, "none"))
    }

    fn check_channels(&self) -> Result<(), Fault> {
        let (blocks, key) = (self.channels.len(), "model.channels");
        match self.net.channels() {
            [] if blocks == 0 => {
                let expected =
                    format!("1 to {MAX_BLOCKS} blocks, or `model.layers`, or another `model.net` than plain");
                return Err(Fault::new(key, expected, blocks));
            }
            [] => Fault::require(blocks <= MAX_BLOCKS, key, format!("1 to {MAX_BLOCKS} blocks"), blocks)?,
            stages => {
                let expected = format!("{} stages of net `{}`, or none, for {stages:?}", stages.len(), self.net);
                Fault::require([0, stages.len()].contains(&blocks), key, expected, blocks)?;
            }
        }
        for channels in &self.channels {
            let expected = format!("1 to {MAX_CHANNELS} channels a block");
            Fault::require((1..=MAX_CHANNELS).contains(channels), key, expected, channels)?;
        }
        Ok(())
    }

    fn check_layers(&self) -> Result<(), Fault> {
        let beside = |what: &str| format!("{what} beside `model.layers`, which names every layer");
        Fault::require(self.net == Net::Plain, "model.net", beside("none"), self.net)?;
        Fault::require(self.channels.is_empty(), "model.channels", beside("none"), format!("{:?}", self.channels))?;
        let mut count = 0;
        visit(&self.layers, &mut |_| count += 1);
        Fault::require(count <= MAX_LAYERS, "model.layers", format!("at most {MAX_LAYERS} layers"), count)?;
        let layers = self.layers.iter().enumerate();
        layers.into_iter().try_for_each(|(index, layer)| layer.check(&format!("model.layers.{index}"), 0))
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
        let mut blocks = self.channels.iter().filter(|_| self.is_plain());
        match blocks.position(|channels| !channels.is_multiple_of(groups)) {
            None => Ok(()),
            Some(index) => {
                let expected = format!("a divisor of the {} channels of block {}", self.channels[index], index + 1);
                Err(Fault::new(key, expected, groups))
            }
        }
    }

    /// The part of a bias after this block's activation that the next block's normalization removes is known where its
    /// sets hold whole channels of one weight each.
    fn check_place(&self) -> Result<(), Fault> {
        if !self.is_plain() {
            let expected =
                |value: &str| format!("{value} of another net than plain, whose layers have an order of their own");
            let valid = self.order == Order::NormFirst;
            Fault::require(valid, "model.order", expected("norm_first"), self.order)?;
            let valid = self.bias_after == BiasPlace::Convolution;
            return Fault::require(valid, "model.bias_after", expected("convolution"), self.bias_after);
        }
        let far = self.bias_after == BiasPlace::Activation && self.order == Order::NormFirst;
        let known = self.norm.spec().is_none_or(|spec| !spec.centres || spec.span == Span::Channel);
        let expected = "convolution or norm with this normalization; activation needs none, batch, instance or rms";
        let valid = !far || known || self.bias == Bias::None;
        Fault::require(valid, "model.bias_after", expected, self.bias_after)
    }
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

/// `PyTorch`'s.
const EPSILON: f64 = 1e-5;

fn default_epsilon() -> f64 {
    EPSILON
}
