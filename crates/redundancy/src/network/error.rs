use thiserror::Error;

use super::operation::Shape;
use super::parametrization::Parametrization;
use crate::RedundancyError;

/// An operation that does not fit its network.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{node}: {problem}")]
pub struct NetworkError {
    /// The name of the operation's node.
    pub node: String,
    /// The problem there.
    pub problem: Problem,
}

/// A reason why an operation does not fit its network.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Problem {
    /// Another node has the name already.
    #[error("expected a name of its own, found one that is taken")]
    RepeatedName,
    /// An input that the network does not have.
    #[error("expected inputs of this network, found one of another")]
    UnknownInput,
    /// A network has one input.
    #[error("expected an operation, found a second input")]
    SecondInput,
    /// Too few or too many inputs.
    #[error("expected {expected} input{}, found {found}", if *expected == 1 { "" } else { "s or more" })]
    Inputs {
        /// The least number of inputs.
        expected: usize,
        /// The number of inputs given.
        found: usize,
    },
    /// A size that must be positive.
    #[error("expected a positive {what}, found 0")]
    Zero {
        /// Which size.
        what: &'static str,
    },
    /// No window of a convolution or of pooling fits the padded input.
    #[error("expected a window of at most {}x{}, the padded input, found {}x{}", input[0], input[1], kernel[0], kernel[1])]
    Kernel {
        /// Height and width of a window, dilation included.
        kernel: [usize; 2],
        /// Height and width of the input, padding included.
        input: [usize; 2],
    },
    /// Padding that could fill a window of pooling.
    #[error("expected padding below the {}x{} of the kernel, found {padding:?}", kernel[0], kernel[1])]
    PoolPadding {
        /// Height and width of a window.
        kernel: [usize; 2],
        /// Above and below, left and right.
        padding: [[usize; 2]; 2],
    },
    /// Groups that do not divide the channels of a convolution.
    #[error("expected channels that {groups} groups divide, found {channels_in} in and {channels_out} out")]
    Groups {
        /// The number of groups.
        groups: usize,
        /// Channels of the input.
        channels_in: usize,
        /// Channels of the output.
        channels_out: usize,
    },
    /// Filters of too few weights for their parametrization.
    #[error("expected filters of {expected} weights or more, which `{weight}` needs, found {found}")]
    Weights {
        /// The parametrization.
        weight: Parametrization,
        /// The least number of weights of a filter.
        expected: usize,
        /// The number of weights of a filter.
        found: usize,
    },
    /// A tensor that no machine holds.
    #[error("expected tensors of at most 2^40 elements")]
    TooLarge,
    /// Inputs that cannot be added or concatenated.
    #[error("expected inputs that fit {expected:?}, found {found:?}")]
    Shapes {
        /// The shape of the first input.
        expected: Shape,
        /// The shape of the one that does not fit.
        found: Shape,
    },
    /// A feature map where a vector is asked for.
    #[error("expected a vector, found a feature map {found:?}; flatten it or take its mean")]
    Vector {
        /// The shape of the input.
        found: Shape,
    },
    /// Values of a tensor that are not there, or not as many as its shape asks for.
    #[error("expected a {name} of shape {expected:?}, found {found} values")]
    Tensor {
        /// The name of the tensor.
        name: &'static str,
        /// Its shape.
        expected: Vec<usize>,
        /// The number of values.
        found: usize,
    },
    /// A bias or a normalization that does not fit its input.
    #[error(transparent)]
    Redundancy(#[from] RedundancyError),
}
