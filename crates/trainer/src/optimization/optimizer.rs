//! The optimizer of a config.

use burn::optim::ModuleOptimizer;
use burn::optim::momentum::MomentumConfig;
use burn::tensor::Device;
use untied_study::Optimizer;

use super::{adam, adamw, lion, sgd};

/// The optimizer, whose states are restored on `device`.
pub(crate) fn optimizer(config: &Optimizer, device: &Device) -> ModuleOptimizer {
    match *config {
        Optimizer::Sgd { momentum, dampening, nesterov, weight_decay, .. } => {
            sgd::optimizer(MomentumConfig { momentum, dampening, nesterov }, weight_decay, device)
        }
        Optimizer::Adam { beta_1, beta_2, epsilon, weight_decay, .. } => {
            adam::optimizer([beta_1, beta_2], epsilon, weight_decay, device)
        }
        Optimizer::AdamW { beta_1, beta_2, epsilon, weight_decay, .. } => {
            adamw::optimizer([beta_1, beta_2], epsilon, weight_decay, device)
        }
        Optimizer::Lion { beta_1, beta_2, weight_decay, .. } => lion::optimizer([beta_1, beta_2], weight_decay, device),
    }
}
