//! The nodes and tensors of a graph that is being written.

use std::collections::BTreeMap;

use untied_onnx::{AttributeProto, FLOAT, INT64, NodeProto, TensorProto, attribute, node, tensor};
use untied_redundancy::network::{Network, NodeId};

use crate::export::trained_model::TrainedModel;
use crate::model::net::Net;

/// The input and the output of the graph.
pub(super) const INPUT: &str = "images";
pub(super) const OUTPUT: &str = "scores";

/// The graph so far.
pub(super) struct Graph<'m> {
    pub(super) net: &'m Net,
    model: &'m TrainedModel,
    nodes: Vec<NodeProto>,
    tensors: Vec<TensorProto>,
    /// The outputs of the network's nodes.
    values: BTreeMap<NodeId, Value>,
}

/// The output of a node.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub(super) name: String,
    /// Whether it is `[n, c, h, w]`, or a vector `[n, c]`.
    pub(super) maps: bool,
}

impl<'m> Graph<'m> {
    pub(super) fn new(model: &'m TrainedModel, net: &'m Net) -> Self {
        Self { net, model, nodes: vec![], tensors: vec![], values: BTreeMap::new() }
    }

    pub(super) fn network(&self) -> &'m Network {
        &self.net.plan().network
    }

    /// Adds a node of the network behind those that it reads.
    pub(super) fn add(&mut self, id: NodeId) {
        let network = self.network();
        let value = if id == network.input() {
            Value { name: INPUT.to_owned(), maps: true }
        } else if id == network.last() {
            // A loss: the file ends with the scores that it would read.
            let scores = self.input(network.last(), 0);
            let scores = self.vectors(scores);
            self.nodes.push(node("Identity", OUTPUT, &[&scores], OUTPUT, vec![]));
            return;
        } else {
            self.operation(id)
        };
        self.values.insert(id, value);
    }

    pub(super) fn finish(self) -> (Vec<NodeProto>, Vec<TensorProto>) {
        (self.nodes, self.tensors)
    }

    /// An input of a node.
    pub(super) fn input(&self, id: NodeId, position: usize) -> Value {
        self.values[&self.network().node(id).inputs[position]].clone()
    }

    /// Adds an operator; the name of its output.
    pub(super) fn apply(
        &mut self,
        operator: &str,
        name: &str,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
    ) -> String {
        let output = format!("{name}.output");
        self.nodes.push(node(operator, name, inputs, &output, attributes));
        output
    }

    /// The value as feature maps `[n, c, h, w]`.
    pub(super) fn maps(&mut self, value: Value) -> String {
        if value.maps {
            return value.name;
        }
        let axes = self.whole(&format!("{}.axes", value.name), &[2, 3]);
        self.apply("Unsqueeze", &format!("{}.maps", value.name), &[&value.name, &axes], vec![])
    }

    /// The value as vectors `[n, c]`.
    pub(super) fn vectors(&mut self, value: Value) -> String {
        if value.maps {
            self.apply("Flatten", &format!("{}.vectors", value.name), &[&value.name], vec![])
        } else {
            value.name
        }
    }

    /// A tensor of the model; its name.
    pub(super) fn parameter(&mut self, name: &str, shape: &[usize]) -> String {
        let values = self.model.tensors[name].values.clone();
        self.numbers(name, shape, &values)
    }

    /// A tensor of these numbers; its name.
    pub(super) fn numbers(&mut self, name: &str, shape: &[usize], values: &[f64]) -> String {
        self.tensors.extend(tensor(name, FLOAT, shape, values));
        name.to_owned()
    }

    /// A vector of these whole numbers; its name.
    pub(super) fn whole(&mut self, name: &str, values: &[i64]) -> String {
        let numbers: Vec<f64> = values.iter().map(|&value| value as f64).collect();
        self.tensors.extend(tensor(name, INT64, &[values.len()], &numbers));
        name.to_owned()
    }

    /// Numbers that are no parameters; the name of what gives them.
    pub(super) fn constant(&mut self, name: &str, shape: &[usize], values: &[f64]) -> String {
        let value = tensor("", FLOAT, shape, values).map(|tensor| attribute("value", tensor));
        self.apply("Constant", name, &[], value.into_iter().collect())
    }

    /// Whether the model has a tensor.
    pub(super) fn has(&self, name: &str) -> bool {
        self.model.tensors.contains_key(name)
    }
}
