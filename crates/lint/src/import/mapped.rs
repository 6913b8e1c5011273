use std::collections::BTreeMap;

use crate::graph::ValueId;

/// The values of a node's outputs, or why the node is not understood.
pub(super) type Mapped = Result<Vec<ValueId>, String>;

/// The reason where an operation behind one that is not understood is not either.
pub(crate) const SHAPE_NOT_KNOWN: &str = "the shape of its input is not known";

/// Sizes for the inputs of a model, by their names: they replace those of its file, where some may be open.
pub type InputShapes = BTreeMap<String, Vec<usize>>;
