//! What the mean and the variance are taken over.

use burn::config::Config;

/// The set of values that share one mean and one variance.
#[derive(Config, Debug, PartialEq, Eq)]
pub enum Statistics {
    /// One mean and variance per channel, over all images and locations: the usual batch norm for convolutions.
    PerChannel,
    /// One mean and variance per channel and location, over the images alone. γ and β have as many numbers,
    /// so that β is itself an untied bias after the normalization.
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
