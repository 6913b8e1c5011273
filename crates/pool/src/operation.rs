//! Max pooling as an operation of a Burn backend.
#![cfg_attr(feature = "ndarray", allow(deprecated, reason = "offered for comparison, as long as Burn has it"))]

#[cfg(any(feature = "wgpu", feature = "cuda"))]
use burn::backend::fusion::custom::TensorSpec;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, backend_extension};
use burn::tensor::IntDType;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
use burn::tensor::Shape;

const WINDOW: [usize; 2] = [2, 2];

/// A backend that pools 2×2 windows, forward and backward.
///
/// The default bodies are Burn's own pooling. Only the backends whose Cargo feature of this crate is enabled take part; a
/// call on another one panics.
///
/// # Shapes
/// x and dx `[n, c, h, w]`; y and dy `[n, c, ⌊h/2⌋, ⌊w/2⌋]`. All of one type.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(any(feature = "wgpu", feature = "cuda")),
    Autodiff,
    Fusion: cfg(any(feature = "wgpu", feature = "cuda"))
)]
pub trait MaxPoolBackend: Backend {
    /// y: the largest element of each window.
    #[fusion(meta = |x| TensorSpec::new(pooled(&x.shape), x.dtype))]
    fn untied_max_pool(x: FloatTensor<Self>) -> FloatTensor<Self> {
        Self::max_pool2d(x, WINDOW, WINDOW, [0, 0], [1, 1], false)
    }

    /// dx, given x and dy.
    #[fusion(meta = |x, _dy| x.clone())]
    fn untied_max_pool_backward(x: FloatTensor<Self>, dy: FloatTensor<Self>) -> FloatTensor<Self> {
        let largest = Self::max_pool2d_with_indices(x.clone(), WINDOW, WINDOW, [0, 0], [1, 1], false, IntDType::I32);
        Self::max_pool2d_with_indices_backward(x, WINDOW, WINDOW, [0, 0], [1, 1], false, dy, largest.indices).x_grad
    }
}

#[cfg(any(feature = "wgpu", feature = "cuda"))]
fn pooled(x: &Shape) -> Shape {
    Shape::new([x[0], x[1], x[2] / 2, x[3] / 2])
}

#[cfg(feature = "ndarray")]
impl MaxPoolBackend for burn::backend::NdArray {}

#[cfg(any(feature = "wgpu", feature = "cuda"))]
impl MaxPoolBackend for burn_cubecl::CubeBackend {}
