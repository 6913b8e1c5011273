//! Where the running means of a network take over what a bias loses.

use std::collections::BTreeMap;

use burn::tensor::Tensor;
use untied_redundancy::network::{NodeId, Operation};

use crate::model::net::Net;
use crate::model::value::Value;

/// What arrives at each norm with running statistics of a shift `[1, c, h, w]` that is added to a node's output and that
/// training removes: linear operations change it on its way, and maxima pass it on, since it is one value per channel there.
pub(super) fn arrivals(net: &Net, from: NodeId, shift: Tensor<4>) -> Vec<(NodeId, Tensor<4>)> {
    let network = &net.plan().network;
    let mut shifts = BTreeMap::from([(from, Value::Maps(shift))]);
    let mut arrived = vec![];
    for (id, node) in network.nodes().skip(from.index() + 1) {
        let inputs: Vec<Value> = node.inputs.iter().filter_map(|input| shifts.get(input).cloned()).collect();
        let Some(first) = inputs.first().cloned() else { continue };
        let passed = match &node.operation {
            Operation::Normalization { normalization, .. } => match normalization.spec() {
                Some(spec) => {
                    if spec.running {
                        arrived.push((id, first.maps()));
                    }
                    continue;
                }
                None => first,
            },
            // Nothing of it arrives where it would be at work.
            Operation::Activation(_) | Operation::Dropout | Operation::Loss | Operation::Input => continue,
            Operation::Bias(_) => first,
            _ => net.output(id, inputs),
        };
        shifts.insert(id, passed);
    }
    arrived
}
