//! Errors of impossible convolutions.

use burn::tensor::DType;
use untied_redundancy::RedundancyError;

/// A convolution that cannot be built, or an input that it cannot take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConvError {
    /// A size that must be positive is zero.
    #[error("convolution: expected a positive {what}, got {got:?}")]
    Zero {
        /// Which size.
        what: &'static str,
        /// All its sizes.
        got: Vec<usize>,
    },
    /// The groups do not divide the channels.
    #[error("convolution: expected channels that {groups} groups divide, got {channels_in} in and {channels_out} out")]
    Groups {
        /// Number of groups.
        groups: usize,
        /// Input channels.
        channels_in: usize,
        /// Output channels.
        channels_out: usize,
    },
    /// The axes of a partly tied bias are no set of spatial axes.
    #[error("convolution: expected a bias untied along distinct spatial axes below {rank}, at least one, got {axes:?}")]
    Axes {
        /// The axes asked for.
        axes: Vec<usize>,
        /// Number of spatial axes.
        rank: usize,
    },
    /// A bias that no layer can hold.
    #[error("convolution: {0}")]
    Bias(RedundancyError),
    /// An untied bias has one parameter per output location, which the configuration does not tell.
    #[error(
        "convolution: an untied bias needs the input size: call with_input_size(Some({})), \
         or use a tied bias for inputs of varying size",
        ["[length]", "[height, width]", "[depth, height, width]"][rank - 1]
    )]
    MissingInputSize {
        /// Number of spatial axes.
        rank: usize,
    },
    /// The kernel, dilation included, is larger than the padded input.
    #[error("convolution: expected an input of at least {kernel} along axis {axis}, padding included, got {input}")]
    KernelTooLarge {
        /// Spatial axis.
        axis: usize,
        /// Kernel size, dilation included.
        kernel: usize,
        /// Input size, padding included.
        input: usize,
    },
    /// A size, or the tensor of these sizes, is beyond what memory can hold.
    #[error("convolution: expected {what} of sizes that memory can hold, got {got:?}")]
    TooLarge {
        /// Which size or tensor.
        what: &'static str,
        /// All its sizes.
        got: Vec<usize>,
    },
    /// A tensor does not have the shape that it must have.
    #[error("convolution: expected {what} {expected}, got {got:?}")]
    Shape {
        /// Which tensor, with its article.
        what: &'static str,
        /// The shape that fits, with letters for the free axes.
        expected: String,
        /// The shape given.
        got: Vec<usize>,
    },
    /// The parameters are on another device than the input.
    #[error(
        "convolution: expected {what} on the input's device {expected}, got one on {got}: move the layer with \
         `to_device`, or the input"
    )]
    Device {
        /// Which tensor, with its article.
        what: &'static str,
        /// Device of the input.
        expected: String,
        /// Device of the parameter.
        got: String,
    },
    /// The input is on a backend that this crate was not compiled for.
    #[error("convolution: {0}")]
    Backend(untied_kernels::NotCompiled),
    /// Burn's own convolution does not have this.
    #[error("convolution: Burn's own layer does not have {0}")]
    Burn(&'static str),
    /// The parameters do not have the type of the input.
    #[error("convolution: expected {what} of the input's type {expected:?}, got {got:?}")]
    Type {
        /// Which tensor, with its article.
        what: &'static str,
        /// Type of the input.
        expected: DType,
        /// Type of the parameter.
        got: DType,
    },
}

impl From<RedundancyError> for ConvError {
    fn from(error: RedundancyError) -> Self {
        match error {
            RedundancyError::Axes { axes, rank } => Self::Axes { axes, rank },
            error => Self::Bias(error),
        }
    }
}
