//! Networks by name: each is a list of layers.

mod lenet;
mod mobilenet;
mod plain;
mod resnet;
mod vgg;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ModelConfig;
use super::choices::{Activation, Padding};
use super::layer::{LayerConfig, LayerKind};
use crate::factors::display_as_serialized;

/// A network by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Net {
    /// A block for each entry of `channels`: convolution, normalization, activation and 2×2 max pooling.
    #[default]
    Plain,
    /// Two 5×5 convolutions of stride 2 and a linear layer of 30, tanh (`LeCun` et al. 1989).
    Lenet1989,
    /// Two 5×5 convolutions with average pooling, linear layers of 120 and 84, tanh (`LeCun` et al. 1998).
    Lenet5,
    /// Three times two 3×3 convolutions and max pooling, then a linear layer.
    Vgg8,
    /// A residual network of three stages with one block each (He et al. 2016).
    Resnet8,
    /// The same with three blocks each.
    Resnet20,
    /// `resnet20` with normalization and activation before each convolution (He et al. 2016, Identity Mappings).
    Resnet20Preact,
    /// Depthwise separable convolutions in three stages (Howard et al. 2017), for small images.
    MobilenetSmall,
}

impl Net {
    /// Output channels of each stage, where the config does not say them; none of `plain`.
    pub(super) fn channels(self) -> &'static [usize] {
        match self {
            Self::Plain => &[],
            Self::Lenet1989 => &[12, 12],
            Self::Lenet5 => &[6, 16],
            Self::Vgg8 => &[64, 128, 256],
            Self::Resnet8 | Self::Resnet20 | Self::Resnet20Preact => &[16, 32, 64],
            Self::MobilenetSmall => &[32, 64, 128, 256],
        }
    }

    /// The activation, where the config does not say it.
    pub(super) fn activation(self) -> Activation {
        match self {
            Self::Lenet1989 | Self::Lenet5 => Activation::Tanh,
            _ => Activation::Relu,
        }
    }

    /// The layers before the head. What they leave out is as the config says.
    pub(super) fn layers(self, model: &ModelConfig) -> Vec<LayerConfig> {
        let channels = if model.channels.is_empty() { self.channels() } else { &model.channels };
        match self {
            Self::Plain => plain::layers(model),
            Self::Lenet1989 => lenet::lenet_1989(channels),
            Self::Lenet5 => lenet::lenet_5(channels),
            Self::Vgg8 => vgg::layers(channels),
            Self::Resnet8 => resnet::layers(model, channels, 1),
            Self::Resnet20 => resnet::layers(model, channels, 3),
            Self::Resnet20Preact => resnet::preactivated(model, channels, 3),
            Self::MobilenetSmall => mobilenet::layers(model, channels),
        }
    }
}

fn layer(kind: LayerKind, name: impl Into<String>) -> LayerConfig {
    LayerConfig::new(kind).named(name)
}

fn convolution(name: impl Into<String>, channels: usize) -> LayerConfig {
    LayerConfig { channels: Some(channels), ..layer(LayerKind::Convolution, name) }
}

fn linear(name: impl Into<String>, features: usize) -> LayerConfig {
    LayerConfig { features: Some(features), ..layer(LayerKind::Linear, name) }
}

fn norm(name: impl Into<String>) -> LayerConfig {
    layer(LayerKind::Norm, name)
}

fn activation(name: impl Into<String>) -> LayerConfig {
    layer(LayerKind::Activation, name)
}

/// The layer with a stride. In place of zeros that depend on the size of the input, it has half a kernel of them on each
/// side, as other frameworks have.
fn strided(layer: LayerConfig, stride: usize, model: &ModelConfig) -> LayerConfig {
    if stride == 1 {
        return layer;
    }
    let padding = (model.padding == Padding::Same).then_some(Padding::Half);
    LayerConfig { stride: Some(stride.into()), padding, ..layer }
}

display_as_serialized!(Net);
