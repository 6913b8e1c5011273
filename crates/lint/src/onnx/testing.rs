//! Models made in memory, for tests.

use super::Model;
use prost::Message;
pub(crate) use untied_onnx::attribute;
use untied_onnx::{DOUBLE, NodeProto, TensorProto, model, value};

/// A model of one input `x` in f64, one output, and operators of opset 23.
pub(crate) fn model_of(node: Vec<NodeProto>, initializer: Vec<TensorProto>, input: &[usize], output: &str) -> Model {
    let input: Vec<Option<usize>> = input.iter().copied().map(Some).collect();
    let output = untied_onnx::ValueInfoProto { r#type: None, ..value(output, DOUBLE, &[]) };
    let proto = model(23, node, initializer, value("x", DOUBLE, &input), output);
    Model::decode(&proto.encode_to_vec(), "generated.onnx".as_ref()).expect("a model")
}
