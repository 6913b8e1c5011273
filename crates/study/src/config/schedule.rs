//! `train.schedule`: the learning rate of each step.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fault::{Fault, Float};

/// The learning rate of each step, starting at the optimizer's.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    /// The same at every step.
    #[default]
    Constant,
    /// Half a cosine down to `min_learning_rate` at the last step.
    Cosine {
        /// The last rate; from 0 to the optimizer's.
        #[serde(default)]
        min_learning_rate: f64,
    },
    /// A straight line to `final_learning_rate` at the last step.
    Linear {
        /// The last rate; 0 or more.
        final_learning_rate: f64,
    },
    /// Multiplied by `gamma` after every epoch.
    Exponential {
        /// Above 0, at most 1.
        gamma: f64,
    },
}

impl Schedule {
    /// Checks the rates of a schedule that starts at `learning_rate`.
    pub(super) fn check(&self, learning_rate: f64) -> Result<(), Fault> {
        match *self {
            Self::Constant => Ok(()),
            Self::Cosine { min_learning_rate: end } => {
                let valid = (0.0..=learning_rate).contains(&end);
                let expected = format!("a number from 0 to the learning rate, {learning_rate:?}");
                Fault::require(valid, "train.schedule.cosine.min_learning_rate", expected, Float(end))
            }
            Self::Linear { final_learning_rate: end } => {
                let (key, valid) = ("train.schedule.linear.final_learning_rate", end.is_finite() && end >= 0.0);
                Fault::require(valid, key, "a finite number, 0 or more", Float(end))
            }
            Self::Exponential { gamma } => {
                let valid = gamma > 0.0 && gamma <= 1.0;
                Fault::require(valid, "train.schedule.exponential.gamma", "a number above 0, at most 1", Float(gamma))
            }
        }
    }
}
