//! A network as it is drawn: its operations from top to bottom, in two lanes.

use serde::Serialize;
use untied_redundancy::network::{Network, NodeId, Operation};
use untied_redundancy::{Bias, Normalization};

use super::words;

/// A network with the lane of each of its nodes.
#[derive(Debug)]
pub(super) struct Drawing {
    pub(super) network: Network,
    lanes: Vec<usize>,
    norm: Normalization,
    bias: Bias,
}

/// A node as the script draws it.
#[derive(Debug, Serialize)]
pub(super) struct NodeData {
    name: String,
    operation: String,
    /// What kind of box it is: `bias`, `norm` or `operation`.
    kind: &'static str,
    lane: usize,
    inputs: Vec<usize>,
    shape: [usize; 3],
}

/// The nodes of a network; they are the same for every norm and bias.
pub(super) fn nodes(drawing: &Drawing) -> Vec<NodeData> {
    let nodes = drawing.network.nodes().zip(&drawing.lanes);
    let data = |((_, node), &lane): ((NodeId, &untied_redundancy::network::Node), &usize)| NodeData {
        name: words::name(&node.name),
        operation: words::operation(&node.operation),
        kind: words::kind(&node.operation),
        lane,
        inputs: node.inputs.iter().map(|input| input.index()).collect(),
        shape: node.output,
    };
    nodes.map(data).collect()
}

impl Drawing {
    /// An input, from which the main lane goes down.
    pub(super) fn new(input: [usize; 3], norm: Normalization, bias: &Bias) -> Self {
        let network = Network::new(input).expect("an input that has no size 0");
        Self { network, lanes: vec![0], norm, bias: bias.clone() }
    }

    /// Adds an operation behind others.
    pub(super) fn add(&mut self, lane: usize, name: &str, operation: Operation, inputs: &[NodeId]) -> NodeId {
        self.lanes.push(lane);
        self.network.add(name, operation, inputs).expect("an operation that fits its inputs")
    }

    /// Adds an operation behind the last one.
    pub(super) fn then(&mut self, name: &str, operation: Operation) -> NodeId {
        let lane = *self.lanes.last().unwrap_or(&0);
        self.add(lane, name, operation, &[self.network.last()])
    }

    /// Adds a bias of the chosen kind behind the last operation.
    pub(super) fn bias(&mut self, name: &str) -> NodeId {
        self.then(name, Operation::Bias(self.bias.clone()))
    }

    /// Adds the chosen norm behind the last operation.
    pub(super) fn norm(&mut self, name: &str) -> NodeId {
        self.then(name, Operation::Normalization { normalization: self.norm, beta: true })
    }

    /// The last operation.
    pub(super) fn last(&self) -> NodeId {
        self.network.last()
    }
}
