//! Configuration of the layer; reads the JSON of Burn's own as well.

use burn::config::{Config, config_to_json};
use burn::module::{Param, RunningState};
use burn::tensor::{DType, Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::running::Round;
use crate::{BatchNorm, Statistics};

/// Error of an impossible [`BatchNormConfig`].
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BatchNormError {
    /// No channel, or a location axis of size zero.
    #[error("batch norm: expected at least one feature and non-empty sizes, got {features} features, {statistics:?}")]
    Empty {
        /// Number of channels asked for.
        features: usize,
        /// Statistics asked for.
        statistics: Statistics,
    },
    /// ε is not finite and positive.
    #[error("batch norm: expected a finite, positive epsilon, got {0}")]
    Epsilon(f64),
    /// The weight of the new batch is no share.
    #[error("batch norm: expected a momentum in [0, 1], got {0}")]
    Momentum(f64),
    /// Burn's own batch norm does not have this.
    #[error("batch norm: Burn's own layer does not have {0}")]
    Burn(&'static str),
}

/// Configuration of a [`BatchNorm`]. Its JSON may lack the keys that [Burn's](burn::nn::BatchNormConfig) does not have.
///
/// ```
/// use burn::tensor::Device;
/// use untied_batch_norm::BatchNormConfig;
///
/// let norm = BatchNormConfig::new(16).with_momentum(None).init(&Device::default());
/// assert_eq!(norm.gamma.unwrap().dims(), [16]);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BatchNormConfig {
    /// Number of channels c.
    pub num_features: usize,
    /// ε, added to the variance inside the root. Default: 1e-5.
    #[serde(default = "default_epsilon")]
    pub epsilon: f64,
    /// Weight of the new batch in the running statistics, in [0, 1]; none: their plain (cumulative) average over
    /// all batches so far. Default: 0.1.
    #[serde(default = "default_momentum")]
    pub momentum: Option<f64>,
    /// Whether γ and β are learned; otherwise γ = 1 and β = 0. Default: true.
    #[serde(default = "default_affine")]
    pub affine: bool,
    /// Values that share a mean and a variance. Default: per channel.
    #[serde(default = "default_statistics")]
    pub statistics: Statistics,
}

fn default_epsilon() -> f64 {
    1e-5
}

#[expect(clippy::unnecessary_wraps, reason = "the field's type")]
fn default_momentum() -> Option<f64> {
    Some(0.1)
}

fn default_affine() -> bool {
    true
}

fn default_statistics() -> Statistics {
    Statistics::PerChannel
}

impl BatchNormConfig {
    /// Batch norm of so many channels, with ε = 1e-5, momentum 0.1, γ and β, and statistics per channel.
    #[must_use]
    pub fn new(num_features: usize) -> Self {
        Self {
            num_features,
            epsilon: default_epsilon(),
            momentum: default_momentum(),
            affine: default_affine(),
            statistics: default_statistics(),
        }
    }

    /// Sets ε.
    #[must_use]
    pub fn with_epsilon(self, epsilon: f64) -> Self {
        Self { epsilon, ..self }
    }

    /// Sets the weight of the new batch in the running statistics, such as `0.1`; `None` for their plain average.
    #[must_use]
    pub fn with_momentum(self, momentum: impl Into<Option<f64>>) -> Self {
        Self { momentum: momentum.into(), ..self }
    }

    /// Sets whether γ and β are learned.
    #[must_use]
    pub fn with_affine(self, affine: bool) -> Self {
        Self { affine, ..self }
    }

    /// Sets the values that share a mean and a variance.
    #[must_use]
    pub fn with_statistics(self, statistics: Statistics) -> Self {
        Self { statistics, ..self }
    }

    /// Checks the configuration without touching a device.
    ///
    /// # Errors
    /// If a size is zero, ε is not finite and positive, or the momentum is not in [0, 1].
    pub fn check(&self) -> Result<(), BatchNormError> {
        if self.statistics.count(self.num_features) == 0 {
            return Err(BatchNormError::Empty { features: self.num_features, statistics: self.statistics.clone() });
        }
        if !(self.epsilon.is_finite() && self.epsilon > 0.0) {
            return Err(BatchNormError::Epsilon(self.epsilon));
        }
        match self.momentum {
            Some(momentum) if !(0.0..=1.0).contains(&momentum) => Err(BatchNormError::Momentum(momentum)),
            _ => Ok(()),
        }
    }

    /// Makes the layer: γ = 1, β = 0, running mean 0, running variance 1.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn try_init(&self, device: &Device) -> Result<BatchNorm, BatchNormError> {
        self.check()?;
        let count = self.statistics.count(self.num_features);
        let learned = |value: Tensor<1>| self.affine.then(|| Param::from_tensor(value));
        Ok(BatchNorm {
            gamma: learned(Tensor::ones([count], device)),
            beta: learned(Tensor::zeros([count], device)),
            running_mean: RunningState::new(Tensor::zeros([count], device)),
            running_var: RunningState::new(Tensor::ones([count], device)),
            batches: self.momentum.is_none().then(|| RunningState::new(Tensor::zeros([1], (device, DType::F32)))),
            training: Param::from_bool(true),
            round: Round::default(),
            features: self.num_features,
            epsilon: self.epsilon,
            momentum: self.momentum,
            statistics: self.statistics.clone(),
        })
    }

    /// Makes the layer: γ = 1, β = 0, running mean 0, running variance 1.
    ///
    /// # Panics
    /// With the text of the error of [`try_init`](Self::try_init).
    #[must_use]
    #[track_caller]
    pub fn init(&self, device: &Device) -> BatchNorm {
        // `unwrap_or_else` would hide the caller's line.
        match self.try_init(device) {
            Ok(norm) => norm,
            Err(error) => panic!("{error}"),
        }
    }
}

impl BatchNorm {
    /// The configuration that makes such a layer.
    #[must_use]
    pub fn config(&self) -> BatchNormConfig {
        BatchNormConfig {
            num_features: self.features,
            epsilon: self.epsilon,
            momentum: self.momentum,
            affine: self.gamma.is_some() || self.beta.is_some(),
            statistics: self.statistics.clone(),
        }
    }
}

impl Config for BatchNormConfig {}

impl std::fmt::Display for BatchNormConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&config_to_json(self))
    }
}
