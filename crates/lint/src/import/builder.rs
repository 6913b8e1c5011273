use std::collections::HashMap;
use std::rc::Rc;

use super::call::{Call, node_name};
use super::mapped::{InputShapes, SHAPE_NOT_KNOWN};
use crate::error::{LintError, invalid};
use crate::graph::{Graph, Map, Node, Operation, Value, ValueId};
use crate::onnx::{self, Model, NodeProto, Tensor, ValueInfoProto, checked_size};
use crate::run;

/// Elements of all tensors together, at most, and of those that are worked out while the model is read.
const MOST_ELEMENTS: usize = 1 << 27;
const MOST_CONSTANTS: usize = 1 << 24;

/// A graph that grows node by node.
pub(super) struct Builder<'a> {
    model: &'a Model,
    graph: Graph,
    names: HashMap<&'a str, ValueId>,
    described: HashMap<&'a str, &'a ValueInfoProto>,
    /// The ONNX node that is being mapped.
    origin: usize,
    name: String,
    operator: String,
    elements: usize,
    constants: usize,
    parts: usize,
    /// Whether the last refusal was of shapes that no model could have together.
    pub(super) contradicts: bool,
}

impl<'a> Builder<'a> {
    pub(super) fn new(model: &'a Model) -> Result<Self, LintError> {
        let proto = model.graph();
        if !proto.sparse_initializer.is_empty() {
            return Err(invalid("graph", "dense initializers", "a sparse one"));
        }
        let described = proto.value_info.iter().chain(&proto.output).chain(&proto.input);
        let described = described.filter_map(|info| Some((info.name.as_deref()?, info))).collect();
        let (graph, names) = (Graph::default(), HashMap::new());
        let [origin, elements, constants, parts] = [0; 4];
        let [name, operator] = [String::new(), String::new()];
        let contradicts = false;
        let mut builder =
            Self { model, graph, names, described, origin, name, operator, elements, constants, parts, contradicts };
        builder.take_initializers()?;
        Ok(builder)
    }

    fn take_initializers(&mut self) -> Result<(), LintError> {
        for (index, tensor) in self.model.graph().initializer.iter().enumerate() {
            let name = tensor.name.as_deref().unwrap_or_default();
            let constant = onnx::values(tensor)?.map(Rc::new);
            let shape = constant.as_ref().map(|constant| constant.shape.clone());
            let initializer = onnx::is_float(tensor.data_type.unwrap_or_default()).then_some(index);
            let value = Value { name: name.to_owned(), shape, constant, initializer };
            let id = self.push(value);
            if self.names.insert(name, id).is_some() {
                return Err(invalid(name, "one initializer of each name", "two"));
            }
        }
        Ok(())
    }

    /// Takes the inputs that are no initializers.
    pub(super) fn take_inputs(&mut self, shapes: &InputShapes) -> Result<(), LintError> {
        let inputs: Vec<&'a ValueInfoProto> = self.model.graph().input.iter().collect();
        let named = |name: &str| inputs.iter().any(|info| info.name.as_deref() == Some(name));
        if let Some(name) = shapes.keys().find(|name| !named(name)) {
            let names: Vec<&str> = inputs.iter().filter_map(|info| info.name.as_deref()).collect();
            return Err(invalid(name, format!("an input of the model, one of {names:?}"), "none of this name"));
        }
        for info in inputs {
            let name = info.name.as_deref().unwrap_or_default();
            if self.names.contains_key(name) {
                continue;
            }
            let shape = match shapes.get(name) {
                Some(shape) => Self::given_shape(name, info, shape)?,
                None => Self::input_shape(name, info)?,
            };
            let positive = !shape.contains(&0);
            let size = checked_size(&shape).filter(|_| positive);
            let size = size.ok_or_else(|| invalid(name, "a size that fits into memory", format!("{shape:?}")))?;
            self.count(size)?;
            let value = Value { name: name.to_owned(), shape: Some(shape), constant: None, initializer: None };
            let id = self.push(value);
            self.names.insert(name, id);
            self.graph.inputs.push(id);
        }
        Ok(())
    }

