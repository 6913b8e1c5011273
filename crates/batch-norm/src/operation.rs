//! Batch normalization as one operation of a Burn backend.
#![cfg_attr(feature = "ndarray", allow(deprecated, reason = "offered for comparison, as long as Burn has it"))]

#[cfg(any(feature = "wgpu", feature = "cuda"))]
use burn::backend::fusion::custom::TensorSpec;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, backend_extension};
use burn::tensor::DType;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
use burn::tensor::Shape;

use crate::{backward, forward};

/// A backend that normalizes by the statistics of the batch, forward and backward.
///
/// The default bodies are made of the backend's own primitives; Flex and the CubeCL backends replace them by fused
/// kernels. Only the backends whose Cargo feature of this crate is enabled take part; a call on another one panics.
///
/// `x`, `y`, `dy` and `dx` have shape `[n, c, ...]`, γ, β and their gradients `[c]`, and `statistics` is `[4, c]`:
/// see [`Row`]. All but the first four have the type [`statistics_dtype`] of x: f32 where x is f16 or bf16. The kernels
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
}

/// The rows of the `[4, c]` statistics.
///
/// The mean is kept in two numbers, as the one nearest to it may be off by more than the spread of the values; and
/// r beside σ², as σ² overflows where r does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// μ, rounded.
    Mean,
    /// What rounding took from μ.
    Residual,
    /// σ², biased: divided by the number of values.
    Var,
    /// r = 1/√(σ² + ε).
    ReciprocalStd,
}

/// The type that statistics, γ and β have for an input of this type: f32 for half precision, else the same.
#[must_use]
pub fn statistics_dtype(input: DType) -> DType {
    match input {
        DType::F16 | DType::BF16 => DType::F32,
        other => other,
    }
}

#[cfg(any(feature = "wgpu", feature = "cuda"))]
fn statistics(x: &TensorSpec) -> TensorSpec {
    TensorSpec::new(Shape::new([4, x.shape[1]]), statistics_dtype(x.dtype))
}

#[cfg(feature = "ndarray")]
impl BatchNormBackend for burn::backend::NdArray {}
