use std::fmt;

use super::flow::ShiftFlow;
use crate::network::{NodeId, Operation};
use crate::{Normalization, ShiftClass};

/// The reason of what is redundant of a bias: the nodes, by name, that its shifts meet.
///
/// Its `Display` is a sentence: `removed by norm3, through max_pool2 and conv3; the rest is at work in relu2`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Path {
    /// The norms and losses that remove the redundant part.
    pub removed_by: Vec<String>,
    /// The operations that it passes on its paths there, other biases and dropout apart.
    pub through: Vec<String>,
    /// The nodes where the rest is at work.
    pub at_work: Vec<String>,
}

impl Path {
    /// The path of shifts of a class that are added to a node's output.
    pub(super) fn of(flow: &ShiftFlow<'_>, from: NodeId, shifts: ShiftClass) -> Self {
        let removed = flow.removed(from).meet(shifts);
        let mut path = Self::default();
        if removed != ShiftClass::Nothing {
            path.follow(flow, &flow.arrivals(from, removed, None), from);
        }
        if !flow.removed(from).contains(shifts) {
            let names = |id| flow.network.node(id).name.clone();
            path.at_work = flow.at_work(&flow.arrivals(from, shifts, None)).map(names).collect();
        }
        path
    }

    fn follow(&mut self, flow: &ShiftFlow<'_>, arriving: &[ShiftClass], from: NodeId) {
        for (id, node) in flow.network.nodes().skip(from.index() + 1) {
            let reached = node.inputs.iter().any(|input| arriving[input.index()] != ShiftClass::Nothing);
            let passes = arriving[id.index()] != ShiftClass::Nothing;
            match node.operation {
                _ if !reached => {}
                _ if !passes => self.removed_by.push(node.name.clone()),
                Operation::Bias(_)
                | Operation::Dropout
                | Operation::Normalization { normalization: Normalization::None, .. } => {}
                _ => self.through.push(node.name.clone()),
            }
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.removed_by.is_empty() {
            write!(f, "removed by {}", listed(&self.removed_by))?;
            if !self.through.is_empty() {
                write!(f, ", through {}", listed(&self.through))?;
            }
        }
        match (self.removed_by.is_empty(), self.at_work.is_empty()) {
            (_, true) => Ok(()),
            (true, false) => write!(f, "at work in {}", listed(&self.at_work)),
            (false, false) => write!(f, "; the rest is at work in {}", listed(&self.at_work)),
        }
    }
}

/// `a, b and c`.
pub(super) fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [name] => name.clone(),
        [names @ .., last] => format!("{} and {last}", names.join(", ")),
    }
}
