//! The names of networks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::choices::Activation;
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
    /// `resnet8` with normalization and activation before each convolution.
    Resnet8Preact,
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
            Self::Resnet8 | Self::Resnet20 | Self::Resnet8Preact | Self::Resnet20Preact => &[16, 32, 64],
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
}

display_as_serialized!(Net);
