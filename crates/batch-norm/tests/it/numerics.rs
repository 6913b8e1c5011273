//! Errors of y, the statistics and the gradients against f64, on inputs that are hard in f32, within PyTorch's.
//! `numerics/pytorch.py` has the same inputs.
#![cfg(feature = "flex")]
#![expect(clippy::print_stdout, reason = "prints the rows of numerics/README.md")]

use burn::module::Module;
use burn::tensor::{DType, Device, Tensor, TensorData};
use untied_batch_norm::{BatchNormConfig, BatchNormOutput, batch_norm};

const SHAPE: [usize; 4] = [16, 4, 24, 24];
const OUTPUTS: [&str; 6] = ["y", "mean", "var", "dx", "dgamma", "dbeta"];
/// What any method in f32 may lose, where PyTorch happened to lose less: 4 ulps of 1.
const FLOOR: f64 = 4.0 * f32::EPSILON as f64;
/// The distance of f32's smallest numbers.
const QUANTUM: f64 = 1.401298464324817e-45;

struct Case {
    name: &'static str,
    scale: f64,
    offset: f64,
    with_beta: bool,
    epsilon: f64,
    dtype: DType,
    /// PyTorch's error, per output; where it has none (all is lost, or no f32 holds the values), the floor.
    pytorch: [f64; 6],
}

const ORDINARY: Case = Case {
    name: "ordinary",
    scale: 1.0,
    offset: 0.0,
    with_beta: true,
    epsilon: 1e-5,
    dtype: DType::F32,
    pytorch: [9.3e-8, 9.3e-9, 4.6e-8, 2.0e-7, 1.3e-7, 1.8e-7],
};

#[rustfmt::skip]
const CASES: [Case; 10] = [
    ORDINARY,
    Case { name: "mean_1e4_of_spread", offset: 1e4, pytorch: [3.7e-4, 2.7e-8, 2.2e-7, 1.3e-5, 1.1e-4, 1.8e-7], ..ORDINARY },
    Case { name: "offset_1e8", scale: 100.0, offset: 1e8, pytorch: [2.4e-2, 1.7e-8, 9.1e-4, 5.0e-4, 5.3e-3, 1.8e-7], ..ORDINARY },
    Case { name: "spread_1e-6", scale: 1e-6, with_beta: false, epsilon: 1e-12, pytorch: [9.8e-8, 3.7e-8, 5.7e-9, 1.2e-7, 5.8e-8, 1.8e-7], ..ORDINARY },
    // PyTorch's variance overflows, and y and dx with it: errors of 0.7 in y and 1 in dx and dgamma.
    Case { name: "near_overflow", scale: 1e30, pytorch: [FLOOR, 2.9e-8, FLOOR, FLOOR, FLOOR, 1.8e-7], ..ORDINARY },
    Case { name: "denormals", scale: 1e-40, with_beta: false, pytorch: [6.5e-6, 4.0e-4, FLOOR, 1.6e-7, 1.2e-5, 1.8e-7], ..ORDINARY },
    Case { name: "constant_channel", pytorch: [2.5e-7, 2.2e-11, 4.6e-8, 1.5e-7, 1.3e-7, 1.8e-7], ..ORDINARY },
    Case { name: "large_epsilon", epsilon: 0.5, pytorch: [8.3e-8, 9.3e-9, 4.6e-8, 2.0e-7, 1.2e-7, 1.8e-7], ..ORDINARY },
    Case { name: "f16", scale: 3.0, offset: 1.0, dtype: DType::F16, pytorch: [3.2e-4, 5.5e-8, 2.9e-7, 3.3e-4, 3.5e-7, 1.6e-7], ..ORDINARY },
    Case { name: "bf16", scale: 3.0, offset: 1.0, dtype: DType::BF16, pytorch: [2.6e-3, 3.1e-8, 3.1e-7, 2.6e-3, 2.6e-7, 6.8e-8], ..ORDINARY },
];

