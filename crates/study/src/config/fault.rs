//! The error for a value that no cell may have, and the checks that several tables share.

use std::fmt::{self, Display};

/// A value that cannot be trained with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}`: {message}")]
pub struct Fault {
    /// The dotted key, such as `train.epochs`.
    pub key: String,
    /// The expected and the found value.
    pub message: String,
}

impl Fault {
    /// "`key`: expected …, found …".
    pub fn new(key: impl Into<String>, expected: impl Display, found: impl Display) -> Self {
        Self { key: key.into(), message: format!("expected {expected}, found {found}") }
    }

    /// An error unless the value is valid.
    ///
    /// # Errors
    /// [`Fault::new`] of key, `expected` and `found`.
    pub fn require(valid: bool, key: &str, expected: impl Display, found: impl Display) -> Result<(), Self> {
        if valid { Ok(()) } else { Err(Self::new(key, expected, found)) }
    }
}

/// A number as a config would give it: 1e300, not 301 digits.
pub(crate) struct Float(pub(crate) f64);

impl Display for Float {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

pub(crate) fn require_positive(key: &str, value: f64) -> Result<(), Fault> {
    Fault::require(value.is_finite() && value > 0.0, key, "a finite number above 0", Float(value))
}

/// A share that is not all.
pub(crate) fn require_share(key: &str, share: f64) -> Result<(), Fault> {
    Fault::require((0.0..1.0).contains(&share), key, "a number from 0 on, below 1", Float(share))
}

/// True of values that grow from each to the next.
pub(crate) fn is_ascending<T: PartialOrd>(values: &[T]) -> bool {
    values.windows(2).all(|pair| pair[0] < pair[1])
}
