//! Burn's optimizers from a config.

use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, AdamWConfig, ModuleOptimizer, SgdConfig};
use untied_study::Optimizer;

/// The optimizer and its learning rate.
pub(crate) fn optimizer(config: &Optimizer) -> (ModuleOptimizer, f64) {
    match *config {
        Optimizer::Sgd { learning_rate, momentum, dampening, nesterov, weight_decay } => {
            let velocity = MomentumConfig { momentum, dampening, nesterov };
            let sgd = SgdConfig::new()
                .with_momentum((momentum > 0.0).then_some(velocity))
                .with_weight_decay(decay(weight_decay));
            (sgd.init(), learning_rate)
        }
        Optimizer::Adam { learning_rate, beta_1, beta_2, epsilon, weight_decay } => {
            let adam = AdamConfig::new()
                .with_beta_1(beta_1 as f32)
                .with_beta_2(beta_2 as f32)
                .with_epsilon(epsilon as f32)
                .with_weight_decay(decay(weight_decay));
            (adam.init(), learning_rate)
        }
        Optimizer::AdamW { learning_rate, beta_1, beta_2, epsilon, weight_decay } => {
            let adam = AdamWConfig::new()
                .with_beta_1(beta_1 as f32)
                .with_beta_2(beta_2 as f32)
                .with_epsilon(epsilon as f32)
                .with_weight_decay(weight_decay as f32);
            (adam.init(), learning_rate)
        }
    }
}

/// None where there is nothing to decay, which saves a pass over every parameter.
fn decay(weight_decay: f64) -> Option<WeightDecayConfig> {
    (weight_decay > 0.0).then(|| WeightDecayConfig::new(weight_decay as f32))
}
