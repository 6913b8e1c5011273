use super::parametrization::Parametrization;
use super::window::{Fill, Window};
use crate::{Bias, Normalization};

/// Channels, height and width of a feature map; a vector of n elements is `[n, 1, 1]`.
pub type Shape = [usize; 3];

/// One operation of a network, on feature maps `[c, y, x]`. Weights are not part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// The network's input.
    Input,
    /// A convolution without its bias.
    Convolution(Convolution),
    /// A bias that is added to its input.
    Bias(Bias),
    /// A normalization with its affine parameters.
    Normalization {
        /// Which one.
        normalization: Normalization,
        /// Whether β is trained, where there is one; otherwise it is 0.
        beta: bool,
    },
    /// A nonlinear function of each element.
    Activation(Activation),
    /// Pooling over windows.
    Pooling(Pooling),
    /// The mean of each channel over all locations.
    Mean,
    /// The sum of inputs of one shape.
    Addition,
    /// The channels of all inputs, one after the other.
    Concatenation,
    /// Channels of zeros before and after those of the input.
    ChannelPadding {
        /// How many before.
        before: usize,
        /// How many after.
        after: usize,
    },
    /// All elements as a vector, channel by channel.
    Flatten,
    /// Dropout: identity in evaluation.
    Dropout,
    /// A linear map of a vector, without its bias.
    Linear {
        /// Elements of the output.
        features: usize,
    },
    /// Cross-entropy of the softmax of a vector of class scores.
    Loss,
}

/// A nonlinear function of each element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// max(x, 0).
    Relu,
    /// max(x, a·x) for a small slope a.
    LeakyRelu,
    /// x·Φ(x).
    Gelu,
    /// x·σ(x).
    Silu,
    /// σ(x) = 1/(1 + e⁻ˣ).
    Sigmoid,
    /// tanh(x).
    Tanh,
}

/// A convolution over height and width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Convolution {
    /// Channels of the output.
    pub channels: usize,
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Distance of two output locations in the input.
    pub stride: [usize; 2],
    /// Distance of two kernel elements in the input.
    pub dilation: [usize; 2],
    /// The extent of the padding.
    pub padding: Padding,
    /// The content of the padding.
    pub fill: Fill,
    /// Groups of channels that are convolved apart.
    pub groups: usize,
    /// What makes the weight of its parameters.
    pub weight: Parametrization,
}

impl Convolution {
    /// A convolution with stride 1, no padding, one group and a plain weight.
    pub fn new(channels: usize, kernel: [usize; 2]) -> Self {
        let (padding, fill, weight) = (Padding::Valid, Fill::Zero, Parametrization::Plain);
        Self { channels, kernel, stride: [1; 2], dilation: [1; 2], padding, fill, groups: 1, weight }
    }

    /// The windows along height and width of an input.
    pub(crate) fn windows(&self, input: Shape) -> [Window; 2] {
        let Self { kernel, stride, dilation, padding, .. } = *self;
        [0, 1].map(|axis| Window::new(kernel[axis], stride[axis], dilation[axis], padding.pair(axis), input[axis + 1]))
    }
}

/// The extent of the padding of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// None.
    Valid,
    /// As much as makes the output ⌈input/stride⌉ long, dilation taken into account; the odd one at the end.
    Same,
    /// As many locations as given: above and below, left and right.
    Explicit([[usize; 2]; 2]),
}

impl Padding {
    /// Locations before and after the input along an axis; none where they depend on its size.
    pub(super) fn pair(self, axis: usize) -> Option<[usize; 2]> {
        match self {
            Self::Valid => Some([0, 0]),
            Self::Same => None,
            Self::Explicit(pairs) => Some(pairs[axis]),
        }
    }
}

/// Pooling over windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pooling {
    /// The reduction of a window.
    pub pool: Pool,
    /// Height and width of a window.
    pub kernel: [usize; 2],
    /// Distance of two windows in the input.
    pub stride: [usize; 2],
    /// Locations around the input: above and below, left and right. A maximum does not see them.
    pub padding: [[usize; 2]; 2],
}

impl Pooling {
    /// Pooling of windows that lie side by side, without padding.
    pub fn new(pool: Pool, kernel: [usize; 2]) -> Self {
        Self { pool, kernel, stride: kernel, padding: [[0; 2]; 2] }
    }

    /// The windows along height and width of an input.
    pub(crate) fn windows(&self, input: Shape) -> [Window; 2] {
        let Self { kernel, stride, padding, .. } = *self;
        [0, 1].map(|axis| Window::new(kernel[axis], stride[axis], 1, Some(padding[axis]), input[axis + 1]))
    }
}

/// The reduction of a window to one element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pool {
    /// The largest element.
    Max,
    /// The mean.
    Average {
        /// Whether the padding counts, as zeros.
        count_padding: bool,
    },
}
