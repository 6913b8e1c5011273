//! Max pooling of 2×2 windows without overlap in a backend's primitives.

use burn::backend::Backend;
use burn::backend::tensor::FloatTensor;
use burn::tensor::IntDType;

const WINDOW: [usize; 2] = [2, 2];

/// The largest element of each window: `[n, c, h, w]` → `[n, c, ⌊h/2⌋, ⌊w/2⌋]`.
pub(crate) fn forward<B: Backend>(x: FloatTensor<B>) -> FloatTensor<B> {
    B::max_pool2d(x, WINDOW, WINDOW, [0, 0], [1, 1], false)
}

/// Its gradient: dy at the first maximum of each window.
pub(crate) fn backward<B: Backend>(x: FloatTensor<B>, dy: FloatTensor<B>) -> FloatTensor<B> {
    let largest = B::max_pool2d_with_indices(x.clone(), WINDOW, WINDOW, [0, 0], [1, 1], false, IntDType::I32);
    B::max_pool2d_with_indices_backward(x, WINDOW, WINDOW, [0, 0], [1, 1], false, dy, largest.indices).x_grad
}
