use crate::error::{LintError, invalid};
use crate::graph::ValueId;
use crate::onnx::{AttributeProto, NodeProto, TensorProto};

/// A node of an ONNX graph with the values of its inputs.
pub(super) struct Call<'a> {
    pub(super) node: &'a NodeProto,
    inputs: Vec<Option<ValueId>>,
}

impl<'a> Call<'a> {
    pub(super) fn new(node: &'a NodeProto, value: impl Fn(&str) -> Option<ValueId>) -> Result<Self, LintError> {
        let find = |name: &String| {
            if name.is_empty() {
                return Ok(None);
            }
            let missing = || invalid(node_name(node), "inputs that come before it", format!("{name:?}"));
            value(name).map(Some).ok_or_else(missing)
        };
        Ok(Self { node, inputs: node.input.iter().map(find).collect::<Result<_, _>>()? })
    }

    pub(super) fn operator(&self) -> &'a str {
        self.node.op_type.as_deref().unwrap_or_default()
    }

    /// The operator with its domain, where that is not the standard one.
    pub(super) fn full_operator(&self) -> String {
        let operator = self.operator();
        if self.is_standard() { operator.to_owned() } else { format!("{}.{operator}", self.domain()) }
    }

    fn domain(&self) -> &str {
        self.node.domain.as_deref().unwrap_or_default()
    }

    pub(super) fn is_standard(&self) -> bool {
        ["", "ai.onnx"].contains(&self.domain())
    }

    pub(super) fn given(&self) -> usize {
        self.inputs.len()
    }

    /// The input at a position, if it is given.
    pub(super) fn optional(&self, position: usize) -> Option<ValueId> {
        self.inputs.get(position).copied().flatten()
    }

    /// The input at a position.
    pub(super) fn input(&self, position: usize) -> Result<ValueId, String> {
        self.optional(position).ok_or_else(|| format!("it has no input {}", position + 1))
    }

    /// Outputs that have a name.
    pub(super) fn outputs(&self) -> usize {
        self.node.output.len()
    }

    /// Whether an output is asked for.
    pub(super) fn has_output(&self, position: usize) -> bool {
        self.node.output.get(position).is_some_and(|name| !name.is_empty())
    }

    fn attribute(&self, name: &str) -> Option<&'a AttributeProto> {
        self.node.attribute.iter().find(|attribute| attribute.name.as_deref() == Some(name))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.attribute(name).is_some()
    }

    pub(super) fn int(&self, name: &str, default: i64) -> i64 {
        self.attribute(name).and_then(|attribute| attribute.i).unwrap_or(default)
    }

    pub(super) fn float(&self, name: &str, default: f64) -> f64 {
        self.attribute(name).and_then(|attribute| attribute.f).map_or(default, f64::from)
    }

    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        std::str::from_utf8(self.attribute(name)?.s.as_deref()?).ok()
    }

    pub(super) fn ints(&self, name: &str) -> Option<&'a [i64]> {
        self.attribute(name).map(|attribute| attribute.ints.as_slice())
    }

    pub(super) fn floats(&self, name: &str) -> Option<&'a [f32]> {
        self.attribute(name).map(|attribute| attribute.floats.as_slice())
    }

    pub(super) fn tensor(&self, name: &str) -> Option<&'a TensorProto> {
        self.attribute(name)?.t.as_ref()
    }

    /// Positive numbers, one for each of `count` axes; 1 each where they are not given.
    pub(super) fn sizes(&self, name: &str, count: usize) -> Result<Vec<usize>, String> {
        let Some(ints) = self.ints(name) else { return Ok(vec![1; count]) };
        let sizes: Vec<usize> = ints.iter().filter_map(|&size| usize::try_from(size).ok()).collect();
        let fits = sizes.len() == count && ints.len() == count && sizes.iter().all(|size| (1..1 << 20).contains(size));
        if fits { Ok(sizes) } else { Err(format!("its {name} are {ints:?}, for {count} axes")) }
    }
}

/// The name of a node; of one without a name, its first output.
pub(super) fn node_name(node: &NodeProto) -> String {
    let named = node.name.clone().filter(|name| !name.is_empty());
    named.or_else(|| node.output.first().cloned()).unwrap_or_default()
}

/// An axis that may count from the end.
pub(super) fn axis(axis: i64, rank: usize) -> Result<usize, String> {
    let from_start = if axis < 0 { axis.saturating_add(rank as i64) } else { axis };
    let found = usize::try_from(from_start).ok().filter(|&axis| axis < rank);
    found.ok_or_else(|| format!("it names axis {axis} of {rank}"))
}
