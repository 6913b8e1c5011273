//! Σ dx over a channel is zero to round-off: a bias before the layer is redundant.
//!
//! The bound. Per channel, with g the gradient before scale and shift (dy, or dy where y > 0 behind a ReLU),
//! ḡ = mean(g), q̄ = mean(g·x̂) and u the unit round-off:
//!
//! ```text
//! dxᵢ = γ r · ((gᵢ − ḡ) − x̂ᵢ q̄),    Σᵢ (gᵢ − ḡ) = 0,    Σᵢ x̂ᵢ = 0
//! ```
//!
//! Errors of γ, r and q̄ scale sums that are zero; only what differs from one i to the next remains, at most:
//!
//! - on gᵢ − ḡ: 3 u: its subtraction, that of the second term, the product with γr;
//! - on x̂ᵢ q̄: 6 u: the subtractions of the mean and of its residual, the products with r and q̄, then as above
//!   (without its own subtraction);
//! - from ḡ, alike in every i: 1 u on |ḡ|, and 1 u on |gᵢ| for its sum;
//! - from the mean in x̂: 1 u on |x̂ᵢ q̄|, as what is left of it after the residual is an error of a mean of xᵢ − μ.
//!
//! That is 7 u at most on any term. The sums are granted one more: 1 u each is what they err by when pairwise, in
//! lanes or in a wider type, not the worst case of one in sequence. So, however far the mean is from zero,
//! |Σ dxᵢ| ≤ 8 u |γ| r Σᵢ (|gᵢ − ḡ| + |ḡ| + |x̂ᵢ q̄|).
#![cfg(feature = "flex")]

use burn::tensor::{DType, Device, Tensor, TensorData};
use proptest::prelude::*;
use untied_batch_norm::{batch_norm, batch_norm_relu};
use untied_gradcheck::Input;

const EPSILON: f64 = 1e-5;
const ROUNDINGS: f64 = 8.0;

#[derive(Debug, Clone)]
struct Case {
    shape: Vec<usize>,
    scale: f64,
    offset: f64,
    dtype: DType,
    relu: bool,
    seed: u64,
}

fn any_case() -> impl Strategy<Value = Case> {
    let shape = prop::collection::vec(1usize..7, 2..=5)
        .prop_filter("two values per channel", |shape| shape.iter().product::<usize>() > shape[1]);
    let dtype = prop_oneof![Just(DType::F32), Just(DType::F64)];
    (shape, -3.0..3.0f64, -1e3..1e3f64, dtype, any::<bool>(), 0u64..1 << 32).prop_map(
        |(shape, magnitude, offset, dtype, relu, seed)| {
            let scale = 10f64.powf(magnitude);
            Case { shape, scale, offset: offset * scale, dtype, relu, seed }
        },
    )
}

/// The sum with its own round-off compensated (Neumaier).
fn sum(values: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0f64, 0.0);
    for value in values {
        let next = sum + value;
        lost += if sum.abs() >= value.abs() { (sum - next) + value } else { (value - next) + sum };
        sum = next;
    }
    sum + lost
}

fn wide<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.cast(DType::F64).into_data().try_to_vec().expect("f64")
}

impl Case {
    fn tensor<const D: usize>(&self, shape: [usize; D], seed: u64, scale: f64, offset: f64) -> Tensor<D> {
        let values = Input::random("values", shape, self.seed + seed).values;
        let values: Vec<f64> = values.into_iter().map(|value| value * scale + offset).collect();
        let device = Device::flex().autodiff();
        Tensor::<D>::from_data(TensorData::new(values, shape), (&device, DType::F64)).cast(self.dtype).detach()
    }

    /// |Σ dx| and its bound, per channel.
    fn sums<const D: usize>(&self) -> Vec<(f64, f64)> {
        let shape: [usize; D] = self.shape[..].try_into().expect("D sizes");
        let x = self.tensor(shape, 0, self.scale, self.offset).require_grad();
        let (gamma, beta) = (self.tensor([shape[1]], 1, 1.0, 0.0), self.tensor([shape[1]], 2, 1.0, 0.0));
        let dy = self.tensor(shape, 3, 1.0, 0.0);
        let normalize = if self.relu { batch_norm_relu } else { batch_norm };
        let y = normalize(x.clone(), gamma.clone(), beta, EPSILON).output;
        let dx = wide(x.grad(&(y.clone() * dy.clone()).sum().backward()).expect("dx"));

        let (x, y, dy, gamma) = (wide(x), wide(y), wide(dy), wide(gamma));
        let g: Vec<f64> = dy.iter().zip(y).map(|(dy, y)| if self.relu && y <= 0.0 { 0.0 } else { *dy }).collect();
        let unit = if self.dtype == DType::F32 { 2f64.powi(-24) } else { 2f64.powi(-53) };
        let locations: usize = shape[2..].iter().product();
        let channel = |channel: usize| {
            let indices = || (0..x.len()).filter(|i| i / locations % shape[1] == channel);
            let mean = |value: &dyn Fn(usize) -> f64| sum(indices().map(value)) / indices().count() as f64;
            let rough = mean(&|i| x[i]);
            let residual = mean(&|i| x[i] - rough);
            let r = 1.0 / (mean(&|i| (x[i] - rough - residual).powi(2)) + EPSILON).sqrt();
            let x_hat = |i: usize| (x[i] - rough - residual) * r;
            let (along_ones, along_x_hat) = (mean(&|i| g[i]), mean(&|i| g[i] * x_hat(i)));
            let term = |i: usize| (g[i] - along_ones).abs() + along_ones.abs() + (x_hat(i) * along_x_hat).abs();
            let size = gamma[channel].abs() * r * sum(indices().map(term));
            (sum(indices().map(|i| dx[i])).abs(), ROUNDINGS * unit * size)
        };
        (0..shape[1]).map(channel).collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn gradients_of_a_channel_sum_to_zero(case in any_case()) {
        let sums = match case.shape.len() {
            2 => case.sums::<2>(),
            3 => case.sums::<3>(),
            4 => case.sums::<4>(),
            _ => case.sums::<5>(),
        };
        for (channel, (sum, bound)) in sums.into_iter().enumerate() {
            prop_assert!(sum <= bound, "channel {channel}: |Σ dx| = {sum:e} > {bound:e}");
        }
    }
}
