//! Filter response normalization.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

/// Division by the root mean square of each image and channel: nothing is subtracted, so that no bias before it is
/// redundant.
///
/// ```text
/// ν² = mean(x²) over (y, x)
/// y  = γ·x / √(ν² + ε) + β
/// ```
///
/// # Shapes
/// x, y `[n, c, h, w]`; γ, β `[c]`; ν² `[n, c]`.
///
/// # Backward
/// Autodiff of the operations below.
///
/// # Source
/// Singh & Krishnan 2020, Filter Response Normalization Layer: Eliminating Batch Dependence in the Training of Deep
/// Neural Networks; deviation: ε is that of the other normalizations here, 10⁻⁵ instead of 10⁻⁶, and not learned. The
/// thresholded linear unit that the paper puts behind it is an activation of its own.
#[derive(Module, Debug)]
pub(crate) struct FilterResponseNorm {
    pub(crate) gamma: Param<Tensor<1>>,
    pub(crate) beta: Param<Tensor<1>>,
    #[module(skip)]
    pub(crate) epsilon: f64,
}

impl FilterResponseNorm {
    pub(crate) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [images, channels, height, width] = x.dims();
        let planes = x.clone().reshape([images, channels, height * width]);
        let root = (planes.square().mean_dim(2) + self.epsilon).sqrt().reshape([images, channels, 1, 1]);
        let [gamma, beta] = [&self.gamma, &self.beta].map(|param| param.val().reshape([1, channels, 1, 1]));
        x / root * gamma + beta
    }
}
