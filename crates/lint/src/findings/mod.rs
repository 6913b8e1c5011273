//! Findings: of every bias of a model, how many of its parameters are redundant, and why.

mod bias;
mod folding;
mod share;

use untied_redundancy::Mode;

pub use bias::{Role, Sharing};
pub use folding::Folding;
pub use share::Share;

pub(crate) use bias::{Bias, biases};

use crate::flow::{Guess, Removed, removed};
use crate::graph::Graph;
use crate::import::SHAPE_NOT_KNOWN;

/// What is known of the biases of a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Findings {
    /// Every bias, in the order of the model.
    pub biases: Vec<Finding>,
    /// The operations that are not understood.
    pub not_understood: Vec<NotUnderstood>,
}

/// An operation that is not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotUnderstood {
    /// The name of its node.
    pub node: String,
    /// The ONNX operator.
    pub operator: String,
    /// Why not.
    pub reason: String,
}

impl NotUnderstood {
    /// Whether it is only that nothing is known of its inputs, since an operation before it is not understood.
    pub fn is_behind_another(&self) -> bool {
        self.reason == SHAPE_NOT_KNOWN
    }
}

/// A bias and what is redundant of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The name of its tensor.
    pub name: String,
    /// The name of the node that adds it; the first, where it is added at several.
    pub node: String,
    /// The ONNX operator of that node.
    pub operator: String,
    /// The number of nodes that add it.
    pub uses: usize,
    /// What it is there.
    pub role: Role,
    /// How its parameters are shared over channels and locations.
    pub sharing: Sharing,
    /// The shape of its tensor.
    pub shape: Vec<usize>,
    /// The redundant part while the model trains: batch norm takes the statistics of its batch, dropout drops.
    pub training: Share,
    /// The redundant part while the model is evaluated: batch norm takes its running statistics.
    pub evaluation: Share,
    /// The norms, by name, whose running mean can take over what training removes: there [`strip`](crate::strip) moves it.
    pub moves_into: Vec<String>,
    /// What [`fold`](crate::fold) does with it.
    pub folding: Folding,
}

impl Finding {
    /// The number of its parameters.
    pub fn parameters(&self) -> usize {
        self.shape.iter().product()
    }
}

impl Findings {
    /// The number of all biases' parameters.
    pub fn parameters(&self) -> usize {
        self.biases.iter().map(Finding::parameters).sum()
    }

    /// The number of redundant ones in training and in evaluation.
    pub fn redundant(&self) -> [usize; 2] {
        let sum = |share: fn(&Finding) -> &Share| self.biases.iter().map(|finding| share(finding).redundant).sum();
        [sum(|finding| &finding.training), sum(|finding| &finding.evaluation)]
    }

    /// The number of those of which it is not known whether they are redundant in training.
    pub fn unknown(&self) -> usize {
        self.biases.iter().map(|finding| finding.training.unknown).sum()
    }
}

pub(crate) fn findings(graph: &Graph) -> Findings {
    let biases = biases(graph);
    let understood = graph.unknown().next().is_none();
    let sides = |mode| {
        let least = removed(graph, mode, Guess::AtWork);
        let most = if understood { least.clone() } else { removed(graph, mode, Guess::Removed) };
        [least, most]
    };
    let (training, evaluation) = (sides(Mode::Training), sides(Mode::Evaluation));
    let finding = |bias: &Bias| {
        let share = |mode, sides: &[Vec<Removed>; 2]| {
            share::Followed::new(graph, mode, bias, sides.each_ref().map(|all| &all[bias.value]))
        };
        let (training, evaluation) = (share(Mode::Training, &training), share(Mode::Evaluation, &evaluation));
        let moves_into = share::moves_into(graph, &training);
        let (node, uses) = (&graph.nodes[bias.nodes[0]], bias.nodes.len());
        Finding {
            name: graph.values[bias.value].name.clone(),
            node: node.name.clone(),
            operator: node.operator.clone(),
            uses,
            role: bias.role,
            sharing: bias.sharing,
            shape: graph.shape(bias.value).to_vec(),
            training: training.share,
            evaluation: evaluation.share,
            moves_into,
            folding: Folding::Kept,
        }
    };
    let not_understood = graph.unknown().map(|(node, reason)| {
        let (node, operator, reason) = (node.name.clone(), node.operator.clone(), reason.to_owned());
        NotUnderstood { node, operator, reason }
    });
    let mut not_understood: Vec<NotUnderstood> = not_understood.collect();
    not_understood.dedup();
    Findings { biases: biases.iter().map(finding).collect(), not_understood }
}
