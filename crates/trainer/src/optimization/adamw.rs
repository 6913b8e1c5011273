//! Adam with decoupled weight decay.

use burn::optim::{AdamW, AdamWConfig, AdamWState, StateSource};
use burn::tensor::Device;

use super::state::{Restore, moments};

pub(super) fn rule(betas: [f64; 2], epsilon: f64, weight_decay: f64) -> AdamW {
    let [beta_1, beta_2] = betas.map(|beta| beta as f32);
    let adam = AdamWConfig::new().with_beta_1(beta_1).with_beta_2(beta_2).with_epsilon(epsilon as f32);
    adam.with_weight_decay(weight_decay as f32).build()
}

impl Restore for AdamW {
    fn restore<const D: usize>(prefix: &str, source: &mut StateSource, device: &Device) -> Option<AdamWState<D>> {
        moments(prefix, source, device).map(AdamWState::new)
    }
}
