//! The terms of the backward passes that remove a part of a bias: what is subtracted there, in absolute value.
//!
//! A norm that centres, u = γ·x̂ + β with x̂ = r·(z − μ) and r = 1/√(σ² + ε) over a statistics set, has the backward pass
//!
//! ```text
//! ∂J/∂z = r·(g − mean(g) − x̂·mean(g·x̂)),   g = γ·∂J/∂u,   Σ ∂J/∂z = 0 over the set
//! ```
//!
//! as `untied_batch_norm::backward` derives. Each of the three terms is rounded a few times, and rounding errors do not
//! cancel where the terms do: over a set, |Σ ∂J/∂z| as computed is at most a few times
//!
//! ```text
//! u·e,   e = r·(Σ|g| + |Σ g| + |Σ g·x̂|)
//! ```
//!
//! with u the unit round-off: the sums of the terms' absolute values, where Σ|x̂| is at most the number of elements.
//! (What is rounded alike in the whole set, such as r, γ or mean(g·x̂), multiplies sums that are zero.
//! `crates/batch-norm/tests/it/sums.rs` counts 8 roundings for that crate's own pass.) Redundant shifts are constant on every
//! statistics set, so that only e of whole sets is ever asked for; here it is spread evenly over a set's elements.
//! In large sets e and Σ|∂J/∂z| are alike; in a set of two, where x̂ = ±1 up to ε, ∂J/∂z is ε/(σ² + ε) of g − mean(g), and next
//! to nothing but rounding of the terms.
//!
//! The softmax with cross-entropy has ∂J/∂s = (p − y)/n for scores s, probabilities p, labels y (0 or 1) and n images, Σ ∂J/∂s = 0
//! over the classes, and e = (p + y)/n.
//!
//! Products below the smallest normal number M round by up to u·M, whatever their size: M is added to each.
//!
//! The sums are taken on the host, in f64 and in a few passes over memory: a tensor operation for every step of the formula
//! takes as long as several steps of training on a CPU, and the copies from a GPU are few.

use burn::tensor::activation::softmax;
use burn::tensor::{DType, Tensor, TensorData};
use untied_redundancy::NormSpec;
use untied_redundancy::network::{NodeId, Operation};

use super::statistics_sets::StatisticsSets;
use crate::model::net::Net;
use crate::model::tensors::host;

/// What the backward pass of a norm, with the ReLU that is computed with it, starts from.
pub(super) struct NormPass {
    spec: NormSpec,
    epsilon: f64,
    /// Its input `[n, c, h, w]`.
    z: Tensor<4>,
    /// The ReLU's output, where there is one.
    y: Option<Tensor<4>>,
    gamma: Vec<f64>,
}

impl NormPass {
    pub(super) fn new(model: &Net, norm: NodeId, z: Tensor<4>, y: Option<Tensor<4>>) -> Self {
        let plan = model.plan();
        let Operation::Normalization { normalization, .. } = plan.network.node(norm).operation else {
            unreachable!("a norm");
        };
        let spec = normalization.spec().expect("what removes a shift is a normalization");
        let gamma = model.gamma(norm).map_or_else(|| vec![1.0], host);
        Self { spec, epsilon: plan.epsilon, z, y, gamma }
    }

    /// Σ e over the images, `[c, h, w]`, of the norm's input, for the gradient of the output.
    pub(super) fn terms(&self, du: &TensorData) -> Vec<f64> {
        match du.dtype() {
            DType::F64 => self.typed::<f64>(du),
            _ => self.typed::<f32>(du),
        }
    }

    fn typed<T: burn::tensor::Element + Into<f64>>(&self, du: &TensorData) -> Vec<f64> {
        let norm = (&self.spec, self.epsilon);
        let (z, y) = (self.z.to_data(), self.y.as_ref().map(Tensor::to_data));
        let (z, du, y) = (values::<T>(&z), values::<T>(du), y.as_ref().map(values::<T>));
        of_norm(norm, self.z.dims(), z, du, y, &self.gamma, least(self.z.dtype()))
    }
}

/// What the backward pass of the softmax with cross-entropy starts from.
pub(super) struct LossPass {
    scores: Tensor<2>,
}

impl LossPass {
    pub(super) fn new(scores: Tensor<2>) -> Self {
        Self { scores }
    }

    /// Σ e over the images, one a class, for the gradient of the scores.
    pub(super) fn terms(&self, gradient: &TensorData) -> Vec<f64> {
        let ([images, classes], least) = (self.scores.dims(), least(self.scores.dtype()));
        let mut sums = vec![0.0; classes];
        // p + y ≤ 2p + |p − y|.
        for (index, (p, gradient)) in
            host(softmax(self.scores.clone(), 1)).into_iter().zip(gradient.iter::<f64>()).enumerate()
        {
            sums[index % classes] += 2.0 * p / images as f64 + gradient.abs() + least;
        }
        sums
    }
}

/// Σ e over the images, `[c, h, w]`, of the input `z` `[n, c, h, w]` of a norm with its ε, for the gradient `du` of its output,
/// which is cut off where `y` is not positive, and γ: one element, one a channel, or one a channel and location.
pub(super) fn of_norm<T: Copy + Into<f64>>(
    (spec, epsilon): (&NormSpec, f64),
    shape: [usize; 4],
    z: &[T],
    du: &[T],
    y: Option<&[T]>,
    gamma: &[f64],
    least: f64,
) -> Vec<f64> {
    let sets = StatisticsSets::new(spec, shape);
    let elements: usize = shape[1..].iter().product();
    let repeats = elements / gamma.len();
    let gamma: Vec<f64> = (0..elements).map(|element| gamma[element / repeats]).collect();
    let z = |index: usize| -> f64 { z[index].into() };
    let g = |index: usize, own: usize| -> f64 {
        let alive = y.is_none_or(|y| y[index].into() > 0.0);
        if alive { gamma[own] * du[index].into() } else { 0.0 }
    };
    let count = sets.elements() as f64;
    let mean: Vec<f64> = sets.sums(|index, _, _| z(index)).into_iter().map(|sum| sum / count).collect();
    let variance = sets.sums(|index, _, set| (z(index) - mean[set]).powi(2)).into_iter().map(|sum| sum / count);
    let r: Vec<f64> = variance.map(|variance| 1.0 / (variance + epsilon).sqrt()).collect();
    let sizes = sets.sums(|index, own, _| g(index, own).abs() + (1.0 + gamma[own].abs()) * least);
    let along_ones = sets.sums(|index, own, _| g(index, own));
    let along_x_hat = sets.sums(|index, own, set| g(index, own) * (z(index) - mean[set]) * r[set]);
    let e = (0..r.len()).map(|set| {
        let terms = sizes[set] + along_ones[set].abs() + along_x_hat[set].abs();
        r[set] * terms / count + least
    });
    sets.over_images(&e.collect::<Vec<f64>>())
}

/// The values of a tensor of this type, row-major.
fn values<T: burn::tensor::Element>(data: &TensorData) -> &[T] {
    data.as_slice::<T>().expect("a type of training")
}

/// The smallest normal number.
pub(super) fn least(dtype: DType) -> f64 {
    if dtype == DType::F64 { f64::MIN_POSITIVE } else { f64::from(f32::MIN_POSITIVE) }
}
