//! With ReLU, the backward pass cuts exactly where the forward pass gave zero, bit for bit: on every backend compiled
//! in, with outputs that are zero or a rounding away from it, or that a half type rounds to zero.

#![expect(clippy::print_stdout, reason = "a failing case is told by the last line")]

use burn::tensor::{DType, Device, Tensor, TensorData};
use untied_batch_norm::{batch_norm, batch_norm_relu};
use untied_gradcheck::Input;

const EPSILON: f64 = 1e-5;
/// Values per channel that are watched: dy is 2⁰, 2¹, … there and 0 elsewhere, so that dβ, exact in f32, names those
/// that passed.
const WATCHED: usize = 12;

struct Case {
    /// `[n, c, s]`
    shape: [usize; 3],
    x: Vec<f32>,
    dy: Vec<f32>,
}

impl Case {
    /// The watched values lie 0, 1, 2, … roundings above one and the same.
    fn new(shape: [usize; 3]) -> Self {
        let count = shape.iter().product();
        let mut x: Vec<f32> = Input::random("x", [count], 1).values.into_iter().map(|x| x as f32).collect();
        let mut dy = vec![0.0; count];
        for channel in 0..shape[1] {
            let watched: Vec<_> = watched(shape, channel).collect();
            for (bit, &at) in watched.iter().enumerate() {
                x[at] = f32::from_bits(x[watched[0]].to_bits() + bit as u32);
                dy[at] = (1 << bit) as f32;
            }
        }
        Self { shape, x, dy }
    }

    /// β that brings the watched value number `target` of each channel to zero, as near as rounding lets it.
    fn beta(&self, target: usize, gamma: &[f32], device: &Device) -> Vec<f32> {
        let channels = self.shape[1];
        let zeros = vec![0.0; channels];
        let y = batch_norm(self.tensor(&self.x, device), row(gamma, device), row(&zeros, device), EPSILON).output;
        let y = values(y);
        (0..channels).map(|channel| -y[watched(self.shape, channel).nth(target).expect("watched")]).collect()
    }

    fn tensor(&self, values: &[f32], device: &Device) -> Tensor<3> {
        Tensor::from_data(TensorData::new(values.to_vec(), self.shape), device)
    }

    /// Checks all watched values; returns how many of them were negative, zero and positive.
    fn check(&self, gamma: &[f32], beta: &[f32], device: &Device) -> [usize; 3] {
        let (x, beta_leaf) = (self.tensor(&self.x, device).require_grad(), row(beta, device).require_grad());
        let unrectified = batch_norm(x.clone(), row(gamma, device), row(beta, device), EPSILON).output;
        let y = batch_norm_relu(x, row(gamma, device), beta_leaf.clone(), EPSILON).output;
        let gradients = (y.clone() * self.tensor(&self.dy, device)).sum().backward();
        let dbeta = values(beta_leaf.grad(&gradients).expect("dbeta"));
        let (y, unrectified) = (values(y), values(unrectified));
        let mut counts = [0; 3];
        for (channel, dbeta) in dbeta.into_iter().enumerate() {
            let passed = dbeta as u32;
            assert_eq!(passed as f32, dbeta, "a sum of the powers of two in dy");
            for (bit, at) in watched(self.shape, channel).enumerate() {
                assert_eq!(passed >> bit & 1 == 1, y[at] > 0.0, "{:?}: y[{at}] = {:e}", self.shape, y[at]);
                let kind = if y[at] > 0.0 { 2 } else { usize::from(unrectified[at] == 0.0) };
                counts[kind] += 1;
            }
        }
        counts
    }
}

/// Where in memory the watched values of a channel lie: spread over all of it.
fn watched([n, c, s]: [usize; 3], channel: usize) -> impl Iterator<Item = usize> {
    let m = n * s;
    (0..WATCHED.min(m)).map(move |k| k * m / WATCHED.min(m)).map(move |i| (i / s * c + channel) * s + i % s)
}

fn row(values: &[f32], device: &Device) -> Tensor<1> {
    Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), device)
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().expect("f32")
}

#[test]
fn backward_cuts_where_forward_did() {
    for (name, device) in untied_gradcheck::devices() {
        let device = device.autodiff();
        let mut counts = [0; 3];
        // Short and long rows, several chunks of a channel; on GPUs several channels to a cube, and a channel in parts.
        for shape in [[17, 40, 1], [5, 33, 9], [6, 20, 49], [3, 4, 1000], [70, 3, 1024], [2, 2, 70_001]] {
            let case = Case::new(shape);
            let gamma: Vec<f32> = (0..shape[1]).map(|channel| [1.0, -0.7, 1e-3][channel % 3]).collect();
            for target in [0, 3, 7] {
                let beta = case.beta(target, &gamma, &device);
                let more = case.check(&gamma, &beta, &device);
                println!("{name} {shape:?}: [negative, zero, positive] = {more:?}");
                (0..3).for_each(|kind| counts[kind] += more[kind]);
            }
        }
        assert!(counts.iter().all(|count| *count > 100), "{name}: every kind is tried, got {counts:?}");
    }
}

/// In constant channels u = β, here around half the smallest number of the type: y is 0 up to there, and dβ with it.
#[test]
fn half_types_cut_what_they_round_to_zero() {
    for (name, device) in untied_gradcheck::devices() {
        let device = device.autodiff();
        for (dtype, half_of_smallest) in [(DType::F16, 2f32.powi(-25)), (DType::BF16, f32::from_bits(1 << 15))] {
            if !device.supports_dtype(dtype) {
                continue;
            }
            let betas = [-3.0, -0.9, 0.0, 0.5, 0.9, 1.5, 3.0].map(|share| share * half_of_smallest);
            // Columns, and rows.
            for shape in [[4, 7, 1], [4, 7, 40]] {
                let x = Tensor::<3>::full(shape, 0.5, (&device, dtype));
                let beta = row(&betas, &device).require_grad();
                let y = batch_norm_relu(x, row(&[1.0; 7], &device), beta.clone(), EPSILON).output;
                let dbeta = values(beta.grad(&y.clone().sum().backward()).expect("dbeta"));
                let y = values(y.cast(DType::F32));
                for (channel, dbeta) in dbeta.into_iter().enumerate() {
                    let y = y[channel * shape[2]];
                    println!("{name} {dtype:?} {shape:?}: y {y:e}, dbeta {dbeta}");
                    assert_eq!(y > 0.0, dbeta > 0.0);
                }
            }
        }
    }
}
