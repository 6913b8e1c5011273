//! The operators that a network's operations become.

use untied_onnx::attribute;
use untied_redundancy::network::{Activation, Convolution, Fill, NodeId, Operation, Pool, Pooling};

use super::graph::{Graph, Value};
use crate::model::operation::activation::LEAK;
use crate::model::operation::window::padding_pairs;
use crate::model::tensors::host;

impl Graph<'_> {
    /// Adds the operation of a node that is neither input nor loss.
    pub(super) fn operation(&mut self, id: NodeId) -> Value {
        let network = self.network();
        let node = network.node(id);
        let (name, x) = (node.name.as_str(), self.input(id, 0));
        let maps = |name: String| Value { name, maps: true };
        match &node.operation {
            Operation::Convolution(convolution) => maps(self.convolution(id, convolution, x)),
            Operation::Linear { .. } => Value { name: self.linear(id, x), maps: false },
            Operation::Bias(_) if self.terms(id).is_empty() || self.taken(node.inputs[0]) == Some(id) => x,
            Operation::Bias(_) => maps(self.bias(id, x)),
            Operation::Normalization { normalization, .. } => match normalization.spec() {
                Some(spec) => maps(self.norm(id, &spec, x)),
                None => x,
            },
            Operation::Activation(activation) => Value { name: self.activation(name, *activation, &x.name), ..x },
            Operation::Dropout => x,
            Operation::Pooling(pooling) => maps(self.pooling(name, pooling, x)),
            Operation::Mean => {
                let x = self.maps(x);
                maps(self.apply("GlobalAveragePool", name, &[&x], vec![]))
            }
            Operation::ChannelPadding { before, after } => {
                let pads = [0, *before as i64, 0, 0, 0, *after as i64, 0, 0];
                let (x, pads) = (self.maps(x), self.whole(&format!("{name}.pads"), &pads));
                maps(self.apply("Pad", name, &[&x, &pads], vec![]))
            }
            Operation::Addition => self.sum(id),
            Operation::Concatenation => {
                let inputs: Vec<String> = (0..node.inputs.len())
                    .map(|position| {
                        let value = self.input(id, position);
                        self.maps(value)
                    })
                    .collect();
                let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
                maps(self.apply("Concat", name, &inputs, vec![attribute("axis", 1)]))
            }
            Operation::Flatten => Value { name: self.vectors(x), maps: false },
            Operation::Input | Operation::Loss => unreachable!("the first and the last node are no operations"),
        }
    }

    fn convolution(&mut self, id: NodeId, convolution: &Convolution, x: Value) -> String {
        let Convolution { kernel, stride, dilation, fill, groups, .. } = *convolution;
        let (network, name) = (self.network(), self.network().node(id).name.as_str());
        let x = self.maps(x);
        let [_, height, width] = network.input_shapes(id)[0];
        let pairs = padding_pairs(convolution, [height, width]);
        let (x, pads) = match fill {
            Fill::Zero => (x, pads(pairs)),
            Fill::Circular | Fill::Replicate => (self.surrounded(name, x, [height, width], pairs, fill), vec![0; 4]),
        };
        let weight = host(self.net.weight(id).expect("a convolution has a weight"));
        let shape = &network.tensors(id)[0].shape;
        let weight = self.numbers(&format!("{name}.weight"), shape, &weight);
        let bias = self.taken(id).map(|bias| self.tied(bias));
        let inputs: Vec<&str> = [x.as_str(), weight.as_str()].into_iter().chain(bias.as_deref()).collect();
        let attributes = vec![
            attribute("kernel_shape", ints(kernel)),
            attribute("strides", ints(stride)),
            attribute("dilations", ints(dilation)),
            attribute("pads", pads),
            attribute("group", groups as i64),
        ];
        self.apply("Conv", name, &inputs, attributes)
    }

    /// Rows and columns around feature maps, which are others of them.
    fn surrounded(
        &mut self,
        name: &str,
        x: String,
        size: [usize; 2],
        pairs: [(usize, usize); 2],
        fill: Fill,
    ) -> String {
        let axes = [("rows", 2), ("columns", 3)].into_iter().zip(size).zip(pairs);
        axes.fold(x, |x, (((which, axis), size), (before, after))| {
            let (size, last) = (size as i64, size as i64 - 1);
            let inside = |at: i64| if fill == Fill::Circular { at.rem_euclid(size) } else { at.clamp(0, last) };
            let indices: Vec<i64> = (-(before as i64)..size + after as i64).map(inside).collect();
            let indices = self.whole(&format!("{name}.{which}"), &indices);
            self.apply("Gather", &format!("{name}.pad_{which}"), &[&x, &indices], vec![attribute("axis", axis)])
        })
    }

    fn linear(&mut self, id: NodeId, x: Value) -> String {
        let (name, shape) = (self.network().node(id).name.clone(), self.network().tensors(id)[0].shape.clone());
        let (x, weight) = (self.vectors(x), self.parameter(&format!("{name}.weight"), &shape));
        let bias = self.taken(id).map(|bias| self.tied(bias));
        let inputs: Vec<&str> = [x.as_str(), weight.as_str()].into_iter().chain(bias.as_deref()).collect();
        self.apply("Gemm", &name, &inputs, vec![])
    }

    /// The tied bias that a convolution or a linear map has in ONNX: one that alone reads it.
    fn taken(&self, id: NodeId) -> Option<NodeId> {
        let network = self.network();
        let maps = matches!(network.node(id).operation, Operation::Convolution(_) | Operation::Linear { .. });
        let mut consumers = network.consumers(id);
        let (Some((bias, _)), None) = (consumers.next(), consumers.next()) else { return None };
        let tied = matches!(self.terms(bias).as_slice(), [term] if term[1..] == [1, 1]);
        (maps && tied && matches!(network.node(bias).operation, Operation::Bias(_))).then_some(bias)
    }

    /// The shapes of the terms of a node's bias; none of other nodes, nor where it has been taken away.
    fn terms(&self, id: NodeId) -> Vec<Vec<usize>> {
        let node = self.network().node(id);
        let terms = self.network().bias_terms(id).filter(|_| self.has(&node.name));
        terms.map_or_else(Vec::new, |terms| terms.terms().to_vec())
    }

    fn tied(&mut self, id: NodeId) -> String {
        let node = self.network().node(id);
        self.parameter(&node.name, &node.output[..1])
    }

    /// The sum of a value and the terms of a bias.
    fn bias(&mut self, id: NodeId, x: Value) -> String {
        let network = self.network();
        let (name, terms) = (&network.node(id).name, self.terms(id));
        let x = self.maps(x);
        if let [shape] = terms.as_slice() {
            let bias = self.parameter(name, shape);
            return self.apply("Add", name, &[&x, &bias], vec![]);
        }
        let parameters = self.net.bias_parameters(id);
        let ranges: Vec<_> =
            network.bias_terms(id).into_iter().flat_map(|terms| terms.ranges().collect::<Vec<_>>()).collect();
        terms.iter().zip(ranges).enumerate().fold(x, |x, (index, (shape, range))| {
            let term = self.numbers(&format!("{name}.{index}"), shape, &parameters[range]);
            self.apply("Add", &format!("{name}.{index}"), &[&x, &term], vec![])
        })
    }

    fn activation(&mut self, name: &str, activation: Activation, x: &str) -> String {
        let (operator, attributes) = match activation {
            Activation::Relu => ("Relu", vec![]),
            Activation::LeakyRelu => ("LeakyRelu", vec![attribute("alpha", LEAK as f32)]),
            Activation::Gelu => ("Gelu", vec![]),
            Activation::Sigmoid => ("Sigmoid", vec![]),
            Activation::Tanh => ("Tanh", vec![]),
            Activation::Silu => {
                let gate = self.apply("Sigmoid", &format!("{name}.gate"), &[x], vec![]);
                return self.apply("Mul", name, &[x, &gate], vec![]);
            }
        };
        self.apply(operator, name, &[x], attributes)
    }

    fn pooling(&mut self, name: &str, pooling: &Pooling, x: Value) -> String {
        let Pooling { pool, kernel, stride, padding } = *pooling;
        let mut attributes = vec![
            attribute("kernel_shape", ints(kernel)),
            attribute("strides", ints(stride)),
            attribute("pads", pads(padding.map(|[before, after]| (before, after)))),
        ];
        let operator = match pool {
            Pool::Max => "MaxPool",
            Pool::Average { count_padding } => {
                attributes.push(attribute("count_include_pad", i64::from(count_padding)));
                "AveragePool"
            }
        };
        let x = self.maps(x);
        self.apply(operator, name, &[&x], attributes)
    }

    /// The sum of all inputs of a node: of vectors, if all of them are.
    fn sum(&mut self, id: NodeId) -> Value {
        let node = self.network().node(id);
        let inputs: Vec<Value> = (0..node.inputs.len()).map(|position| self.input(id, position)).collect();
        let maps = inputs.iter().any(|value| value.maps);
        let inputs: Vec<String> =
            inputs.into_iter().map(|value| if maps { self.maps(value) } else { value.name }).collect();
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        let operator = if inputs.len() == 2 { "Add" } else { "Sum" };
        Value { name: self.apply(operator, &node.name, &inputs, vec![]), maps }
    }
}

fn ints(sizes: [usize; 2]) -> Vec<i64> {
    sizes.map(|size| size as i64).to_vec()
}

/// As ONNX lists them: above, left, below, right.
fn pads([(above, below), (left, right)]: [(usize, usize); 2]) -> Vec<i64> {
    [above, left, below, right].map(|size| size as i64).to_vec()
}
