use untied_redundancy::Mode;
use untied_redundancy::shift_flow::Path;

use super::Bias;
use crate::flow::{Arrivals, Removed, follow};
use crate::graph::{Graph, Operation};

/// The redundant part of a bias in one mode.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Share {
    /// The redundant dimensions.
    pub redundant: usize,
    /// The dimensions that could be redundant too: an operation that is not understood decides.
    pub unknown: usize,
    /// The nodes that remove the redundant part, those that it passes, and those where the rest is at work.
    pub path: Path,
    /// The nodes that are not understood and that it reaches.
    pub unknown_at: Vec<String>,
}

/// A share, and the nodes by index that remove it.
pub(super) struct Followed {
    pub(super) share: Share,
    removed_by: Vec<usize>,
}

impl Followed {
    /// The share of a bias, of which at least and at most so much is removed.
    pub(super) fn new(graph: &Graph, mode: Mode, bias: &Bias, [least, most]: [&Removed; 2]) -> Self {
        let size = graph.size(bias.value);
        let (redundant, possible) = (least.dimensions(size), most.dimensions(size));
        let names = |nodes: &[usize]| distinct(nodes.iter().map(|&node| graph.nodes[node].name.clone()).collect());
        let follow = |names: Vec<u64>| follow(graph, mode, bias.value, names);
        let removed: Arrivals = match redundant {
            0 => Arrivals::default(),
            _ => follow(least.labels(size).into_iter().map(u64::from).collect()),
        };
        let all = if redundant < size { follow((1..=size as u64).collect()) } else { Arrivals::default() };
        let outputs = all.outputs.iter().map(|&output| format!("output {}", graph.values[output].name));
        let at_work = [names(&all.at_work), outputs.collect()].concat();
        let path = Path { removed_by: names(&removed.removed_by), through: names(&removed.through), at_work };
        let share = Share { redundant, unknown: possible - redundant, path, unknown_at: names(&all.unknown) };
        Self { share, removed_by: removed.removed_by }
    }
}

/// The names, each once, in their order.
fn distinct(names: Vec<String>) -> Vec<String> {
    let mut found: Vec<String> = vec![];
    for name in names {
        if !found.contains(&name) {
            found.push(name);
        }
    }
    found
}

/// The norms with running statistics among the nodes that remove a share.
pub(super) fn moves_into(graph: &Graph, followed: &Followed) -> Vec<String> {
    let runs = |node: &&usize| matches!(graph.nodes[**node].operation, Operation::Normalize { running: true, .. });
    distinct(followed.removed_by.iter().filter(runs).map(|&node| graph.nodes[node].name.clone()).collect())
}
