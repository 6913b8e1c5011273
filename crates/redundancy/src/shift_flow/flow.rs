use super::effect::Effect;
use crate::network::{Network, Node, NodeId, Operation};
use crate::{Mode, ShiftClass};

/// The structural shift flow of a network: what is removed whatever its weights.
///
/// From the last node to the first, the class that is removed of a node's output is the largest one that all its
/// consumers pass on to what is removed of theirs, or remove themselves.
#[derive(Debug, Clone)]
pub struct ShiftFlow<'a> {
    pub(super) network: &'a Network,
    mode: Mode,
    /// The effect of each node on each of its inputs.
    pub(super) effects: Vec<Vec<Effect>>,
    /// The removed class of each node's output.
    pub(super) removed: Vec<ShiftClass>,
    /// Whether nothing reads a node's output, so that all of it is the network's.
    pub(super) outputs: Vec<bool>,
}

impl<'a> ShiftFlow<'a> {
    /// Follows shifts through a network in one of the two modes.
    pub fn new(network: &'a Network, mode: Mode) -> Self {
        Self::by(network, mode, Effect::of)
    }

    /// Follows shifts by the effects that `effect` tells of a node's inputs, by position.
    pub(super) fn by(
        network: &'a Network,
        mode: Mode,
        effect: impl Fn(&Network, Mode, NodeId, usize) -> Effect,
    ) -> Self {
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

    /// The smallest class of what arrives at each node's output of a shift of one node's output, in topological order;
    /// nothing passes `barrier`.
    pub(super) fn arrivals(&self, from: NodeId, class: ShiftClass, barrier: Option<NodeId>) -> Vec<ShiftClass> {
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
    pub(super) fn at_work<'b>(&'b self, arriving: &'b [ShiftClass]) -> impl Iterator<Item = NodeId> + 'b {
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
pub(super) fn is_output(network: &Network, id: NodeId) -> bool {
    network.node(id).operation != Operation::Loss && network.consumers(id).next().is_none()
}