impl Case {
    /// x, γ, β, dy.
    fn inputs(&self) -> [Vec<f32>; 4] {
        let (count, channels) = (SHAPE.iter().product(), SHAPE[1]);
        let mut x = scaled(uniform(count, 1), self.scale, self.offset);
        if self.name == "constant_channel" {
            (0..count).filter(|i| i / 576 % channels == 0).for_each(|i| x[i] = 7.3);
        }
        let beta = scaled(uniform(channels, 3), f64::from(u8::from(self.with_beta)), 0.0);
        [x, scaled(uniform(channels, 2), 0.5, 1.0), beta, scaled(uniform(count, 4), 1.0, 0.0)]
    }

    /// The largest allowed max|got − ref| / max|ref| of an output, given max|ref|.
    fn bound(&self, output: usize, largest: f64) -> f64 {
        let half = match (self.dtype, OUTPUTS[output]) {
            (DType::F16, "y" | "dx") => 2f64.powi(-11),
            (DType::BF16, "y" | "dx") => 2f64.powi(-8),
            _ => 0.0,
        };
        (half + FLOOR).max(self.pytorch[output]) + QUANTUM / largest
    }
}

/// In [−1, 1), from `SplitMix64`.
fn uniform(count: usize, seed: u64) -> Vec<f64> {
    let step = |i: usize| {
        let mut z = seed.wrapping_add((i as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 * 2f64.powi(-52) - 1.0
    };
    (1..=count).map(step).collect()
}

fn scaled(values: Vec<f64>, scale: f64, offset: f64) -> Vec<f32> {
    values.into_iter().map(|value| (value * scale + offset) as f32).collect()
}

fn device() -> Device {
    Device::flex().autodiff()
}

/// A constant on the autodiff device.
fn tensor<const D: usize>(values: &[f32], shape: [usize; D], dtype: DType) -> Tensor<D> {
    Tensor::<D>::from_data(TensorData::new(values.to_vec(), shape), (&device(), DType::F32)).cast(dtype).detach()
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.cast(DType::F32).into_data().try_to_vec().expect("f32")
}

/// y, μ, σ², dx, dγ, dβ.
fn everything<const D: usize>(x: Tensor<D>, [gamma, beta]: [&[f32]; 2], dy: Tensor<D>, epsilon: f64) -> [Vec<f32>; 6] {
    let leaf = |values: &[f32]| tensor(values, [values.len()], DType::F32).require_grad();
    let (x, gamma, beta) = (x.require_grad(), leaf(gamma), leaf(beta));
    let BatchNormOutput { output, mean, var } = batch_norm(x.clone(), gamma.clone(), beta.clone(), epsilon);
    let gradients = (output.clone() * dy).sum().backward();
    let dx = values(x.grad(&gradients).expect("dx"));
    let [dgamma, dbeta] = [gamma, beta].map(|leaf| values(leaf.grad(&gradients).expect("a leaf's gradient")));
    [values(output), values(mean), values(var), dx, dgamma, dbeta]
}

/// The same by definition, in f64.
fn reference(x: &[f32], [gamma, beta]: [&[f32]; 2], dy: &[f32], epsilon: f64) -> [Vec<f64>; 6] {
    let [n, channels, h, w] = SHAPE;
    let (locations, count) = (h * w, (n * h * w) as f64);
    let mut out = [x.len(), channels, channels, x.len(), channels, channels].map(|length| vec![0.0; length]);
    for channel in 0..channels {
        let (gamma, beta) = (f64::from(gamma[channel]), f64::from(beta[channel]));
        let indices = || (0..x.len()).filter(move |i| i / locations % channels == channel);
        let mean_of = |value: &dyn Fn(usize) -> f64| indices().map(value).sum::<f64>() / count;
        let rough = mean_of(&|i| f64::from(x[i]));
        let mean = rough + mean_of(&|i| f64::from(x[i]) - rough);
        let var = mean_of(&|i| (f64::from(x[i]) - mean).powi(2));
        let r = 1.0 / (var + epsilon).sqrt();
        let x_hat = |i: usize| (f64::from(x[i]) - mean) * r;
        let dy = |i: usize| f64::from(dy[i]);
        let (along_ones, along_x_hat) = (mean_of(&dy), mean_of(&|i| dy(i) * x_hat(i)));
        for i in indices() {
            out[0][i] = gamma * x_hat(i) + beta;
            out[3][i] = gamma * r * (dy(i) - along_ones - x_hat(i) * along_x_hat);
        }
        let sums = [mean, var, along_x_hat * count, along_ones * count];
        [1, 2, 4, 5].iter().zip(sums).for_each(|(&output, sum)| out[output][channel] = sum);
    }
    out
}

#[test]
fn errors_are_within_those_of_pytorch() {
    let mut failures = Vec::new();
    for case in &CASES {
        let [x, gamma, beta, dy] = case.inputs();
        let (x, dy) = (tensor(&x, SHAPE, case.dtype), tensor(&dy, SHAPE, case.dtype));
        let affine = [&gamma[..], &beta[..]];
        let expected = reference(&values(x.clone()), affine, &values(dy.clone()), case.epsilon);
        let got = everything(x, affine, dy, case.epsilon);
        for (output, (got, expected)) in got.iter().zip(&expected).enumerate() {
            let name = OUTPUTS[output];
            let largest = expected.iter().fold(0f64, |largest, value| largest.max(value.abs()));
            if largest > f64::from(f32::MAX) {
                println!("| {} | {name} | - |", case.name);
                assert!(got.iter().all(|value| *value == f32::INFINITY), "{} {name} overflows", case.name);
                continue;
            }
            let differences = got.iter().zip(expected).map(|(got, expected)| (f64::from(*got) - expected).abs());
            // (Not `max`, which would pass over a NaN.)
            let error = differences.fold(0.0, |a, b| if b <= a { a } else { b }) / largest;
            let printed = if largest < QUANTUM { "-".into() } else { format!("{error:.1e}") };
            println!("| {} | {name} | {printed} |", case.name);
            let bound = case.bound(output, largest);
            if error.is_nan() || error > bound {
                failures.push(format!("{} {name}: {error:.1e} > {bound:.1e}", case.name));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn epsilon_is_inside_the_root() {
    // σ² = 4: 2/√(4 + 5) = 2/3, whereas 2/(√4 + √5) = 0.47 and 2/(√4 + 5) = 0.29.
    let device = device();
    let x = Tensor::<2>::from_floats([[-2.0], [2.0]], &device);
    let y = values(batch_norm(x, Tensor::ones([1], &device), Tensor::zeros([1], &device), 5.0).output);
    assert!((y[1] - 2.0 / 3.0).abs() < 2e-7 && y[0] == -y[1], "{y:?}");
}

fn train<const D: usize>(shape: [usize; D]) {
    let _ = BatchNormConfig::new(3).init(&device()).forward(Tensor::<D>::zeros(shape, &device()));
}

#[test]
#[should_panic(expected = "at least 2 values per channel while training, got 1 in [1, 3, 1, 1]")]
fn one_value_per_channel_is_refused_in_training() {
    train([1, 3, 1, 1]);
}

#[test]
#[should_panic(expected = "at least 2 values per channel while training, got 0 in [0, 3, 4, 4]")]
fn an_empty_batch_is_refused_in_training() {
    train([0, 3, 4, 4]);
}

#[test]
#[should_panic(expected = "at least 2 values per channel while training, got 0 in [0, 3]")]
fn an_empty_batch_of_rank_2_is_refused_in_training() {
    train([0, 3]);
}

#[test]
fn an_empty_batch_is_empty_in_evaluation() {
    let norm = BatchNormConfig::new(3).init(&device()).valid();
    let device = Device::flex();
    assert_eq!(norm.forward(Tensor::<4>::zeros([0, 3, 4, 4], &device)).into_data().shape()[..], [0, 3, 4, 4]);
    assert_eq!(norm.forward_relu(Tensor::<2>::zeros([0, 3], &device)).into_data().shape()[..], [0, 3]);
}
