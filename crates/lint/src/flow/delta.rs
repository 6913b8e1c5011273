//! A change of parameters in numbers: how every value changes, and what running means must take over.

use std::collections::BTreeMap;

use untied_redundancy::Mode;

use crate::graph::{Graph, Node, Operation, ValueId};
use crate::run;

/// How a value changes.
#[derive(Debug, Clone, PartialEq)]
enum Delta {
    /// By these numbers, for every input of the model.
    By(Vec<f64>),
    /// By numbers that depend on the model's input; a softmax or a norm behind must remove them.
    ByInput,
}

/// What changes of parameters come to.
#[derive(Debug, Default)]
pub(crate) struct Deltas {
    /// By the index of a node with running statistics, what arrives there for each of its sets.
    pub(crate) running: BTreeMap<usize, Vec<f64>>,
}

impl Deltas {
    /// Follows changes of parameters, which training with the statistics of its batch would not notice.
    ///
    /// # Errors
    /// The node, by name, where something arrives that it does not remove.
    pub(crate) fn follow(graph: &Graph, changes: &BTreeMap<ValueId, Vec<f64>>) -> Result<Self, String> {
        let mut deltas = Self::default();
        let mut of: Vec<Option<Delta>> = vec![None; graph.values.len()];
        for (&id, change) in changes {
            of[id] = Some(Delta::By(change.clone()));
        }
        for (index, node) in graph.nodes.iter().enumerate() {
            if node.inputs.iter().all(|&input| of[input].is_none()) {
                continue;
            }
            let inputs: Vec<Option<&Delta>> = node.inputs.iter().map(|&input| of[input].as_ref()).collect();
            let output = deltas.step(graph, index, node, &inputs)?;
            of[node.output] = output.filter(|delta| !matches!(delta, Delta::By(by) if by.iter().all(|&by| by == 0.0)));
        }
        match graph.outputs.iter().find(|&&output| of[output].is_some()) {
            Some(&output) => Err(format!("output {}", graph.values[output].name)),
            None => Ok(deltas),
        }
    }

    fn step(
        &mut self,
        graph: &Graph,
        index: usize,
        node: &Node,
        inputs: &[Option<&Delta>],
    ) -> Result<Option<Delta>, String> {
        let stuck = || Err(format!("{} ({})", node.name, node.operator));
        let by_input = inputs.iter().flatten().any(|delta| **delta == Delta::ByInput);
        match &node.operation {
            // A change that is the same in a set is gone behind it.
            Operation::Normalize { running: false, centres: true, .. }
            | Operation::Centre { .. }
            | Operation::Softmax { .. } => return Ok(None),
            Operation::Normalize { sets, running: true, .. } => {
                let Some(Delta::By(by)) = inputs[0] else { return stuck() };
                let means = run::evaluated(&mean(sets), &[by], sets.count());
                let so_far = self.running.entry(index).or_insert_with(|| vec![0.0; means.len()]);
                so_far.iter_mut().zip(means).for_each(|(so_far, mean)| *so_far += mean);
                return Ok(None);
            }
            Operation::Function { .. }
            | Operation::Lookup { .. }
            | Operation::Unknown { .. }
            | Operation::Normalize { .. } => return stuck(),
            Operation::Sum { .. } | Operation::Pool(_) | Operation::Reduce { .. } | Operation::Dropout => {}
            // Of two factors, the other one must be a number that stays.
            Operation::Product { .. } | Operation::Contraction(_) => {
                let other = usize::from(inputs[0].is_some());
                if inputs[other].is_some() {
                    return stuck();
                }
                if graph.values[node.inputs[other]].constant.is_none() {
                    return Ok(Some(Delta::ByInput));
                }
            }
        }
        if by_input {
            return Ok(Some(Delta::ByInput));
        }
        Ok(Some(Delta::By(linear(graph, node, inputs))))
    }
}

fn mean(sets: &crate::graph::Sets) -> Operation {
    Operation::Reduce { sets: sets.clone(), reduction: crate::graph::Reduction::Mean }
}

/// The linear part of an operation, of changes of its inputs. A maximum passes what is equal in its window.
fn linear(graph: &Graph, node: &Node, inputs: &[Option<&Delta>]) -> Vec<f64> {
    let zeros: Vec<Vec<f64>> = node.inputs.iter().map(|&id| vec![0.0; graph.size(id)]).collect();
    let product = matches!(node.operation, Operation::Product { .. } | Operation::Contraction(_));
    let values = |at: usize| match (inputs[at], &graph.values[node.inputs[at]].constant) {
        (Some(Delta::By(by)), _) => by.as_slice(),
        (None, Some(constant)) if product => constant.values.as_slice(),
        _ => zeros[at].as_slice(),
    };
    let read: Vec<&[f64]> = (0..inputs.len()).map(values).collect();
    let operation = match &node.operation {
        Operation::Sum { maps, adds, .. } => &Operation::Sum { maps: maps.clone(), fill: 0.0, adds: *adds },
        operation => operation,
    };
    run::value(operation, Mode::Evaluation, &read, graph.size(node.output))
}
