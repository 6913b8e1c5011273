//! The order of a forward pass, with the operations that one kernel computes together.

use untied_redundancy::network::{Activation, Network, NodeId, Operation};

/// One operation, or two that are computed in one pass over memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) node: NodeId,
    /// The sole consumer of the node, computed with it: a bias behind a linear operation, a ReLU behind a norm.
    pub(crate) fused: Option<NodeId>,
}

impl Step {
    /// The node whose output the step gives.
    pub(crate) fn output(self) -> NodeId {
        self.fused.unwrap_or(self.node)
    }
}

/// The steps of a network, without its input and its loss.
pub(super) fn steps(network: &Network) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for (node, planned) in network.nodes() {
        let computed = steps.iter().any(|step| step.fused == Some(node));
        if !computed && !matches!(planned.operation, Operation::Input | Operation::Loss) {
            steps.push(Step { node, fused: fused(network, node) });
        }
    }
    steps
}

fn fused(network: &Network, node: NodeId) -> Option<NodeId> {
    let mut consumers = network.consumers(node);
    let (Some((next, _)), None) = (consumers.next(), consumers.next()) else { return None };
    let fits = matches!(
        (&network.node(node).operation, &network.node(next).operation),
        (Operation::Convolution(_) | Operation::Linear { .. }, Operation::Bias(_))
            | (Operation::Normalization { .. }, Operation::Activation(Activation::Relu))
    );
    fits.then_some(next)
}
