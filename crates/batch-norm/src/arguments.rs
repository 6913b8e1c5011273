//! Checks of the arguments that kernels trust: they read and write by the shape of x, without a look at the others.

use burn::backend::TensorMetadata;
use burn::tensor::DType;

use crate::statistics_dtype;

/// Refuses an x without values, and γ or β that do not fit it.
pub(crate) fn check_forward_arguments<T: TensorMetadata>(x: &T, gamma: &T, beta: &T) {
    let shape = x.shape();
    let has_values = shape.num_dims() >= 2 && shape.num_elements() > 0;
    assert!(has_values, "batch norm: expected an input [n, c, ...] with values, got {:?}", shape.as_slice());
    for (name, tensor) in [("gamma", gamma), ("beta", beta)] {
        check_argument(name, tensor, x, &[shape[1]], statistics_dtype(x.dtype()));
    }
}

/// Refuses what [`check_forward_arguments`] does, and statistics or dy that do not fit x.
pub(crate) fn check_backward_arguments<T: TensorMetadata>(x: &T, gamma: &T, beta: &T, statistics: &T, dy: &T) {
    check_forward_arguments(x, gamma, beta);
    let shape = x.shape();
    check_argument("statistics", statistics, x, &[4, shape[1]], statistics_dtype(x.dtype()));
    check_argument("dy", dy, x, &shape, x.dtype());
}

#[cfg(feature = "flex")]
/// Refuses a tensor that is not of the shape and type of x.
pub(crate) fn check_like<T: TensorMetadata>(name: &str, tensor: &T, x: &T) {
    check_argument(name, tensor, x, &x.shape(), x.dtype());
}

#[cfg(feature = "flex")]
/// Refuses what [`check_backward_arguments`] does, dy being the gradient behind 2×2 max pooling.
pub(crate) fn check_pooled_arguments<T: TensorMetadata>(x: &T, gamma: &T, beta: &T, statistics: &T, dy: &T) {
    check_forward_arguments(x, gamma, beta);
    let shape = x.shape();
    check_argument("statistics", statistics, x, &[4, shape[1]], statistics_dtype(x.dtype()));
    check_argument("dy", dy, x, &pooled(&shape), x.dtype());
}

#[cfg(feature = "flex")]
/// `[n, c, h, w]` → `[n, c, ⌊h/2⌋, ⌊w/2⌋]`.
pub(crate) fn pooled(shape: &[usize]) -> [usize; 4] {
    let &[n, c, h, w] = shape else {
        panic!("batch norm: expected an input [n, c, h, w] before pooling, got {shape:?}");
    };
    [n, c, h / 2, w / 2]
}

#[cfg(feature = "flex")]
/// Refuses an x without a channel axis, and rows that do not fit it; an x without values is fine.
pub(crate) fn check_inference_arguments<T: TensorMetadata>(x: &T, rows: [&T; 4]) {
    let shape = x.shape();
    assert!(shape.num_dims() >= 2, "batch norm: expected an input [n, c, ...], got {:?}", shape.as_slice());
    for (name, row) in ["gamma", "beta", "mean", "var"].into_iter().zip(rows) {
        check_argument(name, row, x, &[shape[1]], statistics_dtype(x.dtype()));
    }
}

fn check_argument<T: TensorMetadata>(name: &str, tensor: &T, x: &T, shape: &[usize], dtype: DType) {
    let (its_shape, its_dtype) = (tensor.shape(), tensor.dtype());
    assert!(
        *its_shape == *shape && its_dtype == dtype,
        "batch norm: expected {name} {shape:?} of type {dtype:?}, got {:?} of type {its_dtype:?}",
        its_shape.as_slice()
    );
    let (device, expected) = (tensor.device(), x.device());
    assert!(device == expected, "batch norm: expected {name} on {expected:?}, as the input, got it on {device:?}");
}
