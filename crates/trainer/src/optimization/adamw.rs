//! Adam with decoupled weight decay.

use burn::optim::{AdamW, AdamWConfig, AdamWState, ModuleOptimizer, StateSource};
use burn::tensor::Device;

use super::state::{Restore, exact, moments};

pub(super) fn optimizer(betas: [f64; 2], epsilon: f64, weight_decay: f64, device: &Device) -> ModuleOptimizer {
    let [beta_1, beta_2] = betas.map(|beta| beta as f32);
    let adam = AdamWConfig::new().with_beta_1(beta_1).with_beta_2(beta_2).with_epsilon(epsilon as f32);
    exact(adam.with_weight_decay(weight_decay as f32).build(), device)
}

impl Restore for AdamW {
    fn restore<const D: usize>(prefix: &str, source: &mut StateSource, device: &Device) -> Option<AdamWState<D>> {
        moments(prefix, source, device).map(AdamWState::new)
    }
}
