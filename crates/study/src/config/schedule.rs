//! `train.schedule`: the learning rate of each step.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fault::{Fault, Float, is_ascending};

/// The learning rate of each step, starting at the optimizer's.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
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
    /// Multiplied by `gamma` after each of some epochs, counted from the run's start.
    Steps {
        /// Epochs, 1 or more, each more than the one before; those that the run does not come to change nothing.
        milestones: Vec<usize>,
        /// Above 0, at most 1.
        #[serde(default = "default_gamma")]
        gamma: f64,
    },
    /// Half a cosine up to the optimizer's rate, then half a cosine down; PyTorch's `OneCycleLR`, which also has the names,
    /// with the momentum as it is.
    OneCycle {
        /// Share of the steps in which the rate rises; above 0, below 1.
        #[serde(default = "default_pct_start")]
        pct_start: f64,
        /// The optimizer's rate by the first one; 1 or more.
        #[serde(default = "default_div_factor")]
        div_factor: f64,
        /// The first rate by the last one; 1 or more.
        #[serde(default = "default_final_div_factor")]
        final_div_factor: f64,
    },
}

fn default_gamma() -> f64 {
    0.1
}

fn default_pct_start() -> f64 {
    0.3
}

fn default_div_factor() -> f64 {
    25.0
}

fn default_final_div_factor() -> f64 {
    1e4
}

impl Schedule {
    /// Checks the rates of a schedule that starts at `learning_rate`.
    pub(super) fn check(&self, learning_rate: f64) -> Result<(), Fault> {
        match self {
            Self::Constant => Ok(()),
            &Self::Cosine { min_learning_rate: end } => {
                let valid = (0.0..=learning_rate).contains(&end);
                let expected = format!("a number from 0 to the learning rate, {learning_rate:?}");
                Fault::require(valid, "train.schedule.cosine.min_learning_rate", expected, Float(end))
            }
            &Self::Linear { final_learning_rate: end } => {
                let (key, valid) = ("train.schedule.linear.final_learning_rate", end.is_finite() && end >= 0.0);
                Fault::require(valid, key, "a finite number, 0 or more", Float(end))
            }
            &Self::Exponential { gamma } => check_gamma("train.schedule.exponential.gamma", gamma),
            Self::Steps { milestones, gamma } => {
                let valid = milestones.first().is_some_and(|&first| first > 0) && is_ascending(milestones);
                let expected = "epochs, 1 or more, each more than the one before";
                Fault::require(valid, "train.schedule.steps.milestones", expected, format!("{milestones:?}"))?;
                check_gamma("train.schedule.steps.gamma", *gamma)
            }
            &Self::OneCycle { pct_start, div_factor, final_div_factor } => {
                let key = "train.schedule.one_cycle.pct_start";
                let expected = "a number above 0, below 1";
                Fault::require(pct_start > 0.0 && pct_start < 1.0, key, expected, Float(pct_start))?;
                for (name, factor) in [("div_factor", div_factor), ("final_div_factor", final_div_factor)] {
                    let key = format!("train.schedule.one_cycle.{name}");
                    Fault::require(factor.is_finite() && factor >= 1.0, &key, "a number, 1 or more", Float(factor))?;
                }
                Ok(())
            }
        }
    }
}

fn check_gamma(key: &str, gamma: f64) -> Result<(), Fault> {
    Fault::require(gamma > 0.0 && gamma <= 1.0, key, "a number above 0, at most 1", Float(gamma))
}
