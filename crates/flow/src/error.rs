use thiserror::Error;

/// A line of a network that is not understood, or does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {problem}")]
pub struct FlowError {
    /// The line, from 1; 0 for what was chosen beside the text.
    pub line: usize,
    /// The problem there.
    pub problem: Problem,
}

/// A reason why a line is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Problem {
    /// A name of which nothing is known.
    #[error("expected {what} ({expected}), found `{found}`")]
    Unknown {
        /// What is asked for.
        what: &'static str,
        /// The known names.
        expected: String,
        /// The name.
        found: String,
    },
    /// A number that is missing, or is none.
    #[error("expected a number from 1 to {most} for the {what}, found {found}")]
    Number {
        /// What it is the number of.
        what: &'static str,
        /// The largest one.
        most: usize,
        /// What stands there.
        found: String,
    },
    /// More words than the operation has.
    #[error("expected nothing more, found `{found}`")]
    More {
        /// The first word too many.
        found: String,
    },
    /// A name with other signs than letters, digits and `_`.
    #[error("expected a name of letters, digits and _, found `{found}`")]
    Name {
        /// The name.
        found: String,
    },
    /// An input that no line above has.
    #[error("expected the name of a line above, found `{found}`")]
    Input {
        /// The name.
        found: String,
    },
    /// More operations than a drawing shows.
    #[error("expected at most {most} operations")]
    Operations {
        /// The largest number of them.
        most: usize,
    },
    /// An output that is too large to be followed at once.
    #[error("expected at most {most} numbers, found an output of {found}")]
    Size {
        /// The largest number of them.
        most: usize,
        /// The number of elements.
        found: usize,
    },
    /// No bias, and no norm with a β.
    #[error("expected a bias, or a norm, found none in the whole network")]
    NoBias,
    /// An operation that does not fit its inputs.
    #[error("{0}")]
    Network(untied_redundancy::network::Problem),
}
