use untied_redundancy::Finding;

use crate::{Along, Partition};

/// What an audit finds, parameter by parameter. Printed as a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Audit {
    /// Every parameter that trains, in the order of the module.
    pub parameters: Vec<ParameterAudit>,
    /// The number of outputs that were looked at.
    pub outputs: usize,
    /// The points that the module was looked at.
    pub passes: usize,
}

impl Audit {
    /// The parameter of a name.
    pub fn find(&self, name: &str) -> Option<&ParameterAudit> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    /// Elements of all parameters.
    pub fn elements(&self) -> usize {
        self.parameters.iter().map(ParameterAudit::elements).sum()
    }

    /// The dimensions that do nothing, at least.
    pub fn redundant(&self) -> usize {
        self.parameters.iter().map(|parameter| parameter.redundant).sum()
    }
}

/// What an audit finds of one parameter.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct ParameterAudit {
    /// As Burn's records have it: `conv1.bias`.
    pub name: String,
    /// Its shape.
    pub shape: Vec<usize>,
    /// [`Finding::Certified`] where some shift does nothing, [`Finding::NoEvidence`] where every gradient was exactly 0, as of
    /// dead units; otherwise [`Finding::AtWork`].
    pub finding: Finding,
    /// The dimensions along which a shift does nothing: at least so many.
    pub redundant: usize,
    /// The elements whose gradients were all exactly 0: nothing is known of them.
    pub without_evidence: usize,
    /// The certified directions: what follows from a line above is left out.
    pub directions: Vec<Directions>,
    /// The scale that does next to nothing, where none is certified: the ε of a norm leaves it a little.
    pub nearly: Option<Nearly>,
    /// The exact count, of small tensors.
    pub rank: Option<Rank>,
}

impl ParameterAudit {
    /// Its elements.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }
}

/// Certified directions of one kind.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Directions {
    /// What a direction is on its set.
    pub along: Along,
    /// The sets.
    pub partition: Partition,
    /// Their number.
    pub sets: usize,
    /// The sets that are certified, ascending.
    pub certified: Vec<usize>,
    /// The largest ratio of a gradient along one of them to its round-off; at most
    /// [`CERTIFICATE_FACTOR`](untied_redundancy::CERTIFICATE_FACTOR).
    pub worst_ratio: f64,
}

/// A scale that does next to nothing.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Nearly {
    /// Its sets.
    pub partition: Partition,
    /// The largest share |Σ wₖ gₖ| / Σ |wₖ gₖ|.
    pub share: f64,
}

/// The rank of a small tensor's gradients, over points and cotangents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rank {
    /// The dimensions in which the outputs do not change, for these inputs.
    pub redundant: usize,
    /// The elements that were looked at: those with any gradient.
    pub elements: usize,
}
