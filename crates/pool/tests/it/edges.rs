//! Planes below a window, NaN, and memory that is not in order.
#![cfg(feature = "flex")]

use burn::tensor::{DType, Device, Tensor, TensorData};
use untied_pool::max_pool2d;

use crate::{Case, values};

/// (GPUs run no empty kernels.)
#[test]
fn planes_below_a_window_have_no_output_and_no_gradient() {
    let device = Device::flex().autodiff();
    let x = Tensor::<4>::ones([2, 1, 1, 5], &device).require_grad();
    let y = max_pool2d(x.clone());
    assert_eq!(y.dims(), [2, 1, 0, 2]);
    let gradients = (y.sum() + x.clone().sum() * 0.0).backward();
    assert_eq!(values(x.grad(&gradients).expect("tracked")), [0.0; 10]);
}

/// (GPUs may lose it.)
#[test]
fn nan_is_the_largest_wherever_it_is() {
    for dtype in [DType::F32, DType::F64, DType::F16, DType::BF16] {
        for index in 0..4 {
            let mut x = [1.0_f32, 2.0, 3.0, 4.0];
            x[index] = f32::NAN;
            // Twenty windows beside each other: in registers.
            let rows = [[x[0], x[1]], [x[2], x[3]]].map(|pair| pair.repeat(20)).concat();
            let x = Tensor::<4>::from_data(TensorData::new(rows, [1, 1, 2, 40]), (&Device::flex(), dtype));
            assert!(values(max_pool2d(x)).into_iter().all(f64::is_nan), "{dtype:?} {index}");
        }
    }
}

#[test]
fn views_are_read_as_their_copies() {
    let case = Case::new([5, 4, 9, 8]);
    let view = |x: Tensor<4>| max_pool2d(x.swap_dims(2, 3).swap_dims(0, 1)).swap_dims(0, 1).swap_dims(2, 3);
    let copy = case.run(DType::F32, &Device::flex());
    // The same windows, in which ties go to another of the maxima.
    assert_eq!(case.results(view, DType::F32, &Device::flex())[0], copy[0]);
}
