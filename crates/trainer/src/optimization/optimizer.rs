//! The optimizer of a config.

use burn::optim::ModuleOptimizer;
use burn::optim::momentum::MomentumConfig;
use untied_study::Optimizer;

use super::application::Application;
use super::{adam, adamw, lion, sgd};

/// The optimizer of a rule, applied to a model's parameters in this way.
pub(crate) fn optimizer(config: &Optimizer, application: Application<'_>) -> ModuleOptimizer {
    match *config {
        Optimizer::Sgd { momentum, dampening, nesterov, weight_decay, .. } => {
            let momentum = || MomentumConfig { momentum, dampening, nesterov };
            application.optimizer(weight_decay, |decay| sgd::rule(&momentum(), decay))
        }
        Optimizer::Adam { beta_1, beta_2, epsilon, weight_decay, .. } => {
            application.optimizer(weight_decay, |decay| adam::rule([beta_1, beta_2], epsilon, decay))
        }
        Optimizer::AdamW { beta_1, beta_2, epsilon, weight_decay, .. } => {
            application.optimizer(weight_decay, |decay| adamw::rule([beta_1, beta_2], epsilon, decay))
        }
        Optimizer::Lion { beta_1, beta_2, weight_decay, .. } => {
            application.optimizer(weight_decay, |decay| lion::rule([beta_1, beta_2], decay))
        }
    }
}
