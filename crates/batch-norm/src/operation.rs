//! Batch normalization as one operation of a Burn backend.
#![cfg_attr(feature = "ndarray", allow(deprecated, reason = "offered for comparison, as long as Burn has it"))]

#[cfg(any(feature = "wgpu", feature = "cuda"))]
use burn::backend::fusion::custom::TensorSpec;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, backend_extension};
#[cfg(any(feature = "wgpu", feature = "cuda"))]
use burn::tensor::Shape;
use untied_kernels::norm_by_given_statistics;

#[cfg(any(feature = "wgpu", feature = "cuda"))]
use crate::statistics_dtype;
use crate::{backward, forward, pooling};

/// A backend that normalizes by the statistics of the batch, forward and backward.
///
/// The default bodies are made of the backend's own primitives; Flex and the CubeCL backends replace them by fused
/// kernels. Only the backends whose Cargo feature of this crate is enabled take part; a call on another one panics.
///
/// `x`, `y`, `dy` and `dx` have shape `[n, c, ...]`, γ, β and their gradients `[c]`, and `statistics` is `[4, c]`:
/// see [`Row`](crate::Row). All but the first four have the type [`statistics_dtype`](crate::statistics_dtype) of x: f32 where x is f16 or bf16. The kernels
/// panic on anything else, and on an x without values.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(any(feature = "wgpu", feature = "cuda")),
    Autodiff,
    Fusion: cfg(any(feature = "wgpu", feature = "cuda"))
)]
pub trait BatchNormBackend: Backend {
    /// y = γ·x̂ + β with x̂ = (x − μ)/√(σ² + ε), or max(y, 0) with `relu`; and the statistics of the batch.
    ///
    /// Under autodiff only y carries a gradient; the statistics are constants.
    #[fusion(meta = |x, _gamma, _beta, _epsilon, _relu| (x.clone(), statistics(x)))]
    fn untied_batch_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
        relu: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        forward::normalize::<Self>(x, gamma, beta, epsilon, relu)
    }

    /// The gradients (dx, dγ, dβ) of [`untied_batch_norm`](Self::untied_batch_norm), given dy = ∂J/∂y
    /// and the statistics that it returned.
    #[fusion(meta = |x, gamma, _beta, _statistics, _dy, _relu| (x.clone(), gamma.clone(), gamma.clone()))]
    fn untied_batch_norm_backward(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        statistics: FloatTensor<Self>,
        dy: FloatTensor<Self>,
        relu: bool,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        backward::gradients::<Self>(x, gamma, beta, &statistics, dy, relu)
    }

    /// y = max(γ·x̂ + β + other, 0), where a residual block ends, and the statistics of the batch; `other` is like x.
    ///
    /// It rounds as norm, addition and ReLU one after the other do.
    #[fusion(default)]
    fn untied_batch_norm_add_relu(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        other: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let (u, statistics) = Self::untied_batch_norm(x, gamma, beta, epsilon, false);
        (Self::relu(Self::float_add(u, other)), statistics)
    }

    /// The gradients (dx, dγ, dβ, ∂J/∂other) of [`untied_batch_norm_add_relu`](Self::untied_batch_norm_add_relu), given
    /// its y and dy.
    #[fusion(default)]
    fn untied_batch_norm_add_relu_backward(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        statistics: FloatTensor<Self>,
        y: FloatTensor<Self>,
        dy: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let du = Self::relu_backward(y, dy);
        let (dx, dgamma, dbeta) = Self::untied_batch_norm_backward(x, gamma, beta, statistics, du.clone(), false);
        (dx, dgamma, dbeta, du)
    }

    /// The largest element of each 2×2 window of max(γ·x̂ + β, 0), without overlap, and the statistics of the batch.
    ///
    /// x `[n, c, h, w]`, y and dy `[n, c, ⌊h/2⌋, ⌊w/2⌋]`. It rounds as norm, ReLU and pooling one after the other do.
    #[fusion(default)]
    fn untied_batch_norm_relu_pool(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let (y, statistics) = Self::untied_batch_norm(x, gamma, beta, epsilon, true);
        (pooling::forward::<Self>(y), statistics)
    }

    /// The gradients (dx, dγ, dβ) of [`untied_batch_norm_relu_pool`](Self::untied_batch_norm_relu_pool): dy goes to the
    /// first maximum of each window.
    #[fusion(default)]
    fn untied_batch_norm_relu_pool_backward(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        statistics: FloatTensor<Self>,
        dy: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        let y = forward::rectified::<Self>(x.clone(), gamma.clone(), beta.clone(), &statistics);
        let du = pooling::backward::<Self>(y, dy);
        Self::untied_batch_norm_backward(x, gamma, beta, statistics, du, true)
    }

    /// y = γ·(x − μ)/√(σ² + ε) + β by given μ and σ² `[c]`, or max(y, 0) with `relu`; x may have no values.
    #[fusion(default)]
    fn untied_batch_norm_inference(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        var: FloatTensor<Self>,
        epsilon: f64,
        relu: bool,
    ) -> FloatTensor<Self> {
        let y = norm_by_given_statistics::<Self>(x, [gamma, beta, mean, var], epsilon);
        if relu { Self::relu(y) } else { y }
    }

    /// max(y + other, 0) of the y of [`untied_batch_norm_inference`](Self::untied_batch_norm_inference).
    #[fusion(default)]
    fn untied_batch_norm_inference_add_relu(
        x: FloatTensor<Self>,
        other: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        var: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        let y = norm_by_given_statistics::<Self>(x, [gamma, beta, mean, var], epsilon);
        Self::relu(Self::float_add(y, other))
    }
}

#[cfg(any(feature = "wgpu", feature = "cuda"))]
fn statistics(x: &TensorSpec) -> TensorSpec {
    TensorSpec::new(Shape::new([4, x.shape[1]]), statistics_dtype(x.dtype))
}

#[cfg(feature = "ndarray")]
impl BatchNormBackend for burn::backend::NdArray {}
