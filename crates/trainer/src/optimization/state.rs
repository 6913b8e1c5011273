//! Optimizer states that survive saving bit by bit.

use burn::optim::decay::WeightDecayConfig;
use burn::optim::{
    AdaptiveMomentumState, DynOptimizer, DynState, Optimizer as Rule, StateSink, StateSource, join_path,
};
use burn::tensor::kind::BridgeTensor;
use burn::tensor::{Device, Tensor};

/// Restores the state of a parameter of `D` axes, saved under a prefix; `None` where a part is missing.
pub(super) trait Restore: Rule {
    fn restore<const D: usize>(prefix: &str, source: &mut StateSource, device: &Device) -> Option<Self::State<D>>;
}

/// None where there is nothing to decay, which saves a pass over every parameter.
pub(super) fn decay(weight_decay: f64) -> Option<WeightDecayConfig> {
    (weight_decay > 0.0).then(|| WeightDecayConfig::new(weight_decay as f32))
}

/// The state of the rules that keep a mean of gradients and of their squares.
pub(super) fn moments<const D: usize>(
    prefix: &str,
    source: &mut StateSource,
    device: &Device,
) -> Option<AdaptiveMomentumState<D>> {
    let prefix = join_path(prefix, "momentum");
    let time = source.take_scalar(&prefix, "time")?;
    Some(AdaptiveMomentumState {
        time: usize::try_from(time).ok()?,
        moment_1: tensor(&prefix, "moment_1", source, device)?,
        moment_2: tensor(&prefix, "moment_2", source, device)?,
        max_moment_2: tensor(&prefix, "max_moment_2", source, device),
    })
}

pub(super) fn tensor<const D: usize>(
    prefix: &str,
    leaf: &str,
    source: &mut StateSource,
    device: &Device,
) -> Option<Tensor<D>> {
    let data = source.take_tensor(prefix, leaf)?;
    let dtype = data.dtype();
    Some(Tensor::from_data(data, (device, dtype)))
}

/// An optimizer whose restored states keep their float type and lie on its device.
///
/// Burn restores them in the default type of the default device: those of an f64 run would come back rounded to f32.
pub(super) struct Exact<O> {
    rule: O,
    device: Device,
}

impl<O> Exact<O> {
    pub(super) fn new(rule: O, device: &Device) -> Self {
        Self { rule, device: device.clone().without_autodiff() }
    }
}

impl<O: Restore> DynOptimizer for Exact<O> {
    fn step_dyn(
        &self,
        rank: usize,
        rate: f64,
        tensor: BridgeTensor,
        gradient: BridgeTensor,
        state: Option<DynState>,
    ) -> (BridgeTensor, Option<DynState>) {
        self.rule.step_dyn(rank, rate, tensor, gradient, state)
    }

    fn to_device_dyn(&self, state: DynState, device: &Device) -> DynState {
        self.rule.to_device_dyn(state, device)
    }

    fn state_flatten(&self, prefix: &str, state: &DynState, out: &mut StateSink) {
        self.rule.state_flatten(prefix, state, out);
    }

    /// The model's parameters have one to four axes.
    fn state_unflatten(
        &self,
        rank: usize,
        prefix: &str,
        source: &mut StateSource,
        _default: &Device,
    ) -> Option<DynState> {
        let device = &self.device;
        Some(match rank {
            1 => DynState::create(O::restore::<1>(prefix, source, device)?, rank),
            2 => DynState::create(O::restore::<2>(prefix, source, device)?, rank),
            3 => DynState::create(O::restore::<3>(prefix, source, device)?, rank),
            4 => DynState::create(O::restore::<4>(prefix, source, device)?, rank),
            _ => return None,
        })
    }
}
