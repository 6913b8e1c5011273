//! Graphs of a few kinds of operation, on tensors of any rank, that ONNX's operators are made of.

mod contraction;
mod map;
mod operation;
mod sets;
mod windows;

use std::rc::Rc;

pub(crate) use contraction::{Contraction, Convolution, Product2d};
pub(crate) use map::Map;
pub(crate) use operation::{Function, Operation, Pool, PoolKind, Reduction};
pub(crate) use sets::Sets;
pub(crate) use windows::{Axis, Taps, Windows};

use crate::onnx::Tensor;

/// The index of a value in its graph.
pub(crate) type ValueId = usize;

/// A graph: nodes in topological order, and the values that they read and write.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    pub(crate) values: Vec<Value>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) inputs: Vec<ValueId>,
    pub(crate) outputs: Vec<ValueId>,
}

/// A tensor that the graph reads or computes.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    pub(crate) name: String,
    /// The shape; none behind an operation that is not understood.
    pub(crate) shape: Option<Vec<usize>>,
    /// The values, where no input of the model decides over them.
    pub(crate) constant: Option<Rc<Tensor>>,
    /// The index of the initializer of fractions that it is.
    pub(crate) initializer: Option<usize>,
}

/// One operation, with the value that it computes.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// The name of the ONNX node that it is, or is a part of.
    pub(crate) name: String,
    /// The ONNX operator.
    pub(crate) operator: String,
    /// The index of the ONNX node.
    pub(crate) origin: usize,
    pub(crate) operation: Operation,
    pub(crate) inputs: Vec<ValueId>,
    pub(crate) output: ValueId,
}

impl Graph {
    /// The shape of a value; of one behind an operation that is not understood, that of a number.
    pub(crate) fn shape(&self, id: ValueId) -> &[usize] {
        self.values[id].shape.as_deref().unwrap_or_default()
    }

    /// The number of a value's elements.
    pub(crate) fn size(&self, id: ValueId) -> usize {
        self.shape(id).iter().product()
    }

    /// The operations that are not understood, with the reasons; a graph without them can be run.
    pub(crate) fn unknown(&self) -> impl Iterator<Item = (&Node, &str)> {
        self.nodes.iter().filter_map(|node| match &node.operation {
            Operation::Unknown { reason } => Some((node, reason.as_str())),
            _ => None,
        })
    }
}
