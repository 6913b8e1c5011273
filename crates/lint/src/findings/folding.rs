use std::fmt;

/// What becomes of a bias where batch norms are folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folding {
    /// It stays as it is.
    Kept,
    /// It becomes one with others: the bias of the convolution or linear map that takes the norm up.
    Taken,
    /// It is multiplied, and stays an addition of its own.
    Scaled,
}

impl Folding {
    /// Of a bias that so many nodes add, and that is taken at some of them and scaled at others.
    pub(crate) fn of(uses: usize, taken: usize, scaled: usize) -> Self {
        if taken >= uses {
            Self::Taken
        } else if taken + scaled >= uses {
            Self::Scaled
        } else {
            Self::Kept
        }
    }
}

impl fmt::Display for Folding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kept => "kept",
            Self::Taken => "taken",
            Self::Scaled => "scaled",
        })
    }
}
