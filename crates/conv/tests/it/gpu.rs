//! The kernel of the bias's gradient, on shapes that are no multiple of anything.
#![cfg(any(feature = "wgpu", feature = "cuda"))]

use burn::tensor::ops::ConvOptions;
use burn::tensor::{DType, Device, Tensor, TensorData};
use untied_conv::conv2d;
use untied_gradcheck::{Input, gpus};

/// db of a bias of the given spatial shape under a cotangent, and what it is by definition.
struct Gradient {
    /// `[n, c, h, w]` of the cotangent, and `[h|1, w|1]` of the bias.
    shape: [usize; 4],
    bias: [usize; 2],
    dtype: DType,
}

impl Gradient {
    fn new(shape: [usize; 4], bias: [usize; 2]) -> Self {
        Self { shape, bias, dtype: DType::F32 }
    }

    fn cotangent(&self) -> Vec<f64> {
        let values = Input::random("dy", self.shape, 3).values;
        values.into_iter().map(|value| f64::from(value as f32)).collect()
    }

    fn expected(&self, dy: &[f64]) -> Vec<f64> {
        let [_, c, h, w] = self.shape;
        let [own_h, own_w] = self.bias;
        let mut db = vec![0.0; c * own_h * own_w];
        for (at, dy) in dy.iter().enumerate() {
            let (channel, i, j) = (at / (h * w) % c, at / w % h, at % w);
            db[(channel * own_h + i.min(own_h - 1)) * own_w + j.min(own_w - 1)] += dy;
        }
        db
    }

    /// By the kernel, from a cotangent in order or with its axes swapped in memory.
    fn got(&self, dy: &[f64], swapped: bool, device: &Device) -> Vec<f64> {
        let [n, c, h, w] = self.shape;
        let to = (&device.clone().autodiff(), self.dtype);
        let bias = Tensor::<3>::zeros([c, self.bias[0], self.bias[1]], to).require_grad();
        // A convolution of one pixel by nothing: only the bias has a gradient.
        let (x, weight) = (Tensor::zeros([n, 1, h, w], to), Tensor::zeros([c, 1, 1, 1], to));
        let y = conv2d(x, weight, Some(bias.clone()), ConvOptions::new([1, 1], [0, 0], [1, 1], 1));
        let mut dy = Tensor::<4>::from_data(TensorData::new(dy.to_vec(), self.shape), to);
        if swapped {
            let copy = dy.swap_dims(0, 3).swap_dims(1, 2).into_data();
            dy = Tensor::<4>::from_data(copy, to).swap_dims(1, 2).swap_dims(0, 3);
        }
        let gradients = (y * dy).sum().backward();
        bias.grad(&gradients).expect("db").into_data().convert::<f64>().try_to_vec().unwrap()
    }

    /// Errors of at most `u` times the sum of absolute values.
    fn check(&self, swapped: bool, u: f64) {
        let dy = self.cotangent();
        let absolute = self.expected(&dy.iter().map(|dy| dy.abs()).collect::<Vec<_>>());
        let expected = self.expected(&dy);
        for (name, device) in gpus() {
            let got = self.got(&dy, swapped, &device);
            assert_eq!(got.len(), expected.len());
            for at in 0..got.len() {
                let right = (got[at] - expected[at]).abs() <= u * absolute[at];
                let case = format_args!("{name} {:?} {:?} [{at}]", self.shape, self.bias);
                assert!(right, "{case}: expected {}, got {}", expected[at], got[at]);
            }
        }
    }
}

#[test]
fn every_sharing_on_odd_shapes() {
    for shape in [[1, 1, 1, 1], [3, 5, 7, 9], [2, 33, 1, 17], [65, 3, 13, 1], [1, 2, 257, 3], [300, 7, 5, 6]] {
        let [.., h, w] = shape;
        for bias in [[1, 1], [h, 1], [1, w], [h, w]] {
            Gradient::new(shape, bias).check(false, 1e-6);
        }
    }
}

#[test]
fn views_are_read_where_they_lie() {
    let shape = [6, 5, 7, 9];
    for bias in [[1, 1], [7, 1], [1, 9], [7, 9]] {
        Gradient::new(shape, bias).check(true, 1e-6);
    }
}

#[test]
fn more_numbers_than_one_row_of_cubes() {
    Gradient::new([2, 70_000, 1, 1], [1, 1]).check(false, 1e-6);
    Gradient::new([1, 3, 1000, 1001], [1000, 1001]).check(false, 0.0);
}

#[test]
fn many_values_per_number() {
    Gradient::new([64, 2, 128, 129], [1, 1]).check(false, 1e-5);
}
