//! ONNX graphs as graphs of few kinds of operation.
//!
//! An operator is either mapped as a whole or said to be not understood, with the reason; the rest of the graph is mapped
//! all the same.

mod arithmetic;
mod builder;
mod call;
mod contraction;
mod function;
mod layout;
mod mapped;
mod normalization;
mod pooling;
mod values;

pub use mapped::InputShapes;
pub(crate) use mapped::SHAPE_NOT_KNOWN;

use builder::Builder;
use call::{Call, node_name};
use mapped::Mapped;

use crate::error::{LintError, invalid};
use crate::graph::Graph;
use crate::onnx::Model;

type Mapper = fn(&mut Builder<'_>, &Call<'_>) -> Mapped;

/// The graph of a model.
///
/// # Errors
/// If the model contradicts itself, leaves open a size that is needed, or asks for tensors that do not fit into memory.
pub(crate) fn import(model: &Model, shapes: &InputShapes) -> Result<Graph, LintError> {
    let mut builder = Builder::new(model)?;
    builder.take_inputs(shapes)?;
    for (origin, node) in model.graph().node.iter().enumerate() {
        let call = Call::new(node, |name| builder.find(name))?;
        builder.enter(origin, node);
        let operator = call.operator();
        let found = if call.is_standard() { mapper(operator) } else { None };
        let mapped = match found {
            Some(mapper) => mapper(&mut builder, &call),
            None => Err(format!("{} is not an operator that is understood", call.full_operator())),
        };
        let values = match mapped {
            Ok(values) => values,
            Err(reason) if builder.contradicts && !shapes.is_empty() => {
                return Err(invalid(node_name(node), "shapes that fit, from the sizes that --shape gives", reason));
            }
            Err(reason) => builder.unknown(&call, &reason),
        };
        builder.bind(&call, values)?;
    }
    builder.finish()
}

/// How an operator is mapped; none where it is not understood.
fn mapper(operator: &str) -> Option<Mapper> {
    Some(match operator {
        "Add" | "Sub" | "Sum" | "Neg" | "Mul" | "Div" => arithmetic::arithmetic,
        "Identity" | "Cast" | "CastLike" => arithmetic::identity,
        "Dropout" => arithmetic::dropout,
        "Constant" | "ConstantOfShape" | "Shape" | "Size" | "Range" => values::values,
        "Reshape" | "Flatten" | "Squeeze" | "Unsqueeze" => layout::reshape,
        "Transpose" | "Expand" | "Tile" | "Gather" | "Slice" | "Split" | "Concat" | "Pad" | "DepthToSpace"
        | "SpaceToDepth" | "Resize" | "Upsample" => layout::rearrange,
        "Conv" | "ConvTranspose" => contraction::convolution,
        "MatMul" | "Gemm" => contraction::product,
        "MaxPool" | "AveragePool" => pooling::windows,
        "GlobalAveragePool" | "GlobalMaxPool" | "ReduceMean" | "ReduceSum" | "ReduceMax" | "ReduceMin" | "ReduceL2" => {
            pooling::reduce
        }
        "BatchNormalization"
        | "InstanceNormalization"
        | "GroupNormalization"
        | "LayerNormalization"
        | "RMSNormalization" => normalization::normalization,
        "Softmax" | "LogSoftmax" => normalization::softmax,
        name if function::of(name).is_some() => function::function,
        _ => return None,
    })
}
