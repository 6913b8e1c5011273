#![doc = include_str!("../README.md")]

mod make;
mod schema;

pub use make::{Attribute, DOUBLE, FLOAT, INT64, attribute, metadata, model, node, tensor, value};
pub use schema::{
    AttributeProto, DimensionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto,
    TensorProto, TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};