    /// A shape that the file leaves open, or has itself.
    fn given_shape(name: &str, info: &ValueInfoProto, shape: &[usize]) -> Result<Vec<usize>, LintError> {
        let tensor = info.r#type.as_ref().and_then(|of| of.tensor_type.as_ref());
        let Some(own) = tensor.and_then(|tensor| tensor.shape.as_ref()) else { return Ok(shape.to_vec()) };
        let fixed = |dim: &onnx::DimensionProto| dim.dim_value.filter(|&size| size > 0);
        let fits = |(dim, &size): (_, &usize)| fixed(dim).is_none_or(|own| usize::try_from(own) == Ok(size));
        if own.dim.len() == shape.len() && own.dim.iter().zip(shape).all(fits) {
            return Ok(shape.to_vec());
        }
        let size = |dim| fixed(dim).map_or_else(|| "any".to_owned(), |size: i64| size.to_string());
        let sizes: Vec<String> = own.dim.iter().map(size).collect();
        Err(invalid(format!("--shape of {name}"), format!("the model's [{}]", sizes.join(", ")), format!("{shape:?}")))
    }

    /// The shape of an input as its file has it; an open number of images is 2, since one image alone is its own mean.
    fn input_shape(name: &str, info: &ValueInfoProto) -> Result<Vec<usize>, LintError> {
        let tensor = info.r#type.as_ref().and_then(|of| of.tensor_type.as_ref());
        let dims = tensor.and_then(|tensor| tensor.shape.as_ref()).map(|shape| shape.dim.as_slice());
        let dims = dims.ok_or_else(|| invalid(name, "a tensor of known rank (--shape gives one)", "another input"))?;
        let size = |(axis, dim): (usize, &onnx::DimensionProto)| match dim.dim_value {
            Some(size) if size > 0 => Ok(size as usize),
            _ if axis == 0 => Ok(2),
            _ => {
                let open = dim.dim_param.clone().unwrap_or_else(|| "an open size".to_owned());
                let expected = format!("a size along axis {axis}, as --shape {name}=… gives it");
                Err(invalid(name, expected, open))
            }
        };
        dims.iter().enumerate().map(size).collect()
    }

    fn push(&mut self, value: Value) -> ValueId {
        self.graph.values.push(value);
        self.graph.values.len() - 1
    }

    fn count(&mut self, size: usize) -> Result<(), LintError> {
        self.elements += size;
        if self.elements > MOST_ELEMENTS {
            let expected = "tensors of at most 2^27 elements together (--shape gives smaller inputs, where the model leaves sizes open)";
            return Err(invalid(self.name.clone(), expected, format!("{} so far", self.elements)));
        }
        Ok(())
    }

    /// Begins with an ONNX node.
    pub(super) fn enter(&mut self, origin: usize, node: &NodeProto) {
        (self.origin, self.name, self.parts, self.contradicts) = (origin, node_name(node), 0, false);
        self.operator = node.op_type.clone().unwrap_or_default();
    }

    /// Gives the values of a node their names.
    pub(super) fn bind(&mut self, call: &Call<'a>, values: Vec<ValueId>) -> Result<(), LintError> {
        for (name, value) in call.node.output.iter().zip(values) {
            if !name.is_empty() {
                // An operation of another name, as of an identity's output.
                if self.graph.values[value].name.starts_with('\0') {
                    self.graph.values[value].name.clone_from(name);
                }
                self.names.insert(name, value);
            }
        }
        self.count(0)
    }

    pub(super) fn finish(mut self) -> Result<Graph, LintError> {
        for output in &self.model.graph().output {
            let name = output.name.as_deref().unwrap_or_default();
            let missing = || invalid(name, "an output that a node computes", "none");
            let id = *self.names.get(name).ok_or_else(missing)?;
            self.graph.outputs.push(id);
        }
        Ok(self.graph)
    }

    pub(super) fn find(&self, name: &str) -> Option<ValueId> {
        self.names.get(name).copied()
    }

    pub(super) fn opset(&self) -> i64 {
        self.model.opset()
    }

    pub(super) fn shape(&self, id: ValueId) -> Result<Vec<usize>, String> {
        self.graph.values[id].shape.clone().ok_or_else(|| SHAPE_NOT_KNOWN.to_owned())
    }

    pub(super) fn constant(&self, id: ValueId) -> Option<Rc<Tensor>> {
        self.graph.values[id].constant.clone()
    }

    /// The whole numbers that a constant holds.
    pub(super) fn ints(&self, id: ValueId) -> Result<Vec<i64>, String> {
        let constant = self.constant(id).ok_or("it depends on numbers that the model computes")?;
        Ok(constant.values.iter().map(|&value| value as i64).collect())
    }

