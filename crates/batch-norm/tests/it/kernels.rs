//! The fused kernels against the definition in f64, on shapes that are no multiple of anything: on every backend compiled
//! in that has kernels.
#![cfg(any(feature = "flex", feature = "wgpu", feature = "cuda"))]
#![expect(clippy::print_stdout, reason = "tells which types a device has")]

use burn::tensor::{DType, Device, Tensor, TensorData, bf16, f16};
use untied_batch_norm::{batch_norm, batch_norm_relu, statistics_dtype};

const EPSILON: f64 = 1e-3;

/// Repeatable values in [-1, 1).
fn values(count: usize, seed: u32) -> Vec<f32> {
    let hash = |i: usize| {
        let mixed = (i as u32).wrapping_mul(0x9e37_79b9).wrapping_add(seed.wrapping_mul(0x85eb_ca6b));
        let mixed = (mixed ^ (mixed >> 15)).wrapping_mul(0x2c1b_3c6d);
        (mixed ^ (mixed >> 12)).wrapping_mul(0x297a_2d39)
    };
    (0..count).map(|i| (hash(i) >> 8) as f32 / (1 << 23) as f32 - 1.0).collect()
}

struct Case {
    /// `[n, c, size]`.
    shape: [usize; 3],
    x: Vec<f32>,
    gamma: Vec<f32>,
    beta: Vec<f32>,
    dy: Vec<f32>,
    relu: bool,
    /// The type of x, y, dx and dy.
    dtype: DType,
}

impl Case {
    /// With values that this type holds exactly.
    fn new(shape: [usize; 3], mean: f32, relu: bool, dtype: DType) -> Self {
        let round = |value: f32| match dtype {
            DType::F16 => f16::from_f32(value).to_f32(),
            DType::BF16 => bf16::from_f32(value).to_f32(),
            _ => value,
        };
        let count = shape.iter().product();
        let x = values(count, 1).into_iter().map(|value| round(mean + value)).collect();
        let dy = values(count, 4).into_iter().map(round).collect();
        let [gamma, beta] = [2, 3].map(|seed| values(shape[1], seed));
        let mut case = Self { shape, x, gamma, beta, dy, relu: false, dtype };
        if relu {
            // No rounding of u decides whether dy passes.
            let [u, ..] = case.expected();
            case.dy.iter_mut().zip(u).filter(|(_, u)| u.abs() < 1e-4).for_each(|(dy, _)| *dy = 0.0);
        }
        Self { relu, ..case }
    }

    /// y, mean, var, dx, dγ, dβ by the definition.
    fn expected(&self) -> [Vec<f64>; 6] {
        let [n, channels, size] = self.shape;
        let [mut y, mut dx] = [0; 2].map(|_| vec![0.0; self.x.len()]);
        let [mut means, mut vars, mut dgamma, mut dbeta] = [0; 4].map(|_| vec![0.0; channels]);
        for c in 0..channels {
            let places = || (0..n).flat_map(move |i| (0..size).map(move |j| (i * channels + c) * size + j));
            let m = (n * size) as f64;
            let (gamma, beta) = (f64::from(self.gamma[c]), f64::from(self.beta[c]));
            let mean = places().map(|at| f64::from(self.x[at])).sum::<f64>() / m;
            let var = places().map(|at| (f64::from(self.x[at]) - mean).powi(2)).sum::<f64>() / m;
            let r = (var + EPSILON).sqrt().recip();
            let x_hat = |at: usize| (f64::from(self.x[at]) - mean) * r;
            let u = |at: usize| gamma * x_hat(at) + beta;
            let du = |at: usize| if self.relu && u(at) <= 0.0 { 0.0 } else { f64::from(self.dy[at]) };
            dbeta[c] = places().map(du).sum();
            dgamma[c] = places().map(|at| du(at) * x_hat(at)).sum();
            for at in places() {
                y[at] = if self.relu { u(at).max(0.0) } else { u(at) };
                dx[at] = gamma * r * (du(at) - dbeta[c] / m - x_hat(at) * dgamma[c] / m);
            }
            (means[c], vars[c]) = (mean, var);
        }
        [y, means, vars, dx, dgamma, dbeta]
    }

