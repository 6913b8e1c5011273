//! Random ONNX graphs of the operators that are understood.

mod operators;

use std::fmt::Write;

use super::random::Random;
use crate::onnx::testing::model_of;
use crate::onnx::{AttributeProto, Model, NodeProto, TensorProto};

/// The number of different steps.
const STEPS: usize = 26;

/// A graph whose weights can be drawn again.
pub(super) struct Generated {
    nodes: Vec<NodeProto>,
    /// Tensors of fractions, by name, with their shapes; numbers are drawn.
    weights: Vec<(String, Vec<usize>)>,
    /// Tensors of whole numbers.
    settings: Vec<(String, Vec<i64>)>,
    input: Vec<usize>,
    random: Random,
    /// The map that operators are put behind, and its shape.
    last: String,
    shape: Vec<usize>,
    /// Earlier maps.
    kept: Vec<(String, Vec<usize>)>,
    /// Whether it has means of windows, which hide what averages out: then all constants are one per channel.
    means: bool,
}

impl Generated {
    pub(super) fn new(random: &mut Random) -> Self {
        let input = vec![3, random.of(&[2, 4]), random.below(2) + 3, random.below(2) + 3];
        let means = random.below(3) == 0;
        let mut graph = Self {
            nodes: vec![],
            weights: vec![],
            settings: vec![],
            shape: input.clone(),
            input,
            random: Random(random.below(1 << 30) as u64),
            last: "x".to_owned(),
            kept: vec![],
            means,
        };
        // What an input of the model decides over comes first.
        graph.convolution(false);
        for _ in 0..graph.random.below(6) + 3 {
            let operation = graph.random.below(STEPS);
            graph.step(operation);
            if graph.random.below(3) == 0 {
                graph.kept.push((graph.last.clone(), graph.shape.clone()));
            }
        }
        graph
    }

    fn node(&mut self, operator: &str, inputs: &[&str], attributes: Vec<AttributeProto>, shape: &[usize]) {
        let output = format!("value{}", self.nodes.len());
        let node = NodeProto {
            input: inputs.iter().map(|&input| input.to_owned()).collect(),
            output: vec![output.clone()],
            name: Some(format!("node{}", self.nodes.len())),
            op_type: Some(operator.to_owned()),
            attribute: attributes,
            ..NodeProto::default()
        };
        self.nodes.push(node);
        (self.last, self.shape) = (output, shape.to_vec());
    }

    /// An operator with one input, that keeps the shape.
    fn unary(&mut self, operator: &str, attributes: Vec<AttributeProto>) {
        let (last, shape) = (self.last.clone(), self.shape.clone());
        self.node(operator, &[&last], attributes, &shape);
    }

    fn weight(&mut self, role: &str, shape: &[usize]) -> String {
        let name = format!("{role}{}", self.weights.len());
        self.weights.push((name.clone(), shape.to_vec()));
        name
    }

    fn setting(&mut self, values: &[usize]) -> String {
        let name = format!("setting{}", self.settings.len());
        self.settings.push((name.clone(), values.iter().map(|&value| value as i64).collect()));
        name
    }

    fn tensors(&mut self) -> Vec<TensorProto> {
        let mut tensors = vec![];
        for (name, shape) in &self.weights {
            let count = shape.iter().product();
            let values = self.random.values(count).into_iter();
            let values: Vec<f64> = if name.starts_with("variance") {
                values.map(|value| value.abs() + 0.5).collect()
            } else {
                values.collect()
            };
            tensors.extend(crate::onnx::written(name, 11, shape, &values));
        }
        let whole = |(name, values): &(String, Vec<i64>)| TensorProto {
            dims: vec![values.len() as i64],
            data_type: Some(7),
            int64_data: values.clone(),
            name: Some(name.clone()),
            ..TensorProto::default()
        };
        tensors.extend(self.settings.iter().map(whole));
        tensors
    }

    /// The graph as a model, with weights drawn anew.
    pub(super) fn model(&mut self) -> Model {
        let tensors = self.tensors();
        model_of(self.nodes.clone(), tensors, &self.input, &self.last)
    }

    /// Another draw of the model, and an input.
    pub(super) fn drawn(&mut self) -> (Model, Vec<Vec<f64>>) {
        let count = self.input.iter().product();
        (self.model(), vec![self.random.values(count)])
    }

    /// The graph in words.
    pub(super) fn listing(&self) -> String {
        let mut text = format!("input {:?}\n", self.input);
        for node in &self.nodes {
            let ints: Vec<_> =
                node.attribute.iter().map(|of| (of.name.clone().unwrap_or_default(), of.i, &of.ints)).collect();
            let _ = writeln!(
                text,
                "{:?} = {} {:?} {ints:?}",
                node.output,
                node.op_type.clone().unwrap_or_default(),
                node.input
            );
        }
        for (name, shape) in &self.weights {
            let _ = writeln!(text, "{name} {shape:?}");
        }
        text
    }
}
