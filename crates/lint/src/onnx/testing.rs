//! Models made in memory, for tests.

use super::Model;
use super::schema::{
    AttributeProto, DimensionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};
use prost::Message;

/// A value of an attribute.
pub(crate) trait Attribute {
    fn set(self, attribute: &mut AttributeProto);
}

impl Attribute for i64 {
    fn set(self, attribute: &mut AttributeProto) {
        (attribute.i, attribute.r#type) = (Some(self), Some(2));
    }
}

impl Attribute for f32 {
    fn set(self, attribute: &mut AttributeProto) {
        (attribute.f, attribute.r#type) = (Some(self), Some(1));
    }
}

impl Attribute for Vec<i64> {
    fn set(self, attribute: &mut AttributeProto) {
        (attribute.ints, attribute.r#type) = (self, Some(7));
    }
}

impl Attribute for &str {
    fn set(self, attribute: &mut AttributeProto) {
        (attribute.s, attribute.r#type) = (Some(self.into()), Some(3));
    }
}

/// An attribute.
pub(crate) fn attribute(name: &str, value: impl Attribute) -> AttributeProto {
    let mut attribute = AttributeProto { name: Some(name.to_owned()), ..AttributeProto::default() };
    value.set(&mut attribute);
    attribute
}

/// A model of one input `x` in f64, one output, and operators of opset 23.
pub(crate) fn model_of(node: Vec<NodeProto>, initializer: Vec<TensorProto>, input: &[usize], output: &str) -> Model {
    let dim = |&size: &usize| DimensionProto { dim_value: Some(size as i64), ..DimensionProto::default() };
    let shape = Some(TensorShapeProto { dim: input.iter().map(dim).collect() });
    let tensor_type = Some(TensorTypeProto { elem_type: Some(11), shape });
    let r#type = Some(TypeProto { tensor_type, ..TypeProto::default() });
    let input = vec![ValueInfoProto { name: Some("x".into()), r#type, ..ValueInfoProto::default() }];
    let output = vec![ValueInfoProto { name: Some(output.to_owned()), ..ValueInfoProto::default() }];
    let graph = Some(GraphProto { node, initializer, input, output, ..GraphProto::default() });
    let opset_import = vec![OperatorSetIdProto { domain: None, version: Some(23) }];
    let proto = ModelProto { ir_version: Some(10), graph, opset_import, ..ModelProto::default() };
    Model::decode(&proto.encode_to_vec(), "generated.onnx".as_ref()).expect("a model")
}
