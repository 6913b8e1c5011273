//! Max pooling and subsampling as operations of a Burn backend.
#![cfg_attr(feature = "ndarray", allow(deprecated, reason = "offered for comparison, as long as Burn has it"))]

#[cfg(any(feature = "wgpu", feature = "cuda"))]
use burn::backend::fusion::custom::TensorSpec;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata, backend_extension};
use burn::tensor::{IntDType, Shape, Slice};

const WINDOW: [usize; 2] = [2, 2];

/// A backend that pools 2×2 windows and takes locations a stride apart, forward and backward.
///
/// The default bodies are Burn's own pooling and slices. Only the backends whose Cargo feature of this crate is enabled take part; a
/// call on another one panics.
///
/// # Shapes
/// x and dx `[n, c, h, w]`; y and dy `[n, c, ⌊h/2⌋, ⌊w/2⌋]` of pooling, `[n, c, ⌈h/stride₁⌉, ⌈w/stride₂⌉]` of subsampling.
/// All of one type.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(any(feature = "wgpu", feature = "cuda")),
    Autodiff,
    Fusion: cfg(any(feature = "wgpu", feature = "cuda"))
)]
pub trait PoolBackend: Backend {
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

    /// y: every `stride`-th row and column.
    #[fusion(meta = |x, stride| TensorSpec::new(subsampled(&x.shape, *stride), x.dtype))]
    fn untied_subsample(x: FloatTensor<Self>, stride: [usize; 2]) -> FloatTensor<Self> {
        let slices = slices(&x.shape(), stride);
        Self::float_slice(x, &slices)
    }

    /// dx of this shape, given dy.
    #[fusion(meta = |dy, x, _stride| TensorSpec::new(x.clone(), dy.dtype))]
    fn untied_subsample_backward(dy: FloatTensor<Self>, x: Shape, stride: [usize; 2]) -> FloatTensor<Self> {
        let zeros = Self::float_zeros(x.clone(), &dy.device(), dy.dtype().into());
        Self::float_slice_assign(zeros, &slices(&x, stride), dy)
    }
}

/// Every `stride`-th row and column of `[n, c, h, w]`.
fn slices(x: &Shape, [down, across]: [usize; 2]) -> [Slice; 4] {
    let every = |size: usize, step: usize| Slice::new(0, Some(size as isize), step as isize);
    [every(x[0], 1), every(x[1], 1), every(x[2], down), every(x[3], across)]
}

/// The shape of what is left of `[n, c, h, w]`.
pub(crate) fn subsampled(x: &Shape, [down, across]: [usize; 2]) -> Shape {
    Shape::new([x[0], x[1], x[2].div_ceil(down), x[3].div_ceil(across)])
}

#[cfg(any(feature = "wgpu", feature = "cuda"))]
fn pooled(x: &Shape) -> Shape {
    Shape::new([x[0], x[1], x[2] / 2, x[3] / 2])
}

#[cfg(feature = "ndarray")]
impl PoolBackend for burn::backend::NdArray {}

#[cfg(any(feature = "wgpu", feature = "cuda"))]
impl PoolBackend for burn_cubecl::CubeBackend {}
