//! Messages of models that are written.

use prost::Message;

use crate::schema::{
    AttributeProto, DimensionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto,
    TensorProto, TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};

/// The type of numbers of 32 bits.
pub const FLOAT: i32 = 1;
/// The type of whole numbers of 64 bits.
pub const INT64: i32 = 7;
/// The type of numbers of 64 bits.
pub const DOUBLE: i32 = 11;

/// The version of the file format that goes with operators up to opset 22; those of 23 need 11, which readers do not insist on.
const IR_VERSION: i64 = 10;

/// A value of an attribute.
pub trait Attribute {
    /// Puts the value and its type into the message.
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

impl Attribute for TensorProto {
    fn set(self, attribute: &mut AttributeProto) {
        (attribute.t, attribute.r#type) = (Some(self), Some(4));
    }
}

/// A setting of a node.
pub fn attribute(name: &str, value: impl Attribute) -> AttributeProto {
    let mut attribute = AttributeProto { name: Some(name.to_owned()), ..AttributeProto::default() };
    value.set(&mut attribute);
    attribute
}

/// An application of a standard operator with one output.
pub fn node(operator: &str, name: &str, inputs: &[&str], output: &str, attribute: Vec<AttributeProto>) -> NodeProto {
    NodeProto {
        op_type: Some(operator.to_owned()),
        name: Some(name.to_owned()),
        input: inputs.iter().map(ToString::to_string).collect(),
        output: vec![output.to_owned()],
        attribute,
        ..NodeProto::default()
    }
}

/// A tensor of these values, row-major, each rounded to the type; none where that type is not written.
pub fn tensor(name: &str, data_type: i32, shape: &[usize], values: &[f64]) -> Option<TensorProto> {
    let raw_data = match data_type {
        FLOAT => values.iter().flat_map(|&value| (value as f32).to_le_bytes()).collect(),
        DOUBLE => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        INT64 => values.iter().flat_map(|&value| (value as i64).to_le_bytes()).collect(),
        _ => return None,
    };
    let dims = shape.iter().map(|&size| size as i64).collect();
    let name = Some(name.to_owned());
    Some(TensorProto { dims, data_type: Some(data_type), name, raw_data: Some(raw_data), ..TensorProto::default() })
}

/// An input or output of a graph; an open size is the number of images, `n`.
pub fn value(name: &str, data_type: i32, shape: &[Option<usize>]) -> ValueInfoProto {
    let dim = |size: &Option<usize>| DimensionProto {
        dim_value: size.map(|size| size as i64),
        dim_param: size.is_none().then(|| "n".to_owned()),
        ..DimensionProto::default()
    };
    let shape = Some(TensorShapeProto { dim: shape.iter().map(dim).collect() });
    let tensor_type = Some(TensorTypeProto { elem_type: Some(data_type), shape });
    let r#type = Some(TypeProto { tensor_type, ..TypeProto::default() });
    ValueInfoProto { name: Some(name.to_owned()), r#type, ..ValueInfoProto::default() }
}

/// A model of standard operators with one input and one output.
pub fn model(
    opset: i64,
    node: Vec<NodeProto>,
    initializer: Vec<TensorProto>,
    input: ValueInfoProto,
    output: ValueInfoProto,
) -> ModelProto {
    let (input, output, name) = (vec![input], vec![output], Some("model".to_owned()));
    let graph = Some(GraphProto { node, name, initializer, input, output, ..GraphProto::default() });
    let opset_import = vec![OperatorSetIdProto { domain: Some(String::new()), version: Some(opset) }];
    ModelProto { ir_version: Some(IR_VERSION), graph, opset_import, ..ModelProto::default() }
}

/// An entry of a model's metadata.
pub fn metadata(key: &str, value: &str) -> Vec<u8> {
    StringStringEntryProto { key: Some(key.to_owned()), value: Some(value.to_owned()) }.encode_to_vec()
}