    /// The same by the kernels, from an x that lies in memory in order or with its first two axes swapped.
    fn got(&self, strided: bool, device: &Device) -> [Vec<f64>; 6] {
        let device = device.clone().autodiff();
        let [n, c, size] = self.shape;
        let row = |values: &[f32], dtype: DType| {
            Tensor::<1>::from_data(TensorData::new(values.to_vec(), [values.len()]), (&device, DType::F32)).cast(dtype)
        };
        let tensor = |values: &[f32]| row(values, self.dtype);
        let mut x = tensor(&self.x).reshape(self.shape);
        if strided {
            let mut swapped = vec![0.0; self.x.len()];
            for (i, row) in self.x.chunks(size).enumerate() {
                let at = (i % c * n + i / c) * size;
                swapped[at..at + size].copy_from_slice(row);
            }
            x = tensor(&swapped).reshape([c, n, size]).swap_dims(0, 1);
        }
        let x = x.detach().require_grad();
        let [gamma, beta] =
            [&self.gamma, &self.beta].map(|values| row(values, statistics_dtype(self.dtype)).detach().require_grad());
        let layer = if self.relu { batch_norm_relu } else { batch_norm };
        let batch = layer(x.clone(), gamma.clone(), beta.clone(), EPSILON);
        let grads = (batch.output.clone() * tensor(&self.dy).reshape(self.shape)).sum().backward();
        let read = |data: TensorData| data.convert::<f64>().try_to_vec::<f64>().unwrap();
        [
            read(batch.output.into_data()),
            read(batch.mean.into_data()),
            read(batch.var.into_data()),
            read(x.grad(&grads).expect("dx").into_data()),
            read(gamma.grad(&grads).expect("dgamma").into_data()),
            read(beta.grad(&grads).expect("dbeta").into_data()),
        ]
    }

    /// On every device that has the type: errors relative to the largest value, or for sums over m random signs to √m
    /// if that is more.
    fn check(&self, strided: bool) {
        let expected = self.expected();
        let m = (self.shape[0] * self.shape[2]) as f64;
        for (device_name, device) in devices() {
            if !device.supports_dtype(self.dtype) {
                println!("{device_name} does not have {:?}", self.dtype);
                continue;
            }
            let names = ["y", "mean", "var", "dx", "dgamma", "dbeta"];
            for ((name, expected), got) in names.iter().zip(&expected).zip(&self.got(strided, &device)) {
                let bound = match (*name, self.dtype) {
                    (_, DType::F64) => 1e-12,
                    ("y" | "dx", DType::F16) => 1e-5 + 2f64.powi(-11),
                    ("y" | "dx", DType::BF16) => 1e-5 + 2f64.powi(-8),
                    _ => 1e-5,
                };
                let floor = if name.starts_with('d') && *name != "dx" { m.sqrt() } else { 0.1 };
                let scale = expected.iter().fold(floor, |most, value| value.abs().max(most));
                assert_eq!(expected.len(), got.len());
                for (i, (expected, got)) in expected.iter().zip(got).enumerate() {
                    let error = (expected - got).abs();
                    let case = format_args!("{device_name} {:?} {:?}, relu {}", self.dtype, self.shape, self.relu);
                    // Not `error > ...`: NaN fails too.
                    assert!(error <= bound * scale, "{case}: {name}[{i}] is {got} for {expected}");
                }
            }
        }
    }
}

/// Those with kernels.
fn devices() -> impl Iterator<Item = (&'static str, Device)> {
    untied_gradcheck::devices().into_iter().filter(|(name, _)| *name != "ndarray")
}

fn check(mean: f32, shapes: &[[usize; 3]]) {
    for &shape in shapes {
        for relu in [false, true] {
            Case::new(shape, mean, relu, DType::F32).check(false);
        }
    }
}

#[test]
fn small_and_odd() {
    check(
        0.5,
        &[[2, 1, 1], [1, 1, 9], [2, 3, 1], [4, 3, 35], [33, 2, 9], [3, 17, 16], [5, 7, 7], [7, 33, 257], [9, 65, 2]],
    );
}

/// Several chunks or parts of a channel, of rows and of columns.
#[test]
fn split_channels() {
    check(0.5, &[[2, 5, 129 * 131], [300, 3, 441], [1, 2, 100_003], [300_000, 2, 1], [3000, 40, 3]]);
}

/// Several blocks of columns, in one chunk and in several; on GPUs more cubes than one axis of the grid takes.
#[test]
fn many_channels() {
    check(0.5, &[[700, 300, 1], [100, 500, 9], [3, 70_000, 1], [1, 70_000, 16]]);
}

#[test]
fn many_values() {
    Case::new([1, 2, 3000 * 3000], 0.5, false, DType::F32).check(false);
}

#[test]
fn strided() {
    for shape in [[4, 3, 35], [9, 65, 2], [2, 5, 16_899]] {
        Case::new(shape, 0.5, false, DType::F32).check(true);
    }
}

#[test]
fn mean_far_above_the_spread() {
    check(1e4, &[[4, 3, 35], [9, 65, 2], [70, 3, 441], [700, 300, 1], [2, 2, 70_001]]);
}

/// In every type that a device computes in; software Vulkan has f16 and f64, but no bf16.
#[test]
fn other_types() {
    for dtype in [DType::F16, DType::BF16, DType::F64] {
        for shape in [[4, 3, 35], [9, 65, 2], [70, 3, 441], [700, 300, 1], [1, 2, 100_003]] {
            for relu in [false, true] {
                Case::new(shape, 0.5, relu, dtype).check(false);
            }
        }
    }
}
