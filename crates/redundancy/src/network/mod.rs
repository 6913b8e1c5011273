//! Networks as planned lists of operations, with the shapes of all feature maps.

mod error;
mod operation;
mod parametrization;
mod shape;
mod tensors;
mod window;

pub use error::{NetworkError, Problem};
pub use operation::{Activation, Convolution, Operation, Padding, Pool, Pooling, Shape};
pub use parametrization::Parametrization;
pub use tensors::NodeTensor;
pub use window::Fill;
pub(crate) use window::Window;

/// A network: operations in topological order, the first of them the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    nodes: Vec<Node>,
}

/// The index of a node in its network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(usize);

impl NodeId {
    /// The index, counted from 0, the input.
    pub fn index(self) -> usize {
        self.0
    }
}

/// One operation of a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The name, unique in the network.
    pub name: String,
    /// The operation, with its settings.
    pub operation: Operation,
    /// The nodes whose outputs it reads, in order.
    pub inputs: Vec<NodeId>,
    /// The shape of its output.
    pub output: Shape,
}

impl Network {
    /// A network of an input of this shape, named `input`.
    ///
    /// # Errors
    /// If a size is 0, or the input has over 2⁴⁰ elements.
    pub fn new(input: Shape) -> Result<Self, NetworkError> {
        let mut network = Self { nodes: vec![] };
        let problem = |problem| NetworkError { node: "input".into(), problem };
        shape::countable(&input).map_err(problem)?;
        if input.contains(&0) {
            return Err(problem(Problem::Zero { what: "input size" }));
        }
        let (name, operation) = ("input".into(), Operation::Input);
        network.nodes.push(Node { name, operation, inputs: vec![], output: input });
        Ok(network)
    }

    /// Adds an operation behind its inputs.
    ///
    /// # Errors
    /// If the name is taken, an input is of another network, or the operation does not fit the shapes of its inputs.
    pub fn add(
        &mut self,
        name: impl Into<String>,
        operation: Operation,
        inputs: &[NodeId],
    ) -> Result<NodeId, NetworkError> {
        let name = name.into();
        let failed = |problem| NetworkError { node: name.clone(), problem };
        if self.nodes.iter().any(|node| node.name == name) {
            return Err(failed(Problem::RepeatedName));
        }
        let shapes: Option<Vec<Shape>> = inputs.iter().map(|id| Some(self.nodes.get(id.0)?.output)).collect();
        let shapes = shapes.ok_or_else(|| failed(Problem::UnknownInput))?;
        let output = shape::output(&operation, &shapes).map_err(failed)?;
        self.nodes.push(Node { name, operation, inputs: inputs.to_vec(), output });
        Ok(self.last())
    }

    /// Adds an operation behind the node that was added last.
    ///
    /// # Errors
    /// As [`Network::add`].
    pub fn then(&mut self, name: impl Into<String>, operation: Operation) -> Result<NodeId, NetworkError> {
        self.add(name, operation, &[self.last()])
    }

    /// The node of the input.
    pub fn input(&self) -> NodeId {
        NodeId(0)
    }

    /// The node that was added last.
    pub fn last(&self) -> NodeId {
        NodeId(self.nodes.len() - 1)
    }

    /// The node of an index.
    ///
    /// # Panics
    /// If the index is of another, larger network.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// All nodes with their indices, in topological order.
    pub fn nodes(&self) -> impl DoubleEndedIterator<Item = (NodeId, &Node)> + ExactSizeIterator {
        self.nodes.iter().enumerate().map(|(index, node)| (NodeId(index), node))
    }

    /// The node of this name.
    pub fn find(&self, name: &str) -> Option<NodeId> {
        self.nodes.iter().position(|node| node.name == name).map(NodeId)
    }

    /// The shapes of a node's inputs.
    pub fn input_shapes(&self, id: NodeId) -> Vec<Shape> {
        self.node(id).inputs.iter().map(|&input| self.node(input).output).collect()
    }

    /// The nodes that read a node's output, each with the position of that input.
    pub fn consumers(&self, id: NodeId) -> impl Iterator<Item = (NodeId, usize)> {
        self.nodes().flat_map(move |(consumer, node)| {
            let positions = node.inputs.iter().enumerate().filter(move |(_, input)| **input == id);
            positions.map(move |(position, _)| (consumer, position))
        })
    }
}
