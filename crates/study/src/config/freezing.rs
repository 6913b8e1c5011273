//! `train.freeze_norm`: batch norm whose statistics, γ and β training leaves as they are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fault::Fault;
use crate::factors::display_as_serialized;

/// When batch norm is frozen: from then on it is y = γ·(x − m)/√(v + ε) + β with its running mean m and variance v, and m, v, γ
/// and β are constants. So detectors are fine-tuned; torchvision calls it `FrozenBatchNorm2d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FreezeNorm {
    /// Never: every step takes the statistics of its batch.
    #[default]
    Never,
    /// After so many epochs, fewer than `epochs`; after 0 it is frozen as it starts, which `model.init_from` may give.
    After(usize),
}

impl FreezeNorm {
    /// The epochs before it; none where it never is.
    #[must_use]
    pub fn after(self) -> Option<usize> {
        match self {
            Self::Never => None,
            Self::After(epochs) => Some(epochs),
        }
    }

    pub(super) fn is_never(&self) -> bool {
        *self == Self::Never
    }

    pub(super) fn check(self, epochs: usize) -> Result<(), Fault> {
        let expected = format!("fewer than the {epochs} epochs");
        let after = self.after().unwrap_or_default();
        Fault::require(after < epochs, "train.freeze_norm.after", expected, after)
    }
}

display_as_serialized!(FreezeNorm);
