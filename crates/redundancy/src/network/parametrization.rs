use std::fmt;

use serde::{Deserialize, Serialize};

/// The function that makes a convolution's weight of its parameters.
///
/// A shift of a convolution's bias does not pass its own weight, and later weights are fixed while it is followed: what is
/// redundant of a bias is the same for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Parametrization {
    /// The parameters themselves.
    #[default]
    Plain,
    /// Each filter less its mean, divided by its deviation (Qiao et al. 2019): `(w − μ)/√(σ² + ε)`.
    Standardized,
}

impl Parametrization {
    /// The least number of weights of a filter that it makes something of.
    pub(super) fn fewest_weights(self) -> usize {
        match self {
            Self::Plain => 1,
            // One weight is its own mean.
            Self::Standardized => 2,
        }
    }
}

/// The name that configs and results have for it.
impl fmt::Display for Parametrization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Serialize::serialize(self, f)
    }
}
