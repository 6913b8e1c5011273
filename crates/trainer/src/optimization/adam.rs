//! Adam, with weight decay in the gradient.

use burn::optim::{Adam, AdamConfig, AdamState, StateSource};
use burn::tensor::Device;

use super::state::{Restore, decay, moments};

pub(super) fn rule(betas: [f64; 2], epsilon: f64, weight_decay: f64) -> Adam {
    let [beta_1, beta_2] = betas.map(|beta| beta as f32);
    let adam = AdamConfig::new().with_beta_1(beta_1).with_beta_2(beta_2).with_epsilon(epsilon as f32);
    adam.with_weight_decay(decay(weight_decay)).build()
}

impl Restore for Adam {
    fn restore<const D: usize>(prefix: &str, source: &mut StateSource, device: &Device) -> Option<AdamState<D>> {
        moments(prefix, source, device).map(AdamState::new)
    }
}
