//! A network as it is drawn: its operations from top to bottom, in two lanes.

use serde::Serialize;
use untied_redundancy::network::{Network, NodeId, Operation};

use crate::error::Problem;
use crate::words;

/// The most operations of a drawing.
const OPERATIONS: usize = 64;
/// The most elements of an output.
const ELEMENTS: usize = 1 << 14;

/// A network with the lane of each of its nodes.
#[derive(Debug)]
pub(crate) struct Drawing {
    network: Network,
    lanes: Vec<usize>,
}

/// A node as it is drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NodeData {
    /// Its name, with spaces.
    pub name: String,
    /// The operation in a few words.
    pub operation: String,
    /// What kind of box it is: `bias`, `norm` or `operation`.
    pub kind: &'static str,
    /// The column, from 0.
    pub lane: usize,
    /// The nodes that it reads.
    pub inputs: Vec<usize>,
    /// Channels, height and width of its output.
    pub shape: [usize; 3],
}

impl Drawing {
    /// An input, from which the main lane goes down.
    pub(crate) fn new(input: [usize; 3]) -> Result<Self, Problem> {
        let network = Network::new(input).map_err(|error| Problem::Network(error.problem))?;
        let drawing = Self { network, lanes: vec![0] };
        drawing.check_size()?;
        Ok(drawing)
    }

    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    /// Adds an operation behind its inputs, or behind the last one. A name that was not written gets a number where it is
    /// taken.
    pub(crate) fn add(
        &mut self,
        name: &str,
        written: bool,
        operation: Operation,
        inputs: Option<&[NodeId]>,
    ) -> Result<(), Problem> {
        if self.lanes.len() > OPERATIONS {
            return Err(Problem::Operations { most: OPERATIONS });
        }
        let name = if written { name.to_owned() } else { self.free_name(name) };
        let last = self.network.last();
        let inputs = inputs.unwrap_or(std::slice::from_ref(&last));
        let lane = self.lane(inputs);
        self.network.add(name, operation, inputs).map_err(|error| Problem::Network(error.problem))?;
        self.lanes.push(lane);
        self.check_size()
    }

    fn free_name(&self, name: &str) -> String {
        let numbered = (2..).map(|number| format!("{name}{number}"));
        let mut names = std::iter::once(name.to_owned()).chain(numbered);
        names.find(|name| self.network.find(name).is_none()).unwrap_or_default()
    }

    /// What reads another node than the last one starts the other lane; where nodes meet, the main one goes on.
    fn lane(&self, inputs: &[NodeId]) -> usize {
        let last = self.lanes[self.lanes.len() - 1];
        match inputs {
            [one] if *one == self.network.last() => last,
            [_] => 1 - last,
            _ => 0,
        }
    }

    fn check_size(&self) -> Result<(), Problem> {
        let found = self.network.node(self.network.last()).output.iter().product();
        if found > ELEMENTS { Err(Problem::Size { most: ELEMENTS, found }) } else { Ok(()) }
    }

    /// The nodes as they are drawn.
    pub(crate) fn nodes(&self) -> Vec<NodeData> {
        let nodes = self.network.nodes().zip(&self.lanes);
        let drawn = nodes.map(|((_, node), &lane)| NodeData {
            name: words::name(&node.name),
            operation: words::operation(&node.operation),
            kind: words::kind(&node.operation),
            lane,
            inputs: node.inputs.iter().map(|input| input.index()).collect(),
            shape: node.output,
        });
        drawn.collect()
    }
}
