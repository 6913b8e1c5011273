use std::fmt;

use serde::{Deserialize, Serialize};

/// A bias is certified redundant where no ratio of a set is above this many units of round-off.
///
/// Each term of a sum is rounded more than once on its way: eight times, as `untied-batch-norm` derives for its own
/// backward pass; primitives of a framework round a few times more often, and sums of many elements in sequence too.
pub const CERTIFICATE_FACTOR: f64 = 32.0;

/// What a certificate finds of the part of a bias that is redundant by theory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// In every redundant set and at every measured step the gradient was nothing but rounding, and in every set there was
    /// something to round.
    Certified,
    /// Theory predicts nothing redundant.
    AtWork,
    /// In some set and at some step the gradient was more than rounding explains.
    NotCertified,
    /// No gradient was more than rounding, but in some set all of it was exactly 0 at every measured step, as behind
    /// dead units or at a loss of 0: nothing was seen there.
    NoEvidence,
}

impl Finding {
    /// The finding of a bias with `sets` redundant sets, `without_evidence` of them without any, and the largest ratio of
    /// gradient to round-off over sets and steps.
    pub fn of(sets: usize, without_evidence: usize, worst_ratio: f64) -> Self {
        match (sets, without_evidence) {
            (0, _) => Self::AtWork,
            // Also where it is no number.
            _ if !worst_ratio.le(&CERTIFICATE_FACTOR) => Self::NotCertified,
            (_, 0) => Self::Certified,
            _ => Self::NoEvidence,
        }
    }

    /// The finding of several runs of one bias: that of the least convincing one.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let doubt = |finding| match finding {
            Self::Certified => 0,
            Self::AtWork => 1,
            Self::NoEvidence => 2,
            Self::NotCertified => 3,
        };
        if doubt(other) > doubt(self) { other } else { self }
    }
}

/// The name, as prose has it.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certified => "certified",
            Self::AtWork => "at work",
            Self::NotCertified => "not certified",
            Self::NoEvidence => "no evidence",
        })
    }
}
