//! Max pooling of 2×2 windows.
//!
//! Burn's own remembers where each maximum was, as a 64-bit index per output, and took a quarter of a training step on
//! the CPU; this one looks for the maximum again on the way back.

mod backward;
#[cfg(feature = "flex")]
mod flex;
mod operation;

use burn::backend::Dispatch;
use burn::tensor::Tensor;

use operation::MaxPoolBackend;

/// The largest number of each 2×2 window, without overlap; an odd last row or column is left out.
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
/// ∂J/∂y goes to the first of a window's largest numbers, row by row, as in PyTorch.
pub(crate) fn max_pool(x: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::untied_max_pool(x.into_dispatch()))
}

#[cfg(test)]
mod tests {
    use burn::tensor::module::max_pool2d;
    use burn::tensor::ops::MaxPoolOptions;
    use burn::tensor::{DType, Device, TensorData};

    use super::*;
    use crate::random::Generator;

    /// Values with ties, as behind a rectifier, and a random cotangent.
    fn inputs(shape: [usize; 4], dtype: DType, device: &Device) -> (Tensor<4>, Tensor<4>) {
        let mut stream = Generator::new(1).stream("max_pool");
        let [n, c, h, w] = shape;
        let mut draw = |shape: [usize; 4], low: f64| {
            let values = (0..shape.iter().product()).map(|_| stream.uniform(-1.0, 1.0).max(low)).collect::<Vec<_>>();
            Tensor::<4>::from_data(TensorData::new(values, shape), (device, dtype))
        };
        (draw(shape, 0.0), draw([n, c, h / 2, w / 2], -1.0))
    }

    fn pooled_and_gradient(pool: impl Fn(Tensor<4>) -> Tensor<4>, (x, dy): &(Tensor<4>, Tensor<4>)) -> [TensorData; 2] {
        let x = x.clone().require_grad();
        let y = pool(x.clone());
        let gradients = (y.clone() * dy.clone()).sum().backward();
        [y.into_data(), x.grad(&gradients).expect("tracked").into_data()]
    }

    #[test]
    fn pools_as_burn_does_forward_and_backward() {
        let device = Device::default().autodiff();
        for dtype in [DType::F32, DType::F64] {
            for shape in [[2, 3, 4, 6], [1, 1, 2, 2], [3, 2, 7, 5], [2, 1, 28, 28], [1, 2, 3, 70]] {
                let inputs = inputs(shape, dtype, &device);
                let burn = |x| max_pool2d(x, MaxPoolOptions::new([2, 2]).with_stride([2, 2]));
                let [y, dx] = pooled_and_gradient(max_pool, &inputs);
                let [expected_y, expected_dx] = pooled_and_gradient(burn, &inputs);
                assert_eq!(y, expected_y, "{shape:?} {dtype:?}");
                assert_eq!(dx, expected_dx, "{shape:?} {dtype:?}");
            }
        }
    }

    /// GPUs run no empty kernels.
    #[cfg(feature = "flex")]
    #[test]
    fn planes_below_a_window_have_no_output_and_no_gradient() {
        let device = Device::flex().autodiff();
        let x = Tensor::<4>::ones([2, 1, 1, 5], &device).require_grad();
        let y = max_pool(x.clone());
        assert_eq!(y.dims(), [2, 1, 0, 2]);
        let gradients = (y.sum() + x.clone().sum() * 0.0).backward();
        let dx = x.grad(&gradients).expect("tracked").into_data();
        assert_eq!(dx.try_to_vec::<f32>().expect("f32"), [0.0; 10]);
    }

    /// GPUs may lose it.
    #[cfg(feature = "flex")]
    #[test]
    fn nan_is_the_largest_wherever_it_is() {
        let device = Device::flex();
        for place in 0..4 {
            let mut values = [1.0_f32, 2.0, 3.0, 4.0];
            values[place] = f32::NAN;
            let y = max_pool(Tensor::from_data(TensorData::new(values.to_vec(), [1, 1, 2, 2]), &device));
            assert!(y.into_data().try_to_vec::<f32>().expect("f32")[0].is_nan(), "{place}");
        }
    }
}
