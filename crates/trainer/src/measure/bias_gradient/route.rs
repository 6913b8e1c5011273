//! The way of a bias's shifts to where they are removed, and what rounding on the way back comes to.
//!
//! **The bound.** Let a node's output o have the bound e(o): an error of at most u·e(o), with u the unit round-off and up to
//! a small factor, in the sums over ∂J/∂o that shift flow says are zero; and let |∂J/∂o| ≤ e(o). Where a norm or the
//! loss removes shifts, e is the sum of the terms of its backward pass ([terms](super::terms)), in absolute value. Any
//! operation on the way there passes shifts linearly, x ↦ W·x + …, so that its backward pass is Wᵀ. An error of
//! ∂J/∂o then grows to |Wᵀ| u e(o) at most, and rounding in Wᵀ itself adds a few times u |Wᵀ| |∂J/∂o|, which is no
//! more. So
//!
//! ```text
//! e(input) = |W|ᵀ e(output),   summed over all that read the input
//! ```
//!
//! with the absolute values of the weights: an addition or concatenation passes e on, a mean divides it, a convolution
//! convolves it backward with |w|. A maximum hands each element of e to one element of its window; which one does not matter, as
//! only sums over whole channels pass it. Right behind the bias, e is the norm's own. Further away the signs of weights, which |W|
//! forgets, make it larger than what rounding comes to, the more so the more channels are added up: such a certificate is
//! true, but would miss a gradient that is wrong by less.

use std::collections::{BTreeMap, BTreeSet};

use burn::tensor::{Tensor, TensorData};
use untied_redundancy::network::NodeId;

use crate::model::net::Net;
use crate::model::plan::Plan;
use crate::model::tensors::host;
use crate::model::value::Value;

/// The nodes between a bias and where its redundant part is removed.
pub(super) struct Route {
    bias: NodeId,
    /// In topological order.
    pub(super) between: Vec<NodeId>,
    /// The norms and losses that remove it.
    pub(super) ends: Vec<NodeId>,
}

impl Route {
    /// The way of a bias of which the network removes a part: on all paths, then.
    pub(super) fn new(plan: &Plan, bias: NodeId) -> Self {
        let (mut between, mut ends, mut reached) = (Vec::new(), Vec::new(), BTreeSet::from([bias]));
        for (id, node) in plan.network.nodes() {
            if !node.inputs.iter().any(|input| reached.contains(input)) {
                continue;
            }
            if plan.removes(node) {
                ends.push(id);
            } else {
                between.push(id);
                reached.insert(id);
            }
        }
        Self { bias, between, ends }
    }

    /// Σ e over the images at the bias, `[c, h, w]`. `terms` holds the same of the inputs of all ends.
    pub(super) fn bound(&self, model: &Net, terms: &BTreeMap<NodeId, Vec<f64>>) -> Vec<f64> {
        let network = &model.plan().network;
        if self.between.is_empty() {
            let add = |sum: Vec<f64>, more: &Vec<f64>| sum.iter().zip(more).map(|(a, b)| a + b).collect();
            return self
                .ends
                .iter()
                .map(|end| &terms[end])
                .fold(vec![0.0; network.node(self.bias).output.iter().product()], add);
        }
        // All maps are the same for every image, and linear: those of the sum are the sums.
        let own = model.terms(self.bias).first().expect("a bias of a trained model").val();
        let maps = |node: NodeId, values: Vec<f64>| {
            let [channels, height, width] = network.node(node).output;
            let data = TensorData::new(values, [1, channels, height, width]);
            Tensor::<4>::from_data(data, (&own.device(), own.dtype()))
        };
        let zeros = |node: NodeId| maps(node, vec![0.0; network.node(node).output.iter().product()]);
        let start = zeros(self.bias).require_grad();
        let mut shifts = BTreeMap::from([(self.bias, Value::Maps(start.clone()))]);
        for &id in &self.between {
            let input = |input: &NodeId| shifts.get(input).cloned().unwrap_or_else(|| Value::Maps(zeros(*input)));
            let inputs = network.node(id).inputs.iter().map(input).collect();
            shifts.insert(id, model.absolute_output(id, inputs));
        }
        let reach = |end: &NodeId| {
            let input = network.node(*end).inputs[0];
            let e = maps(input, terms[end].clone());
            match shifts[&input].clone() {
                Value::Maps(shift) => (shift * e).sum(),
                Value::Vectors(shift) => (shift * e.flatten(1, 3)).sum(),
            }
        };
        // Its gradient is that of a backward pass which starts from e.
        let reached: Tensor<1> = self.ends.iter().map(reach).reduce(|sum, more| sum + more).expect("a remover");
        host(start.grad(&reached.backward()).expect("every end is reached from the bias"))
    }
}
