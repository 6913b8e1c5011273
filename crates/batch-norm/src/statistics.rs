//! Mean and variance: the values that share them, and how they are kept.

use burn::config::Config;
use burn::tensor::DType;
use untied_kernels::accumulator_dtype;

/// Set of values that share one mean and one variance.
#[derive(Config, Debug, PartialEq, Eq)]
pub enum Statistics {
    /// One mean and variance per channel, over all images and locations: the usual batch norm for convolutions.
    PerChannel,
    /// One mean and variance per channel and location, over the images alone. γ and β have as many
    /// elements, so that β is itself an untied bias after the normalization.
    PerActivation {
        /// Spatial size of the input, e.g. `[height, width]`.
        size: Vec<usize>,
    },
}

impl Statistics {
    /// Number of means, and of variances, for an input of `features` channels.
    #[must_use]
    pub fn count(&self, features: usize) -> usize {
        match self {
            Self::PerChannel => features,
            Self::PerActivation { size } => features * size.iter().product::<usize>(),
        }
    }
}

/// Row of the `[4, c]` statistics of a batch.
///
/// The mean is kept in two elements, as the one nearest to it may be off by more than the spread of the values; and
/// r beside σ², as σ² overflows where r does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// μ, rounded.
    Mean,
    /// The mean less the rounded μ.
    Residual,
    /// σ², biased: divided by the number of values.
    Var,
    /// r = 1/√(σ² + ε).
    ReciprocalStd,
}

/// Type of the statistics, γ and β for an input of this type: f32 for half precision, else the same.
#[must_use]
pub fn statistics_dtype(input: DType) -> DType {
    accumulator_dtype(input)
}
