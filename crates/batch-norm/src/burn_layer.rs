//! Burn's own batch norm as this one, and back where nothing is lost.

use burn::module::Param;
use burn::nn;
use burn::tensor::Tensor;

use crate::running::Round;
use crate::{BatchNorm, BatchNormConfig, BatchNormError, Statistics};

impl From<nn::BatchNormConfig> for BatchNormConfig {
    fn from(config: nn::BatchNormConfig) -> Self {
        Self::new(config.num_features).with_epsilon(config.epsilon).with_momentum(config.momentum)
    }
}

/// Fails without momentum, without γ and β, and with statistics per activation, none of which Burn's has.
impl TryFrom<BatchNormConfig> for nn::BatchNormConfig {
    type Error = BatchNormError;

    fn try_from(config: BatchNormConfig) -> Result<Self, BatchNormError> {
        let momentum = config.momentum.ok_or(BatchNormError::Burn("a cumulative average"))?;
        check_statistics(&config.statistics)?;
        if !config.affine {
            return Err(BatchNormError::Burn("a layer without γ and β"));
        }
        Ok(Self::new(config.num_features).with_epsilon(config.epsilon).with_momentum(momentum))
    }
}

/// The parameters and running statistics stay; from the next batch on, the running variance follows the unbiased one.
impl From<nn::BatchNorm> for BatchNorm {
    fn from(norm: nn::BatchNorm) -> Self {
        Self {
            features: norm.gamma.lazy_shape()[0],
            gamma: Some(norm.gamma),
            beta: Some(norm.beta),
            running_mean: norm.running_mean,
            running_var: norm.running_var,
            batches: None,
            training: norm.training,
            round: Round::default(),
            epsilon: norm.epsilon,
            momentum: Some(norm.momentum),
            statistics: Statistics::PerChannel,
        }
    }
}

/// Fails as for the configuration.
impl TryFrom<BatchNorm> for nn::BatchNorm {
    type Error = BatchNormError;

    fn try_from(norm: BatchNorm) -> Result<Self, BatchNormError> {
        check_statistics(&norm.statistics)?;
        let learned = |param: Option<Param<Tensor<1>>>| param.ok_or(BatchNormError::Burn("a layer without γ or β"));
        Ok(Self {
            gamma: learned(norm.gamma)?,
            beta: learned(norm.beta)?,
            training: norm.training,
            running_mean: norm.running_mean,
            running_var: norm.running_var,
            momentum: norm.momentum.ok_or(BatchNormError::Burn("a cumulative average"))?,
            epsilon: norm.epsilon,
        })
    }
}

fn check_statistics(statistics: &Statistics) -> Result<(), BatchNormError> {
    match statistics {
        Statistics::PerChannel => Ok(()),
        Statistics::PerActivation { .. } => Err(BatchNormError::Burn("statistics per activation")),
    }
}
