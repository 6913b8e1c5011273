//! Batch normalization by given statistics, in a backend's own operations.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};
use burn::tensor::FloatDType;

use crate::accumulator_dtype;

/// γ·(x − μ)/√(σ² + ε) + β in the type of x, by Burn's own operations.
///
/// # Shapes
/// x `[n, c, ...]`; γ, β, μ and σ² `[c]`, of the type in which elements of x are added up: see [`accumulator_dtype`].
pub fn norm_by_given_statistics<B: Backend>(
    x: FloatTensor<B>,
    [gamma, beta, mean, var]: [FloatTensor<B>; 4],
    epsilon: f64,
) -> FloatTensor<B> {
    let (dtype, wide) = (x.dtype(), accumulator_dtype(x.dtype()));
    if dtype == wide {
        return B::batch_norm(x, gamma, beta, mean, var, epsilon);
    }
    let y = B::batch_norm(B::float_cast(x, FloatDType::from(wide)), gamma, beta, mean, var, epsilon);
    B::float_cast(y, FloatDType::from(dtype))
}
