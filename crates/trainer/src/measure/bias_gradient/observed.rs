//! What a measured step looks at in its forward pass.

use std::collections::{BTreeMap, BTreeSet};

use burn::tensor::Tensor;
use untied_redundancy::network::{NodeId, Operation};

use super::route::Route;
use crate::model::net::Net;
use crate::model::plan::Plan;
use crate::model::step::Step;

/// The nodes that are looked at.
pub(super) struct Taps {
    /// The norms, and the loss, that remove a part of some bias.
    pub(super) removers: Vec<Remover>,
    /// Nodes whose outputs' gradients are wanted.
    gradients: BTreeSet<NodeId>,
    /// Nodes whose outputs are wanted.
    values: BTreeSet<NodeId>,
    scores: bool,
}

/// A node that removes a part of some bias.
#[derive(Debug, Clone, Copy)]
pub(super) struct Remover {
    pub(super) node: NodeId,
    pub(super) input: NodeId,
    /// The node whose output is computed with it: itself, or a ReLU behind it.
    pub(super) output: NodeId,
}

/// What was seen in one forward pass.
pub(crate) struct Observed {
    /// Zeros added to outputs: their gradients are those of the outputs, which non-leaves cannot be asked for.
    pub(super) probes: BTreeMap<NodeId, Tensor<4>>,
    /// Outputs, without their history.
    pub(super) values: BTreeMap<NodeId, Tensor<4>>,
    /// The class scores without their history, and zeros that were added to them.
    pub(super) scores: Option<(Tensor<2>, Tensor<2>)>,
}

impl Taps {
    /// Those of a plan whose biases have these routes.
    pub(super) fn new<'r>(plan: &Plan, routes: impl Iterator<Item = &'r Route>) -> Self {
        let network = &plan.network;
        let ends: BTreeSet<NodeId> = routes.flat_map(|route| &route.ends).copied().collect();
        let is_loss = |id: NodeId| network.node(id).operation == Operation::Loss;
        let output = |id: NodeId| plan.steps.iter().find(|step| step.node == id).map_or(id, Step::output);
        let remover = |&node: &NodeId| Remover { node, input: network.node(node).inputs[0], output: output(node) };
        let removers: Vec<Remover> = ends.iter().map(remover).collect();
        let norms = || removers.iter().filter(|remover| !is_loss(remover.node));
        let fused = norms().filter(|remover| remover.output != remover.node).map(|remover| remover.output);
        Self {
            gradients: plan.biases.iter().map(|bias| bias.node).chain(norms().map(|norm| norm.output)).collect(),
            values: norms().map(|norm| norm.input).chain(fused).collect(),
            scores: removers.iter().any(|remover| is_loss(remover.node)),
            removers,
        }
    }

    /// A forward pass with probes, and what was seen.
    pub(super) fn forward(&self, model: &Net, x: Tensor<4>) -> (Tensor<2>, Observed) {
        let mut observed = Observed { probes: BTreeMap::new(), values: BTreeMap::new(), scores: None };
        let mut scores = model.forward_with(x, &mut |node, mut z| {
            if self.gradients.contains(&node) {
                let probe = z.clone().detach().zeros_like().require_grad();
                observed.probes.insert(node, probe.clone());
                z = z + probe;
            }
            if self.values.contains(&node) {
                observed.values.insert(node, z.clone().inner());
            }
            z
        });
        if self.scores {
            let probe = scores.clone().detach().zeros_like().require_grad();
            observed.scores = Some((scores.clone().inner(), probe.clone()));
            scores = scores + probe;
        }
        (scores, observed)
    }
}
