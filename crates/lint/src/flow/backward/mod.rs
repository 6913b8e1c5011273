//! From the last node to the first: what of each value's shifts is removed behind it.

mod contraction;
mod elements;
mod windows;

use untied_redundancy::Mode;

use super::removed::Removed;
use crate::graph::{Contraction, Graph, Node, Operation};

/// What is taken for granted of operations that are not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guess {
    /// They remove nothing.
    AtWork,
    /// They remove everything: whatever else is not removed is at work for certain.
    Removed,
}

/// The removed shifts of each value of a graph.
pub(crate) fn removed(graph: &Graph, mode: Mode, guess: Guess) -> Vec<Removed> {
    // Until a reader says less, everything is removed.
    let mut removed = vec![Removed::Everything; graph.values.len()];
    for &output in &graph.outputs {
        removed[output] = Removed::Nothing;
    }
    for node in graph.nodes.iter().rev() {
        // Nothing behind the node asks for it again.
        let behind = std::mem::replace(&mut removed[node.output], Removed::Nothing);
        for (position, &input) in node.inputs.iter().enumerate() {
            if removed[input] == Removed::Nothing {
                continue;
            }
            let before = before(graph, node, position, &behind, mode, guess);
            let so_far = std::mem::replace(&mut removed[input], Removed::Nothing);
            removed[input] = so_far.meet(before, graph.size(input));
        }
    }
    removed
}

/// The shifts of an input of a node that it removes, or that become shifts of its output that are removed behind it.
fn before(graph: &Graph, node: &Node, position: usize, behind: &Removed, mode: Mode, guess: Guess) -> Removed {
    let size = graph.size(node.inputs[position]);
    match &node.operation {
        Operation::Unknown { .. } if guess == Guess::Removed => Removed::Everything,
        Operation::Unknown { .. } => Removed::Nothing,
        _ if *behind == Removed::Everything => Removed::Everything,
        Operation::Sum { maps, .. } => elements::moved(&maps[position].0, None, behind, size, graph.size(node.output)),
        Operation::Product { maps, divides } if position == 0 || !divides => {
            // The same tensor twice is no product by a number.
            if node.inputs[0] == node.inputs[1] {
                return Removed::Nothing;
            }
            elements::moved(&maps[position], Some(&maps[1 - position]), behind, size, graph.size(node.output))
        }
        Operation::Contraction(of) => contracted(of, position, behind, size),
        Operation::Pool(pool) => windows::pooled(pool, behind, size),
        Operation::Reduce { sets, reduction } => elements::reduced(sets, *reduction, behind, size),
        Operation::Normalize { sets, running: true, .. } if mode == Mode::Evaluation && position == 0 => {
            elements::scaled(&sets.table(), behind)
        }
        Operation::Normalize { sets, centres: true, .. } if position == 0 => of_sets(&sets.table(), size),
        Operation::Centre { sets } | Operation::Softmax { sets, .. } => of_sets(&sets.table(), size),
        Operation::Dropout if mode == Mode::Evaluation => behind.clone(),
        Operation::Product { .. }
        | Operation::Normalize { .. }
        | Operation::Dropout
        | Operation::Function { .. }
        | Operation::Lookup { .. } => Removed::Nothing,
    }
}

/// Shifts that are constant on each set.
fn of_sets(table: &[u32], size: usize) -> Removed {
    super::removed::named(table.iter().map(|&set| Some(set)), size)
}

fn contracted(of: &Contraction, position: usize, behind: &Removed, size: usize) -> Removed {
    let Removed::Sets(labels) = behind else { return behind.clone() };
    match (of, position) {
        (Contraction::Convolution(of), 0) => contraction::convolved(of, labels, size),
        (Contraction::Convolution(_), _) => Removed::Nothing,
        (Contraction::Product(of), 1) if of.averages => contraction::averaged(of, labels, size),
        (Contraction::Product(of), 0) => contraction::multiplied(of, contraction::Side::Left, labels, size),
        (Contraction::Product(of), _) => contraction::multiplied(of, contraction::Side::Right, labels, size),
    }
}
