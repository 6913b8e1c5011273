//! Batch normalization as one operation of a Burn backend.
#![cfg_attr(feature = "ndarray", allow(deprecated, reason = "offered for comparison, as long as Burn has it"))]

#[cfg(any(feature = "wgpu", feature = "cuda"))]
use burn::backend::fusion::custom::TensorSpec;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Scalar, TensorMetadata, backend_extension};
use burn::tensor::Shape;

use crate::backward;

/// A backend that normalizes by the statistics of the batch, forward and backward.
///
/// The default bodies are made of the backend's own primitives; a backend may replace them by fused kernels.
/// Only the backends whose Cargo feature of this crate is enabled take part; a call on another one panics.
///
/// `x`, `y`, `dy` and `dx` have shape `[n, c, ...]`, all else `[c]`.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(any(feature = "wgpu", feature = "cuda")),
    Autodiff,
    Fusion: cfg(any(feature = "wgpu", feature = "cuda"))
)]
pub trait BatchNormBackend: Backend {
    /// y = γ·x̂ + β with x̂ = (x − μ)/√(σ² + ε), and the batch's mean μ and biased variance σ².
    ///
    /// Under autodiff only y carries a gradient; μ and σ² are constants.
    #[fusion(meta = |x, gamma, _beta, _epsilon| (x.clone(), statistic(x, gamma), statistic(x, gamma)))]
    fn untied_batch_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        forward::<Self>(x, gamma, beta, epsilon)
    }

    /// The gradients (dx, dγ, dβ) of [`untied_batch_norm`](Self::untied_batch_norm), given dy = ∂J/∂y
    /// and the statistics that it returned.
    #[fusion(meta = |x, gamma, _mean, _var, _dy, _epsilon| (x.clone(), gamma.clone(), gamma.clone()))]
    fn untied_batch_norm_backward(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        mean: FloatTensor<Self>,
        var: FloatTensor<Self>,
        dy: FloatTensor<Self>,
        epsilon: f64,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        backward::gradients::<Self>(x, gamma, mean, var, dy, epsilon)
    }
}

/// A statistic has γ's shape and x's type.
#[cfg(any(feature = "wgpu", feature = "cuda"))]
fn statistic(x: &TensorSpec, gamma: &TensorSpec) -> TensorSpec {
    TensorSpec::new(gamma.shape.clone(), x.dtype)
}

#[cfg(feature = "flex")]
impl BatchNormBackend for burn::backend::Flex {}

#[cfg(feature = "ndarray")]
impl BatchNormBackend for burn::backend::NdArray {}

#[cfg(any(feature = "wgpu", feature = "cuda"))]
impl BatchNormBackend for burn::backend::Cube {}

/// Two passes: the mean first, then the mean square of what is left, which stays exact where mean ≫ spread.
fn forward<B: Backend>(
    x: FloatTensor<B>,
    gamma: FloatTensor<B>,
    beta: FloatTensor<B>,
    epsilon: f64,
) -> (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>) {
    let channels = Channels::of::<B>(&x);
    let mean = channels.mean::<B>(x.clone());
    let centred = B::float_sub(x, channels.spread::<B>(mean.clone()));
    let var = channels.mean::<B>(B::float_mul(centred.clone(), centred.clone()));
    let x_hat = B::float_mul(centred, channels.spread::<B>(reciprocal_std::<B>(var.clone(), epsilon)));
    let y = B::float_add(B::float_mul(x_hat, channels.spread::<B>(gamma)), channels.spread::<B>(beta));
    (y, mean, var)
}

/// r = 1/√(σ² + ε).
pub(crate) fn reciprocal_std<B: Backend>(var: FloatTensor<B>, epsilon: f64) -> FloatTensor<B> {
    B::float_recip(B::float_sqrt(B::float_add_scalar(var, Scalar::Float(epsilon))))
}

/// The channel axis of a `[n, c, ...]` tensor: reductions to it and broadcasts from it.
#[derive(Clone)]
pub(crate) struct Channels {
    count: usize,
    values_per_channel: usize,
    broadcast: Shape,
}

impl Channels {
    pub(crate) fn of<B: Backend>(x: &FloatTensor<B>) -> Self {
        let shape = x.shape();
        let count = shape[1];
        let mut broadcast = vec![1; shape.num_dims()];
        broadcast[1] = count;
        Self { count, values_per_channel: shape.num_elements() / count, broadcast: Shape::from(broadcast) }
    }

    /// `[c]` → `[1, c, 1, ...]`.
    pub(crate) fn spread<B: Backend>(&self, per_channel: FloatTensor<B>) -> FloatTensor<B> {
        B::float_reshape(per_channel, self.broadcast.clone())
    }

    /// Mean over everything but the channel: `[n, c, ...]` → `[c]`.
    pub(crate) fn mean<B: Backend>(&self, x: FloatTensor<B>) -> FloatTensor<B> {
        B::float_reshape(B::float_mean_dim(self.rows::<B>(x), 1), Shape::new([self.count]))
    }

    /// Sum over everything but the channel: `[n, c, ...]` → `[c]`.
    pub(crate) fn sum<B: Backend>(&self, x: FloatTensor<B>) -> FloatTensor<B> {
        B::float_reshape(B::float_sum_dim(self.rows::<B>(x), 1), Shape::new([self.count]))
    }

    fn rows<B: Backend>(&self, x: FloatTensor<B>) -> FloatTensor<B> {
        B::float_reshape(B::float_swap_dims(x, 0, 1), Shape::new([self.count, self.values_per_channel]))
    }
}
