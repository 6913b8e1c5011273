use std::fmt;

use crate::graph::{Graph, Node, Operation, ValueId};

/// What a bias is to the node that adds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The bias of a convolution, or of a linear map.
    Bias,
    /// The β of a norm.
    Beta,
    /// A constant that an addition of its own adds.
    Constant,
}

/// How a bias shares its parameters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// One parameter per channel.
    Tied,
    /// One parameter per element of the tensor that it is added to, images apart.
    Untied,
    /// Anything between or beside these.
    PartlyTied,
}

/// An initializer that is added to what depends on the model's inputs.
#[derive(Debug, Clone)]
pub(crate) struct Bias {
    pub(crate) value: ValueId,
    /// The nodes, by index, that add it.
    pub(crate) nodes: Vec<usize>,
    pub(crate) role: Role,
    pub(crate) sharing: Sharing,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bias => "bias",
            Self::Beta => "β",
            Self::Constant => "added constant",
        })
    }
}

impl fmt::Display for Sharing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tied => "tied",
            Self::Untied => "untied",
            Self::PartlyTied => "partly tied",
        })
    }
}

/// The biases of a graph, in the order in which they are added.
///
/// Numbers that are added alone, and tensors with infinite elements, as masks are, count as settings.
pub(crate) fn biases(graph: &Graph) -> Vec<Bias> {
    let mut biases: Vec<Bias> = vec![];
    for (index, node) in graph.nodes.iter().enumerate() {
        if graph.values[node.output].constant.is_some() {
            continue;
        }
        for (position, &input) in node.inputs.iter().enumerate() {
            let adds = match &node.operation {
                Operation::Sum { adds, .. } => *adds,
                Operation::Unknown { .. } => slot(&node.operator, position),
                _ => false,
            };
            let Some(value) = parameter(graph, input).filter(|_| adds) else { continue };
            let role = role_of(graph, node);
            let settings = graph.values[value].constant.as_ref().is_none_or(|constant| {
                let one = role == Role::Constant && constant.values.len() == 1;
                one || constant.values.iter().any(|value| !value.is_finite())
            });
            if settings {
                continue;
            }
            if let Some(bias) = biases.iter_mut().find(|bias| bias.value == value) {
                bias.nodes.push(index);
            } else {
                let sharing = sharing(graph, index, input);
                biases.push(Bias { value, nodes: vec![index], role, sharing });
            }
        }
    }
    biases
}

/// The initializer that a value is, through what only moves its elements.
fn parameter(graph: &Graph, mut id: ValueId) -> Option<ValueId> {
    while graph.values[id].initializer.is_none() {
        let node = graph.nodes.iter().find(|node| node.output == id)?;
        match &node.operation {
            Operation::Sum { maps, .. } if maps.len() == 1 => id = node.inputs[0],
            _ => return None,
        }
    }
    Some(id)
}

/// Whether an operator, which is not understood here, adds its input of this position.
fn slot(operator: &str, position: usize) -> bool {
    let third = ["Conv", "ConvTranspose", "Gemm"].contains(&operator) || role(operator) == Role::Beta;
    (third && position == 2) || ["Add", "Sub", "Sum"].contains(&operator)
}

/// The role of what a node adds: of an addition right behind a map with weights, that of the map's bias.
fn role_of(graph: &Graph, node: &Node) -> Role {
    let behind = |operators: &[&str]| {
        let mut before = graph.nodes.iter().filter(|before| node.inputs.contains(&before.output));
        before.any(|before| operators.contains(&before.operator.as_str()))
    };
    match role(&node.operator) {
        Role::Constant if behind(&["MatMul", "Conv", "ConvTranspose"]) => Role::Bias,
        role => role,
    }
}

fn role(operator: &str) -> Role {
    match operator {
        "Conv" | "ConvTranspose" | "Gemm" => Role::Bias,
        "BatchNormalization" | "InstanceNormalization" | "GroupNormalization" | "LayerNormalization" => Role::Beta,
        _ => Role::Constant,
    }
}

/// The sharing of a bias, from its shape beside that of the tensor that it is added to.
fn sharing(graph: &Graph, node: usize, input: ValueId) -> Sharing {
    let node = &graph.nodes[node];
    let (own, output) = (graph.shape(input), graph.shape(node.output));
    if role(&node.operator) != Role::Constant && own.len() == 1 {
        return Sharing::Tied;
    }
    let leading = output.len().saturating_sub(own.len());
    let axes: Vec<usize> = (0..own.len()).filter(|&axis| own[axis] > 1).map(|axis| axis + leading).collect();
    let whole: Vec<usize> = (1..output.len()).filter(|&axis| output[axis] > 1).collect();
    // Vectors of tokens have their channels last, maps have them first.
    let channels = if follows_product(graph, &node.inputs) { output.len().saturating_sub(1) } else { 1 };
    if axes == [channels] {
        Sharing::Tied
    } else if axes == whole {
        Sharing::Untied
    } else {
        Sharing::PartlyTied
    }
}

/// Whether one of the values is a product of matrices, or the sum of one.
fn follows_product(graph: &Graph, inputs: &[ValueId]) -> bool {
    let mut nodes = graph.nodes.iter().filter(|node| inputs.contains(&node.output));
    nodes.any(|node| ["MatMul", "Gemm", "LayerNormalization"].contains(&node.operator.as_str()))
}
