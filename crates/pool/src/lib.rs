#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::undocumented_unsafe_blocks)]

mod autodiff;
#[cfg(feature = "flex")]
mod cpu;
mod operation;

use burn::backend::Dispatch;
use burn::tensor::Tensor;
use untied_kernels::check_compiled;

pub use operation::PoolBackend;

/// Largest element of each 2×2 window, without overlap; an odd last row or column is left out.
///
/// ```text
/// y[n, c, i, j] = max(x[n, c, 2i, 2j], x[n, c, 2i, 2j + 1], x[n, c, 2i + 1, 2j], x[n, c, 2i + 1, 2j + 1])
/// ```
///
/// NaN counts as the largest on the CPU.
///
/// # Shapes
/// x `[n, c, h, w]`; y `[n, c, ⌊h/2⌋, ⌊w/2⌋]`.
///
/// # Backward
/// ∂J/∂y goes to the first of a window's maxima, row by row, as in PyTorch; ∂J/∂x is zero elsewhere.
///
/// # Panics
/// If x is on a backend whose feature of this crate is not enabled.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use untied_pool::max_pool2d;
///
/// let device = Device::default().autodiff();
/// let x = Tensor::<4>::from_floats([[[[1.0, 2.0], [4.0, 3.0]]]], &device).require_grad();
/// let y = max_pool2d(x.clone());
/// assert_eq!(y.clone().into_data().try_to_vec::<f32>().unwrap(), [4.0]);
/// let dx = x.grad(&y.backward()).unwrap();
/// assert_eq!(dx.into_data().try_to_vec::<f32>().unwrap(), [0.0, 0.0, 1.0, 0.0]);
/// ```
#[must_use]
#[track_caller]
pub fn max_pool2d(x: Tensor<4>) -> Tensor<4> {
    if let Err(error) = check_compiled("untied-pool", COMPILED, &x.device()) {
        panic!("max pooling: {error}");
    }
    Tensor::from_dispatch(Dispatch::untied_max_pool(x.into_dispatch()))
}

/// Every `stride`-th row and column, from the first one on: pooling of windows of one element.
///
/// ```text
/// y[n, c, i, j] = x[n, c, stride₁·i, stride₂·j]
/// ```
///
/// It is how a residual block's shortcut without parameters goes to a coarser grid (He et al. 2016, Deep Residual Learning
/// for Image Recognition, option A).
///
/// # Shapes
/// x `[n, c, h, w]`; y `[n, c, ⌈h/stride₁⌉, ⌈w/stride₂⌉]`.
///
/// # Backward
/// ∂J/∂x is ∂J/∂y where x was taken, zero elsewhere.
///
/// # Panics
/// If a stride is 0, or x is on a backend whose feature of this crate is not enabled.
///
/// # Example
/// ```
/// use burn::tensor::{Device, Tensor};
/// use untied_pool::subsample2d;
///
/// let x = Tensor::<4>::from_floats([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]], &Device::default());
/// assert_eq!(subsample2d(x, [2, 2]).into_data().try_to_vec::<f32>().unwrap(), [1.0, 3.0]);
/// ```
#[must_use]
#[track_caller]
pub fn subsample2d(x: Tensor<4>, stride: [usize; 2]) -> Tensor<4> {
    assert!(stride.iter().all(|&stride| stride > 0), "subsampling: expected strides of at least 1, got {stride:?}");
    if let Err(error) = check_compiled("untied-pool", COMPILED, &x.device()) {
        panic!("subsampling: {error}");
    }
    Tensor::from_dispatch(Dispatch::untied_subsample(x.into_dispatch(), stride))
}

/// Features of this crate that name a backend.
const COMPILED: &[&str] = &[
    #[cfg(feature = "flex")]
    "flex",
    #[cfg(feature = "ndarray")]
    "ndarray",
    #[cfg(feature = "wgpu")]
    "wgpu",
    #[cfg(feature = "cuda")]
    "cuda",
];
