//! The forward pass in a backend's primitives, for backends without kernels. (Public for tests and examples alone, which
//! compare kernels with it.)

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Scalar, TensorMetadata};
use burn::tensor::{FloatDType, Shape};

use crate::channels::Channels;
use crate::{Row, statistics_dtype};

/// (y, statistics) of [`BatchNormBackend::untied_batch_norm`](crate::BatchNormBackend::untied_batch_norm), whose shapes
/// and types these are.
///
/// Two passes: the mean first, then the mean square of what is left, which stays exact where mean ≫ spread. The mean is
/// that of the distances from the channel's first value: they are zero, and so is every sum, where all values are the same.
pub fn normalize<B: Backend>(
    x: FloatTensor<B>,
    gamma: FloatTensor<B>,
    beta: FloatTensor<B>,
    epsilon: f64,
    relu: bool,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let dtype = x.dtype();
    let x = B::float_cast(x, FloatDType::from(statistics_dtype(dtype)));
    let channels = Channels::of::<B>(&x);
    let first = channels.first::<B>(x.clone());
    let distance = B::float_sub(x.clone(), channels.spread::<B>(first.clone()));
    let mean = B::float_add(first, channels.mean::<B>(distance));
    let centred = B::float_sub(x, channels.spread::<B>(mean.clone()));
    let residual = channels.mean::<B>(centred.clone());
    let centred = B::float_sub(centred, channels.spread::<B>(residual.clone()));
    let var = channels.mean::<B>(B::float_mul(centred.clone(), centred.clone()));
    let r = B::float_recip(B::float_sqrt(B::float_add_scalar(var.clone(), Scalar::Float(epsilon))));
    let x_hat = B::float_mul(centred, channels.spread::<B>(r.clone()));
    let y = scale_and_shift::<B>(&channels, x_hat, gamma, beta);
    let y = if relu { B::relu(y) } else { y };
    let rows = [mean, residual, var, r].map(|row| channels.as_row::<B>(row));
    (B::float_cast(y, FloatDType::from(dtype)), B::float_cat(rows.into(), 0))
}

/// Row of the statistics, `[4, c]` → `[c]`.
pub(crate) fn row<B: Backend>(statistics: &FloatTensor<B>, row: Row) -> FloatTensor<B> {
    let count = statistics.shape()[1];
    let index = row as usize;
    let row = B::float_slice(statistics.clone(), &[(index..index + 1).into(), (0..count).into()]);
    B::float_reshape(row, Shape::new([count]))
}

/// x̂ = ((x − μ) − residual)·r, of x in the statistics' type.
pub(crate) fn x_hat<B: Backend>(x: FloatTensor<B>, channels: &Channels, statistics: &FloatTensor<B>) -> FloatTensor<B> {
    let spread = |which| channels.spread::<B>(row::<B>(statistics, which));
    let centred = B::float_sub(B::float_sub(x, spread(Row::Mean)), spread(Row::Residual));
    B::float_mul(centred, spread(Row::ReciprocalStd))
}

/// γ·x̂ + β.
pub(crate) fn scale_and_shift<B: Backend>(
    channels: &Channels,
    x_hat: FloatTensor<B>,
    gamma: FloatTensor<B>,
    beta: FloatTensor<B>,
) -> FloatTensor<B> {
    B::float_add(B::float_mul(x_hat, channels.spread::<B>(gamma)), channels.spread::<B>(beta))
}

/// max(y, 0) in the type of x, with the operations and the rounding of [`normalize`], of the statistics that it returned.
pub(crate) fn rectified<B: Backend>(
    x: FloatTensor<B>,
    gamma: FloatTensor<B>,
    beta: FloatTensor<B>,
    statistics: &FloatTensor<B>,
) -> FloatTensor<B> {
    let (dtype, channels) = (x.dtype(), Channels::of::<B>(&x));
    let x = B::float_cast(x, FloatDType::from(statistics_dtype(dtype)));
    let y = scale_and_shift::<B>(&channels, x_hat::<B>(x, &channels, statistics), gamma, beta);
    B::float_cast(B::relu(y), FloatDType::from(dtype))
}
