//! `train.clip_gradients`: the largest gradients that the optimizer sees.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fault::{Fault, Float};

/// The largest gradient of a parameter that the optimizer sees; every tensor is clipped on its own, as Burn does.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ClipGradients {
    /// The L2 norm of a tensor's gradient: a longer one is shortened to it.
    Norm(f64),
    /// The absolute value of an element: larger ones become it.
    Value(f64),
}

impl ClipGradients {
    pub(super) fn check(self) -> Result<(), Fault> {
        let (name, bound) = match self {
            Self::Norm(bound) => ("norm", bound),
            Self::Value(bound) => ("value", bound),
        };
        // Burn keeps it in f32.
        let valid = (bound as f32).is_finite() && bound as f32 > 0.0;
        let key = format!("train.clip_gradients.{name}");
        Fault::require(valid, &key, "a finite number above 0, in f32 too", Float(bound))
    }
}
