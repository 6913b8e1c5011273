//! The named choices of `[model]`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::factors::display_as_serialized;

/// The padding of a convolution's input: its extent, and what fills it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Padding {
    /// Zeros, as many as make the output ⌈input/stride⌉ long; the odd one at the end.
    #[default]
    Same,
    /// No padding: the output is smaller by `kernel - 1`.
    Valid,
    /// As long as `same`, filled with the input from its other end on.
    Circular,
    /// As long as `same`, filled with the elements of the border.
    Replicate,
    /// Zeros, half a kernel on each side, as `PyTorch`'s `padding = 1` of 3×3 kernels.
    Half,
    /// So many zeros above and below, left and right.
    Explicit([[usize; 2]; 2]),
}

/// The order of normalization and activation in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Convolution, normalization, activation.
    #[default]
    NormFirst,
    /// Convolution, activation, normalization.
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
    /// The activation.
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

/// A nonlinear function of each element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Activation {
    /// max(x, 0).
    Relu,
    /// max(x, 0.01·x).
    LeakyRelu,
    /// x·Φ(x), with the distribution function Φ of the normal distribution.
    Gelu,
    /// tanh(x).
    Tanh,
    /// None: x itself.
    None,
}

/// The way that adds the input of a residual layer to its output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shortcut {
    /// The input itself, which must have the shape of the output.
    Identity,
    /// Where the shape changes, every so manyth location, and zeros in new channels (option A of He et al. 2016).
    #[default]
    ZeroPadded,
    /// Where the shape changes, a 1×1 convolution with a bias as other convolutions have.
    Convolution,
}

/// The distribution that weights start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Initialisation {
    /// Uniform within ±1/√fan_in, biases of linear layers too, as `PyTorch` does.
    #[default]
    Uniform,
    /// Normal with deviation √(2/fan_in), biases 0 (He et al. 2015).
    Kaiming,
    /// Uniform within ±2.4/fan_in, biases 0 (`LeCun` et al. 1989).
    Lecun1989,
}

display_as_serialized!(Padding, Order, BiasPlace, Head, Activation, Shortcut, Initialisation);
