//! Subsampling: forward and gradient against the definition on every backend, and against finite differences.

use burn::tensor::{DType, Device, Tensor, TensorData};
use untied_gradcheck::Input;
use untied_pool::subsample2d;

use crate::values;

const SHAPES: [[usize; 4]; 6] =
    [[2, 3, 4, 6], [1, 1, 1, 1], [3, 2, 7, 5], [2, 1, 32, 32], [1, 2, 3, 71], [40, 9, 31, 33]];
const STRIDES: [[usize; 2]; 6] = [[2, 2], [1, 2], [2, 1], [3, 4], [1, 1], [5, 50]];

/// y and dx for random values, which f16 and bf16 hold, and a random cotangent.
fn results(shape: [usize; 4], stride: [usize; 2], dtype: DType, device: &Device) -> [Vec<f64>; 2] {
    let device = device.clone().autodiff();
    let x = tensor(shape, 1, dtype, &device).require_grad();
    let y = subsample2d(x.clone(), stride);
    let cotangent = tensor(y.dims(), 2, dtype, &device);
    let gradients = (y.clone() * cotangent).sum().backward();
    [y, x.grad(&gradients).expect("dx")].map(values)
}

fn tensor(shape: [usize; 4], seed: u64, dtype: DType, device: &Device) -> Tensor<4> {
    Tensor::from_data(TensorData::new(eighths(shape, seed), shape), (device, dtype))
}

fn eighths(shape: [usize; 4], seed: u64) -> Vec<f64> {
    let values = Input::random("values", shape, seed).values.into_iter();
    values.map(|value| (value * 8.0).round() / 8.0).collect()
}

fn expected(shape: [usize; 4], [down, across]: [usize; 2]) -> [Vec<f64>; 2] {
    let [n, c, h, w] = shape;
    let x = eighths(shape, 1);
    let dy = eighths([n, c, h.div_ceil(down), w.div_ceil(across)], 2);
    let (mut y, mut dx) = (vec![], vec![0.0; x.len()]);
    for (index, &value) in x.iter().enumerate() {
        if (index / w % h).is_multiple_of(down) && (index % w).is_multiple_of(across) {
            dx[index] = dy[y.len()];
            y.push(value);
        }
    }
    [y, dx]
}

#[test]
fn agrees_with_the_definition() {
    for (name, device) in untied_gradcheck::devices() {
        for dtype in [DType::F32, DType::F64, DType::F16, DType::BF16] {
            if name != "flex" && dtype != DType::F32 {
                continue;
            }
            for (shape, stride) in SHAPES.into_iter().flat_map(|shape| STRIDES.map(|stride| (shape, stride))) {
                let got = results(shape, stride, dtype, &device);
                assert_eq!(got, expected(shape, stride), "{name} {dtype:?} {shape:?} by {stride:?}");
            }
        }
    }
}

#[test]
#[should_panic(expected = "expected strides of at least 1, got [2, 0]")]
fn a_stride_of_nothing_is_refused() {
    let _ = subsample2d(Tensor::zeros([1, 1, 2, 2], &untied_gradcheck::devices()[0].1), [2, 0]);
}

#[cfg(feature = "flex")]
mod on_flex {
    use untied_gradcheck::{Arguments, GradCheck, assert_equal_on_any_threads, autodiff_gradients};

    use super::*;

    #[test]
    fn no_images_are_none() {
        let x = Tensor::<4>::zeros([0, 3, 4, 4], &Device::flex());
        assert_eq!(subsample2d(x, [2, 2]).dims(), [0, 3, 2, 2]);
    }

    #[test]
    fn views_are_read_as_their_copies() {
        let x = tensor([5, 4, 9, 8], 1, DType::F32, &Device::flex());
        let view = subsample2d(x.clone().swap_dims(2, 3), [3, 2]).swap_dims(2, 3);
        assert_eq!(values(view), values(subsample2d(x, [2, 3])));
    }

    #[test]
    fn thread_counts_give_the_same_bits() {
        assert_equal_on_any_threads("subsampling", || results([64, 16, 28, 28], [2, 2], DType::F32, &Device::flex()));
    }

    #[test]
    fn gradients_are_central_differences_and_wrong_ones_are_caught() {
        for stride in [[2, 2], [1, 3]] {
            let function = |given: &Arguments| subsample2d(given.get::<4>("x"), stride);
            let (check, device) = (GradCheck::default(), Device::flex());
            let input = [Input::random("x", [2, 3, 4, 6], 3)];
            check.check(function, &input, &device).assert();
            let right = autodiff_gradients(function, &input, &device, check.seed).remove(0);
            for by in [1, 6, 24] {
                let mut wrong = right.clone();
                wrong.rotate_left(by);
                assert!(check.check_gradients(function, &input, &device, &[wrong]).error() > 1e-2, "rotated by {by}");
            }
        }
    }
}