    /// The node that computes a value.
    pub(super) fn producer(&self, id: ValueId) -> Option<&Node> {
        self.graph.nodes.iter().rev().find(|node| node.output == id)
    }

    /// Adds an operation; its value is a constant where its inputs are.
    pub(super) fn add(&mut self, operation: Operation, inputs: &[ValueId], shape: &[usize]) -> Result<ValueId, String> {
        let size = checked_size(shape).ok_or_else(|| format!("its output {shape:?} does not fit into memory"))?;
        self.count(size).map_err(|error| error.to_string())?;
        let constants: Option<Vec<Rc<Tensor>>> = inputs.iter().map(|&id| self.constant(id)).collect();
        // Lists of sizes may be empty, on their way to others.
        let moves = matches!(operation, Operation::Sum { .. }) && constants.is_some();
        if !moves && (size == 0 || inputs.iter().any(|&id| self.graph.size(id) == 0)) {
            return Err(format!("its output {shape:?} or an input is empty"));
        }
        let mut constant = None;
        if let Some(constants) = constants.filter(|_| self.constants + size <= MOST_CONSTANTS) {
            let read: Vec<&[f64]> = constants.iter().map(|tensor| tensor.values.as_slice()).collect();
            let values = run::evaluated(&operation, &read, size);
            self.constants += size;
            constant = Some(Rc::new(Tensor { shape: shape.to_vec(), values }));
        }
        let output = self.value(Some(shape.to_vec()), constant);
        let (name, operator, origin) = (self.name.clone(), self.operator.clone(), self.origin);
        self.graph.nodes.push(Node { name, operator, origin, operation, inputs: inputs.to_vec(), output });
        Ok(output)
    }

    /// A value that no input of the model decides over.
    pub(super) fn fixed(&mut self, tensor: Tensor) -> Result<ValueId, String> {
        self.constants += tensor.values.len();
        if self.constants > MOST_CONSTANTS {
            return Err("its constants do not fit into memory".to_owned());
        }
        Ok(self.value(Some(tensor.shape.clone()), Some(Rc::new(tensor))))
    }

    fn value(&mut self, shape: Option<Vec<usize>>, constant: Option<Rc<Tensor>>) -> ValueId {
        self.parts += 1;
        // Until a name of the file is given to it.
        let name = format!("\0{} {}", self.name, self.parts);
        self.push(Value { name, shape, constant, initializer: None })
    }

    /// The same elements in another shape.
    pub(super) fn reshaped(&mut self, id: ValueId, shape: &[usize]) -> Result<ValueId, String> {
        let sum = Operation::Sum { maps: vec![(Map::Same, 1.0)], fill: 0.0, adds: false };
        self.add(sum, &[id], shape)
    }

    /// A refusal of shapes that do not go together in any model, as of a matrix and a vector of other lengths.
    pub(super) fn contradiction(&mut self, reason: String) -> String {
        self.contradicts = true;
        reason
    }

    /// The outputs of a node that is not understood.
    pub(super) fn unknown(&mut self, call: &Call<'_>, reason: &str) -> Vec<ValueId> {
        let inputs: Vec<ValueId> = (0..call.given()).filter_map(|position| call.optional(position)).collect();
        let mut values = vec![];
        for name in &call.node.output {
            let shape = self.described.get(name.as_str()).and_then(|info| static_shape(info));
            let shape = shape.filter(|shape| checked_size(shape).is_some_and(|size| self.count(size).is_ok()));
            let output = self.value(shape, None);
            let operation = Operation::Unknown { reason: reason.to_owned() };
            let (node, operator, origin) = (self.name.clone(), self.operator.clone(), self.origin);
            self.graph.nodes.push(Node { name: node, operator, origin, operation, inputs: inputs.clone(), output });
            values.push(output);
        }
        values
    }
}

/// The shape that a file notes for a value, if it leaves nothing open.
fn static_shape(info: &ValueInfoProto) -> Option<Vec<usize>> {
    let dims = &info.r#type.as_ref()?.tensor_type.as_ref()?.shape.as_ref()?.dim;
    dims.iter().map(|dim| usize::try_from(dim.dim_value?).ok().filter(|&size| size > 0)).collect()
}
