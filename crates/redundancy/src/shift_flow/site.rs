use super::flow::ShiftFlow;
use super::path::Path;
use crate::network::{NodeId, Operation};
use crate::{BiasTerms, Mode, Redundancy, ShiftClass};

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

impl ShiftFlow<'_> {
    /// All biases and all β of norms, in the order of the network.
    pub fn sites(&self) -> Vec<Site> {
        self.network.nodes().filter_map(|(id, _)| self.site(id)).collect()
    }

    /// The bias of a node, or the β of its norm; none where it has neither, or β is frozen with its norm.
    pub fn site(&self, id: NodeId) -> Option<Site> {
        if self.is_frozen(id) {
            return None;
        }
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

    /// Whether the node is a norm whose γ and β are constants.
    fn is_frozen(&self, id: NodeId) -> bool {
        let Operation::Normalization { normalization, .. } = self.network.node(id).operation else { return false };
        self.mode() == Mode::FrozenNorm && normalization.spec().is_some_and(|spec| spec.running)
    }
}

/// The smallest class of the tensors that a bias adds.
pub(super) fn shifts_of(terms: &BiasTerms) -> ShiftClass {
    let shape = [terms.channels(), terms.spatial()[0], terms.spatial()[1]];
    let of_term = |term: &Vec<usize>| match term[1..].iter().product::<usize>() {
        1 => ShiftClass::Groups(term[0]).of(shape),
        _ => ShiftClass::Everything,
    };
    terms.terms().iter().map(of_term).fold(ShiftClass::Nothing, ShiftClass::join)
}
