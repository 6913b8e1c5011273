//! What a measured step looks at on its way forward and back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use burn::tensor::{DType, Tensor, TensorData};
use untied_redundancy::network::{NodeId, Operation};

use super::route::Route;
use super::tap::tapped;
use super::terms::{LossPass, NormPass, least};
use crate::model::net::Net;
use crate::model::plan::Plan;
use crate::model::step::Step;

/// The nodes that are looked at.
pub(super) struct Taps {
    /// The norms that remove a part of some bias.
    norms: Vec<Remover>,
    /// The loss, if it removes a part of some bias.
    loss: Option<NodeId>,
    biases: BTreeSet<NodeId>,
}

/// A norm that removes a part of some bias.
#[derive(Debug, Clone, Copy)]
struct Remover {
    node: NodeId,
    input: NodeId,
    /// The node whose output is computed with it: itself, or a ReLU behind it.
    output: NodeId,
}

/// What is seen in one step; complete after its backward pass.
#[derive(Debug, Clone, Default)]
pub(crate) struct Observed(Arc<Mutex<Sums>>);

/// Sums over the images of one step, `[c, h, w]` each.
#[derive(Debug, Default)]
pub(super) struct Sums {
    /// Σ|∂J/∂z| at every bias.
    pub(super) absolute: BTreeMap<NodeId, Vec<f64>>,
    /// Σ e of the input of every node that removes a part of some bias.
    pub(super) terms: BTreeMap<NodeId, Vec<f64>>,
    pub(super) images: usize,
    /// The smallest normal number of the step's type.
    pub(super) least: f64,
}

impl Observed {
    pub(super) fn sums(&self) -> MutexGuard<'_, Sums> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taps {
    /// Those of a plan whose biases have these routes.
    pub(super) fn new<'r>(plan: &Plan, routes: impl Iterator<Item = &'r Route>) -> Self {
        let network = &plan.network;
        let ends: BTreeSet<NodeId> = routes.flat_map(|route| &route.ends).copied().collect();
        let (losses, norms): (Vec<NodeId>, Vec<NodeId>) =
            ends.into_iter().partition(|&id| network.node(id).operation == Operation::Loss);
        let output = |id: NodeId| plan.steps.iter().find(|step| step.node == id).map_or(id, Step::output);
        let remover = |node: NodeId| Remover { node, input: network.node(node).inputs[0], output: output(node) };
        Self {
            norms: norms.into_iter().map(remover).collect(),
            loss: losses.first().copied(),
            biases: plan.biases.iter().map(|bias| bias.node).collect(),
        }
    }

    /// A forward pass that is looked at, and what is seen in it and in its backward pass.
    pub(super) fn forward(&self, model: &Net, x: Tensor<4>) -> (Tensor<2>, Observed) {
        let observed = Observed::default();
        (observed.sums().images, observed.sums().least) = (x.dims()[0], least(x.dtype()));
        let mut inputs = BTreeMap::new();
        let scores = model.forward_with(x, &mut |node, z| {
            if self.norms.iter().any(|norm| norm.input == node) {
                inputs.insert(node, z.clone().inner());
            }
            let norm = self.norms.iter().find(|norm| norm.output == node);
            let pass = norm.map(|norm| {
                // What a fused ReLU cuts off.
                let y = (norm.output != norm.node).then(|| z.clone().inner());
                (norm.node, NormPass::new(model, norm.node, inputs[&norm.input].clone(), y))
            });
            let is_bias = self.biases.contains(&node);
            if !is_bias && pass.is_none() {
                return z;
            }
            let observed = observed.clone();
            tapped(z, move |gradient| {
                if is_bias {
                    observed.sums().absolute.insert(node, absolute_over_images(&gradient));
                }
                if let Some((norm, pass)) = &pass {
                    observed.sums().terms.insert(*norm, pass.terms(&gradient));
                }
            })
        });
        let Some(loss) = self.loss else { return (scores, observed) };
        let (pass, to) = (LossPass::new(scores.clone().inner()), observed.clone());
        let scores = tapped(scores, move |gradient| {
            to.sums().terms.insert(loss, pass.terms(&gradient));
        });
        (scores, observed)
    }
}

/// Σ|∂J/∂z| over the images: `[n, c, h, w]` → `[c, h, w]`.
pub(super) fn absolute_over_images(dz: &TensorData) -> Vec<f64> {
    let mut sums = vec![0.0; dz.shape()[1..].iter().product()];
    match dz.dtype() {
        DType::F64 => add_absolute::<f64>(&mut sums, dz),
        _ => add_absolute::<f32>(&mut sums, dz),
    }
    sums
}

fn add_absolute<T: burn::tensor::Element + Into<f64>>(sums: &mut [f64], dz: &TensorData) {
    for image in dz.as_slice::<T>().expect("a type of training").chunks_exact(sums.len()) {
        sums.iter_mut().zip(image).for_each(|(sum, value)| *sum += (*value).into().abs());
    }
}
