//! Stochastic gradient descent with momentum.

use burn::optim::momentum::{MomentumConfig, MomentumState};
use burn::optim::{Sgd, SgdConfig, SgdState, StateSource, join_path};
use burn::tensor::Device;

use super::state::{Restore, decay, tensor};

pub(super) fn rule(momentum: MomentumConfig, weight_decay: f64) -> Sgd {
    let momentum = (momentum.momentum > 0.0).then_some(momentum);
    SgdConfig::new().with_momentum(momentum).with_weight_decay(decay(weight_decay)).build()
}

impl Restore for Sgd {
    fn restore<const D: usize>(prefix: &str, source: &mut StateSource, device: &Device) -> Option<SgdState<D>> {
        let velocity = tensor(&join_path(prefix, "momentum"), "velocity", source, device);
        Some(SgdState::new(velocity.map(MomentumState::new)))
    }
}
