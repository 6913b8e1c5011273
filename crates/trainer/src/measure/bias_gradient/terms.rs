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
//! u·Σ e,   e = r·(|g| + |mean(g)| + |x̂·mean(g·x̂)|)
//! ```
//!
//! with u the unit round-off. (What is rounded alike in the whole set, such as r, γ or mean(g·x̂), multiplies sums
//! that are zero. `crates/batch-norm/tests/it/sums.rs` counts 8 roundings for that crate's own pass.) In large sets e and
//! |∂J/∂z| are alike; in a set of two, where x̂ = ±1 up to ε, ∂J/∂z is ε/(σ² + ε) of g − mean(g), and next to nothing but
//! rounding of the terms.
//!
//! The softmax with cross-entropy has ∂J/∂s = (p − y)/n for scores s, probabilities p, labels y (0 or 1) and n images, Σ ∂J/∂s = 0
//! over the classes, and e = (p + y)/n.
//!
//! Products below the smallest normal number M round by up to u·M, whatever their size: M is added to the terms.

use std::collections::BTreeMap;

use burn::tensor::activation::softmax;
use burn::tensor::{DType, Gradients, Tensor};
use untied_redundancy::network::{NodeId, Operation};
use untied_redundancy::{BiasTerms, NormSpec, Normalization, Span};

use super::observed::{Observed, Remover, Taps};
use crate::model::net::Net;
use crate::model::plan::{Shape, term_shapes};
use crate::model::value::Value;

/// A step after its backward pass.
pub(super) struct Step<'s> {
    pub(super) model: &'s Net,
    pub(super) observed: &'s Observed,
    pub(super) gradients: &'s Gradients,
}

impl Step<'_> {
    /// The gradient of a probed node's output, `[n, c, h, w]`.
    pub(super) fn gradient(&self, node: NodeId) -> Tensor<4> {
        self.observed.probes[&node].grad(self.gradients).expect("the loss depends on every bias and norm")
    }

    /// e of the input of every node that removes a part of some bias, by that node.
    pub(super) fn of_nodes(&self, taps: &Taps) -> BTreeMap<NodeId, Value> {
        let plan = self.model.plan();
        let terms = |remover: &Remover| match plan.network.node(remover.node).operation {
            Operation::Normalization { normalization, .. } => Value::Maps(self.of_norm(normalization, remover)),
            _ => Value::Vectors(self.of_loss()),
        };
        taps.removers.iter().map(|remover| (remover.node, terms(remover))).collect()
    }

    fn of_norm(&self, normalization: Normalization, remover: &Remover) -> Tensor<4> {
        let spec = normalization.spec().expect("what removes a shift is a normalization");
        let z = self.observed.values[&remover.input].clone();
        let mut du = self.gradient(remover.output);
        if remover.output != remover.node {
            let cut = self.observed.values[&remover.output].clone().lower_equal_elem(0.0);
            du = du.mask_fill(cut, 0.0);
        }
        let [_, channels, height, width] = z.dims();
        let gamma = self.model.gamma(remover.node).map(|gamma| {
            let per_activation = gamma.dims()[0] > channels;
            gamma.inner().reshape([
                1,
                channels,
                if per_activation { height } else { 1 },
                if per_activation { width } else { 1 },
            ])
        });
        of_norm(&spec, z, du, gamma, self.model.plan().epsilon)
    }

    fn of_loss(&self) -> Tensor<2> {
        let (scores, probe) =
            self.observed.scores.as_ref().expect("scores are looked at where the loss removes a shift");
        let gradient = probe.grad(self.gradients).expect("the loss depends on the scores");
        let [images, _] = scores.dims();
        // p + y ≤ 2p + |p − y|.
        let least = least(scores.dtype());
        softmax(scores.clone(), 1) * (2.0 / images as f64) + gradient.abs() + least
    }
}

/// e of the input `z` of a norm, `[n, c, h, w]`, for the gradient `du` of its output and γ `[1, c, h|1, w|1]`.
pub(super) fn of_norm(
    spec: &NormSpec,
    z: Tensor<4>,
    du: Tensor<4>,
    gamma: Option<Tensor<4>>,
    epsilon: f64,
) -> Tensor<4> {
    let (shape, least) = (z.dims(), least(z.dtype()));
    let sets = StatisticsSets::new(spec, shape);
    let (g, smallest) = match gamma {
        Some(gamma) => (du * gamma.clone(), gamma.abs() * least + least),
        None => (du, Tensor::full([1; 4], 2.0 * least, (&z.device(), z.dtype()))),
    };
    let size = sets.split(g.clone().abs() + smallest);
    let (z, g) = (sets.split(z), sets.split(g));
    let centred = z.clone() - sets.mean(z);
    // The first mean is rounded where it is large.
    let centred = centred.clone() - sets.mean(centred);
    let r = (sets.mean(centred.clone().square()) + epsilon).sqrt().recip();
    let x_hat = centred * r.clone();
    let [along_ones, along_x_hat] = [g.clone(), g * x_hat.clone()].map(|values| sets.mean(values).abs());
    let terms = size + along_ones + x_hat.abs() * along_x_hat;
    (terms * r).reshape(shape)
}

/// The statistics sets of a norm, as axes of a tensor `[n, groups, c/groups, h, w]`.
struct StatisticsSets {
    split: [usize; 5],
    /// The axes that a set covers, the last one first.
    axes: Vec<usize>,
}

impl StatisticsSets {
    fn new(spec: &NormSpec, [images, channels, height, width]: [usize; 4]) -> Self {
        let (groups, mut axes) = match spec.span {
            Span::Activation => (channels, vec![]),
            Span::Channel => (channels, vec![4, 3]),
            Span::Group(groups) => (groups, vec![4, 3, 2]),
        };
        axes.extend(spec.over_images.then_some(0));
        Self { split: [images, groups, channels / groups, height, width], axes }
    }

    fn split(&self, maps: Tensor<4>) -> Tensor<5> {
        maps.reshape(self.split)
    }

    fn mean(&self, values: Tensor<5>) -> Tensor<5> {
        self.axes.iter().fold(values, |values, &axis| values.mean_dim(axis))
    }
}

/// The smallest normal number.
fn least(dtype: DType) -> f64 {
    if dtype == DType::F64 { f64::MIN_POSITIVE } else { f64::from(f32::MIN_POSITIVE) }
}

/// The sums of `[n, c, h, w]` over the images, channels and locations that share a parameter of a term, for each term, flat.
pub(super) fn over_terms(terms: &BiasTerms, maps: &Tensor<4>) -> Vec<Tensor<1>> {
    let images = maps.clone().sum_dim(0);
    let sums = |term: Shape| {
        let shared = (0..3).filter(|&axis| term[axis] == 1).map(|axis| axis + 1);
        shared.fold(images.clone(), Tensor::sum_dim).flatten(0, 3)
    };
    term_shapes(terms).into_iter().map(sums).collect()
}
