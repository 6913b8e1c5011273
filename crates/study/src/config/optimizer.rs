//! `train.optimizer`: the rule that turns gradients into steps.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fault::{Fault, Float};
use crate::factors::choice;

/// The rule that turns gradients into steps. Defaults are `PyTorch`'s.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Optimizer {
    /// `v ← momentum·v + (1 − dampening)·g;  θ ← θ − learning_rate·v`, with g the gradient plus `weight_decay·θ`.
    Sgd {
        /// Size of a step; finite and above 0.
        learning_rate: f64,
        /// Share of the last velocity that stays; in [0, 1).
        #[serde(default)]
        momentum: f64,
        /// Share of the gradient that the velocity leaves out; in [0, 1].
        #[serde(default)]
        dampening: f64,
        /// Looks ahead along the velocity; needs momentum, and no dampening.
        #[serde(default)]
        nesterov: bool,
        /// L2 penalty; 0 or more.
        #[serde(default)]
        weight_decay: f64,
    },
    /// Adam; `weight_decay` is added to the gradient (L2).
    Adam {
        /// Size of a step; finite and above 0.
        learning_rate: f64,
        /// Decay of the gradient's running mean; in [0, 1).
        #[serde(default = "default_beta_1")]
        beta_1: f64,
        /// Decay of the squared gradient's running mean; in [0, 1).
        #[serde(default = "default_beta_2")]
        beta_2: f64,
        /// Added to the denominator; above 0.
        #[serde(default = "default_epsilon")]
        epsilon: f64,
        /// L2 penalty; 0 or more.
        #[serde(default)]
        weight_decay: f64,
    },
    /// `AdamW`; `weight_decay` shrinks the weights apart from the gradient.
    #[serde(rename = "adamw")]
    AdamW {
        /// Size of a step; finite and above 0.
        learning_rate: f64,
        /// Decay of the gradient's running mean; in [0, 1).
        #[serde(default = "default_beta_1")]
        beta_1: f64,
        /// Decay of the squared gradient's running mean; in [0, 1).
        #[serde(default = "default_beta_2")]
        beta_2: f64,
        /// Added to the denominator; above 0.
        #[serde(default = "default_epsilon")]
        epsilon: f64,
        /// Share of the learning rate by which weights shrink; 0 or more.
        #[serde(default = "default_decoupled_weight_decay")]
        weight_decay: f64,
    },
    /// Lion; steps by the sign of `beta_1·m + (1 − beta_1)·g` plus `weight_decay·θ`, then `m ← beta_2·m + (1 − beta_2)·g`.
    Lion {
        /// Size of a step; finite and above 0.
        learning_rate: f64,
        /// Share of the gradients' running mean in the direction of a step; in [0, 1).
        #[serde(default = "default_beta_1")]
        beta_1: f64,
        /// Decay of the gradients' running mean; in [0, 1).
        #[serde(default = "default_lion_beta_2")]
        beta_2: f64,
        /// Share of the learning rate by which weights shrink; 0 or more.
        #[serde(default)]
        weight_decay: f64,
    },
}

fn default_beta_1() -> f64 {
    0.9
}

fn default_beta_2() -> f64 {
    0.999
}

fn default_lion_beta_2() -> f64 {
    0.99
}

fn default_epsilon() -> f64 {
    1e-8
}

fn default_decoupled_weight_decay() -> f64 {
    0.01
}

impl Optimizer {
    /// The rate that the schedule starts from.
    #[must_use]
    pub fn learning_rate(&self) -> f64 {
        match *self {
            Self::Sgd { learning_rate, .. }
            | Self::Adam { learning_rate, .. }
            | Self::AdamW { learning_rate, .. }
            | Self::Lion { learning_rate, .. } => learning_rate,
        }
    }

    pub(super) fn check(&self) -> Result<(), Fault> {
        let at = Setting { table: format!("train.optimizer.{}", choice(self)) };
        let rate = self.learning_rate();
        at.require(rate.is_finite() && rate > 0.0, "learning_rate", "a finite number above 0", Float(rate))?;
        match *self {
            Self::Sgd { momentum, dampening, nesterov, weight_decay, .. } => {
                at.fraction("momentum", momentum)?;
                at.require((0.0..=1.0).contains(&dampening), "dampening", "a number from 0 to 1", Float(dampening))?;
                let plain = momentum > 0.0 && dampening == 0.0;
                let found = format!("momentum {momentum} and dampening {dampening}");
                at.require(!nesterov || plain, "nesterov", "a momentum above 0 and no dampening with it", found)?;
                at.decay(weight_decay)
            }
            Self::Adam { beta_1, beta_2, epsilon, weight_decay, .. }
            | Self::AdamW { beta_1, beta_2, epsilon, weight_decay, .. } => {
                at.fraction("beta_1", beta_1)?;
                at.fraction("beta_2", beta_2)?;
                let single = epsilon as f32;
                let valid = single.is_finite() && single > 0.0;
                at.require(valid, "epsilon", "a number above 0, in f32 too", Float(epsilon))?;
                at.decay(weight_decay)
            }
            Self::Lion { beta_1, beta_2, weight_decay, .. } => {
                at.fraction("beta_1", beta_1)?;
                at.fraction("beta_2", beta_2)?;
                at.decay(weight_decay)
            }
        }
    }
}

/// The table of an optimizer's settings.
struct Setting {
    table: String,
}

impl Setting {
    fn require(&self, valid: bool, name: &str, expected: &str, found: impl fmt::Display) -> Result<(), Fault> {
        Fault::require(valid, &format!("{}.{name}", self.table), expected, found)
    }

    /// Burn keeps these in f32, in which the largest numbers below 1 are 1.
    fn fraction(&self, name: &str, value: f64) -> Result<(), Fault> {
        self.require(value >= 0.0 && (value as f32) < 1.0, name, "a number from 0 to below 1, in f32 too", Float(value))
    }

    fn decay(&self, value: f64) -> Result<(), Fault> {
        let valid = (value as f32).is_finite() && value >= 0.0;
        self.require(valid, "weight_decay", "a finite number, 0 or more", Float(value))
    }
}
