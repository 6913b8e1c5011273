use std::collections::BTreeMap;

use crate::Mode;
use crate::axes::size;
use crate::network::{Network, NetworkError, NodeId, Operation, Problem};

/// The values of a network's tensors, row-major: weights of convolutions and linear maps, and, for norms that
/// take running statistics, γ and the running variance.
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    tensors: BTreeMap<(NodeId, &'static str), Vec<f64>>,
    pub(super) epsilon: f64,
}

impl Values {
    /// No tensors yet, and the ε that norms add to a variance.
    pub fn new(epsilon: f64) -> Self {
        Self { tensors: BTreeMap::new(), epsilon }
    }

    /// Sets the tensor of a node by its name, as in [`NodeTensor`](crate::network::NodeTensor).
    pub fn insert(&mut self, node: NodeId, name: &'static str, values: Vec<f64>) {
        self.tensors.insert((node, name), values);
    }

    /// The tensor of a node; empty where it was not set.
    pub fn get(&self, node: NodeId, name: &'static str) -> &[f64] {
        self.tensors.get(&(node, name)).map_or(&[], Vec::as_slice)
    }

    /// Checks that the tensors are there that shifts are multiplied by.
    pub(super) fn check(&self, network: &Network, mode: Mode) -> Result<(), NetworkError> {
        for (id, node) in network.nodes() {
            let evaluated = |name| matches!(name, "gamma" | "running_var") && mode.takes_running_statistics();
            let runs = match node.operation {
                Operation::Normalization { normalization, .. } => normalization.spec().is_some_and(|spec| spec.running),
                _ => false,
            };
            for tensor in network.tensors(id) {
                let found = self.get(id, tensor.name).len();
                let needed = tensor.name == "weight" || (runs && evaluated(tensor.name));
                if needed && found != size(&tensor.shape) {
                    let problem = Problem::Tensor { name: tensor.name, expected: tensor.shape, found };
                    return Err(NetworkError { node: node.name.clone(), problem });
                }
            }
        }
        Ok(())
    }
}
