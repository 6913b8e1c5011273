//! Shift flow: which shifts of a network's feature maps, and so which directions of its biases, change nothing.
//!
//! A direction of a bias adds one fixed tensor, the same for every image. Linear operations pass it on; norms that centre
//! and the loss remove a part of it; wherever it meets anything else it is at work. A direction is redundant if nothing of
//! it is left at work on any path.

mod effect;
#[cfg(feature = "exact")]
pub mod exact;
mod meeting;
mod path;
#[cfg(test)]
mod tests;
mod width;

pub use meeting::Meeting;
pub use path::Path;

use crate::network::{Network, Node, NodeId, Operation};
use crate::{BiasTerms, Mode, Redundancy, ShiftClass};
use effect::Effect;

/// The structural shift flow of a network: what is removed whatever its weights.
///
/// From the last node to the first, the class that is removed of a node's output is the largest one that all its
/// consumers pass on to what is removed of theirs, or remove themselves.
#[derive(Debug, Clone)]
pub struct ShiftFlow<'a> {
    network: &'a Network,
    mode: Mode,
    /// The effect of each node on each of its inputs.
    effects: Vec<Vec<Effect>>,
    /// The removed class of each node's output.
    removed: Vec<ShiftClass>,
    /// Whether nothing reads a node's output, so that all of it is the network's.
    outputs: Vec<bool>,
}

/// A bias, or the β of a norm, and what is redundant of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    /// The node that adds the bias to its output.
    pub node: NodeId,
    /// The name: that of the bias's node, or `β of` that of the norm.
    pub name: String,
    /// The map from its parameters to the tensor that it adds.
    pub terms: BiasTerms,
    /// The class of shifts that are removed where it is added.
    pub removed: ShiftClass,
    /// The redundant subspace of its parameters.
    pub redundancy: Redundancy,
    /// The nodes that remove it, and those where the rest is at work.
    pub path: Path,
}

impl<'a> ShiftFlow<'a> {
    /// Follows shifts through a network in one of the two modes.
    pub fn new(network: &'a Network, mode: Mode) -> Self {
        Self::by(network, mode, Effect::of)
    }

    /// Follows shifts by the effects that `effect` tells of a node's inputs, by position.
    fn by(network: &'a Network, mode: Mode, effect: impl Fn(&Network, Mode, NodeId, usize) -> Effect) -> Self {
        let effects = |(id, node): (NodeId, &Node)| {
            (0..node.inputs.len()).map(|position| effect(network, mode, id, position)).collect()
        };
        let effects: Vec<Vec<Effect>> = network.nodes().map(effects).collect();
        let outputs: Vec<bool> = network.nodes().map(|(id, _)| is_output(network, id)).collect();
        // Until a consumer says less, everything is removed; an output that nothing reads is at work.
        let mut removed: Vec<ShiftClass> = network.nodes().map(|_| ShiftClass::Everything).collect();
        for (id, node) in network.nodes().rev() {
            if outputs[id.index()] {
                removed[id.index()] = ShiftClass::Nothing;
            }
            for (input, effect) in node.inputs.iter().zip(&effects[id.index()]) {
                let class = effect.backward(removed[id.index()], network.node(*input).output, node.output);
                removed[input.index()] = removed[input.index()].meet(class);
            }
        }
        Self { network, mode, effects, removed, outputs }
    }

    /// The mode that was followed.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The largest class of shifts of a node's output that are removed on all paths from it.
    pub fn removed(&self, id: NodeId) -> ShiftClass {
        self.removed[id.index()]
    }

    /// All biases and all β of norms, in the order of the network.
    pub fn sites(&self) -> Vec<Site> {
        self.network.nodes().filter_map(|(id, _)| self.site(id)).collect()
    }

    /// The bias of a node, or the β of its norm; none where it has neither.
    pub fn site(&self, id: NodeId) -> Option<Site> {
        let (terms, removed) = (self.network.bias_terms(id)?, self.removed(id));
        let node = self.network.node(id);
        let name = match node.operation {
            Operation::Normalization { .. } => format!("β of {}", node.name),
            _ => node.name.clone(),
        };
        // Classes of a node's output fit its channels.
        let redundancy = Redundancy::new(removed, &terms).ok()?;
        let path = Path::of(self, id, shifts_of(&terms));
        Some(Site { node: id, name, terms, removed, redundancy, path })
    }

    /// The nodes where biases meet that share a part of what they do, in topological order.
    pub fn meetings(&self) -> Vec<Meeting> {
        meeting::meetings(self)
    }

    /// The smallest class of what arrives at each node's output of a shift of one node's output, in topological order;
    /// nothing passes `barrier`.
    fn arrivals(&self, from: NodeId, class: ShiftClass, barrier: Option<NodeId>) -> Vec<ShiftClass> {
        let mut arriving = vec![ShiftClass::Nothing; self.removed.len()];
        if barrier != Some(from) {
            arriving[from.index()] = class;
        }
        for (id, node) in self.network.nodes().skip(from.index() + 1).filter(|(id, _)| barrier != Some(*id)) {
            for (input, effect) in node.inputs.iter().zip(&self.effects[id.index()]) {
                let passed = effect.forward(arriving[input.index()], self.network.node(*input).output, node.output);
                arriving[id.index()] = arriving[id.index()].join(passed).of(node.output);
            }
        }
        arriving
    }

    /// The nodes where a part of what arrives is at work.
    fn at_work<'b>(&'b self, arriving: &'b [ShiftClass]) -> impl Iterator<Item = NodeId> + 'b {
        let is_at_work = |id: NodeId| {
            let inputs = self.network.node(id).inputs.iter().zip(&self.effects[id.index()]);
            let mut inputs = inputs.map(|(input, effect)| (effect, arriving[input.index()], *input));
            let seen = inputs.any(|(effect, class, input)| effect.is_at_work(class, self.network.node(input).output));
            seen || (self.outputs[id.index()] && arriving[id.index()] != ShiftClass::Nothing)
        };
        self.network.nodes().map(|(id, _)| id).filter(move |&id| is_at_work(id))
    }
}

/// Whether nothing reads the node's output, so that all of it is the network's.
fn is_output(network: &Network, id: NodeId) -> bool {
    network.node(id).operation != Operation::Loss && network.consumers(id).next().is_none()
}

/// The smallest class of the tensors that a bias adds.
fn shifts_of(terms: &BiasTerms) -> ShiftClass {
    let shape = [terms.channels(), terms.spatial()[0], terms.spatial()[1]];
    let of_term = |term: &Vec<usize>| match term[1..].iter().product::<usize>() {
        1 => ShiftClass::Groups(term[0]).of(shape),
        _ => ShiftClass::Everything,
    };
    terms.terms().iter().map(of_term).fold(ShiftClass::Nothing, ShiftClass::join)
}
