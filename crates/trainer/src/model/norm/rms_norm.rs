//! RMS normalization over channels and locations; Burn's own layer normalizes the last axis only.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

/// Division by the root mean square of each image: nothing is subtracted, so that no bias before it is redundant.
///
/// ```text
/// y = γ·x / √(mean(x²) + ε),  the mean over (c, y, x)
/// ```
///
/// # Shapes
/// x, y `[n, c, h, w]`; γ `[c]`.
///
/// # Backward
/// Autodiff of the operations below.
///
/// # Source
/// Zhang & Sennrich 2019, Root Mean Square Layer Normalization; deviation: ε inside the root, and one γ per channel
/// instead of one per activation, as group norm has it.
#[derive(Module, Debug)]
pub(crate) struct RmsNorm {
    pub(crate) gamma: Param<Tensor<1>>,
    #[module(skip)]
    pub(crate) epsilon: f64,
}

impl RmsNorm {
    pub(crate) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [images, channels, height, width] = x.dims();
        let values = x.clone().reshape([images, channels * height * width]);
        let root = (values.square().mean_dim(1) + self.epsilon).sqrt().reshape([images, 1, 1, 1]);
        x / root * self.gamma.val().reshape([1, channels, 1, 1])
    }
}
