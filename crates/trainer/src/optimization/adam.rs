//! Adam, with weight decay in the gradient.

use burn::optim::{Adam, AdamConfig, AdamState, ModuleOptimizer, StateSource};
use burn::tensor::Device;

use super::state::{Restore, decay, exact, moments};

pub(super) fn optimizer(betas: [f64; 2], epsilon: f64, weight_decay: f64, device: &Device) -> ModuleOptimizer {
    let [beta_1, beta_2] = betas.map(|beta| beta as f32);
    let adam = AdamConfig::new().with_beta_1(beta_1).with_beta_2(beta_2).with_epsilon(epsilon as f32);
    exact(adam.with_weight_decay(decay(weight_decay)).build(), device)
}

impl Restore for Adam {
    fn restore<const D: usize>(prefix: &str, source: &mut StateSource, device: &Device) -> Option<AdamState<D>> {
        moments(prefix, source, device).map(AdamState::new)
    }
}
