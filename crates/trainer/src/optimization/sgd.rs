//! Stochastic gradient descent with momentum.

use burn::optim::momentum::MomentumConfig;
use burn::optim::{Optimizer as Rule, RecordState, StateSink, StateSource, join_path};
use burn::tensor::{Device, Tensor};
#[cfg(feature = "flex")]
use untied_kernels::cpu::Real;

#[cfg(feature = "flex")]
use super::one_pass;
use super::state::{Restore, tensor};

/// The rule, of PyTorch:
///
/// ```text
/// g ← g + decay·θ;   v ← (1 − dampening)·g + momentum·v, at first g;   θ ← θ − rate·v, or rate·(momentum·v + g) with Nesterov
/// ```
///
/// It rounds, and names its state in files, as Burn's own does, which takes five passes over memory.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sgd {
    /// None where it is 0.
    momentum: Option<Momentum>,
    /// None where it is 0; rounded to f32.
    decay: Option<f64>,
}

#[derive(Debug, Clone, Copy)]
struct Momentum {
    /// Rounded to f32.
    share: f64,
    /// 1 − dampening.
    new: f64,
    nesterov: bool,
}

/// The velocity of a parameter, with momentum.
#[derive(Debug, Clone)]
pub(super) struct SgdState<const D: usize> {
    velocity: Option<Tensor<D>>,
}

pub(super) fn rule(momentum: &MomentumConfig, weight_decay: f64) -> Sgd {
    let MomentumConfig { momentum: share, dampening, nesterov } = *momentum;
    let momentum = Momentum { share: f64::from(share as f32), new: 1.0 - dampening, nesterov };
    Sgd {
        momentum: (share > 0.0).then_some(momentum),
        decay: (weight_decay > 0.0).then(|| f64::from(weight_decay as f32)),
    }
}

impl Rule for Sgd {
    type State<const D: usize> = SgdState<D>;

    fn step<const D: usize>(
        &self,
        rate: f64,
        parameter: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<SgdState<D>>,
    ) -> (Tensor<D>, Option<SgdState<D>>) {
        #[allow(unused_mut, reason = "taken by the CPU's pass alone")]
        let mut velocity = state.and_then(|state| state.velocity);
        #[cfg(feature = "flex")]
        if let (Some(momentum), true) = (self.momentum, one_pass::takes(&parameter))
            && let Some(velocity) = velocity.take()
        {
            let step = Step { momentum, decay: self.decay, rate };
            let (parameter, [velocity]) = one_pass::updated(step, parameter, gradient, [velocity]);
            return (parameter, Some(SgdState { velocity: Some(velocity) }));
        }
        let gradient = match self.decay {
            Some(decay) => parameter.clone().mul_scalar(decay).add(gradient),
            None => gradient,
        };
        let Some(Momentum { share, new, nesterov }) = self.momentum else {
            return (parameter - gradient.mul_scalar(rate), Some(SgdState { velocity: None }));
        };
        let velocity = match velocity {
            Some(velocity) => gradient.clone().mul_scalar(new).add(velocity.mul_scalar(share)),
            None => gradient.clone(),
        };
        let step = if nesterov { velocity.clone().mul_scalar(share).add(gradient) } else { velocity.clone() };
        (parameter - step.mul_scalar(rate), Some(SgdState { velocity: Some(velocity) }))
    }

    fn to_device<const D: usize>(state: SgdState<D>, device: &Device) -> SgdState<D> {
        SgdState { velocity: state.velocity.map(|velocity| velocity.to_device(device)) }
    }
}

/// One step of the rule, with a velocity.
#[cfg(feature = "flex")]
#[derive(Debug, Clone, Copy)]
struct Step {
    momentum: Momentum,
    decay: Option<f64>,
    rate: f64,
}

#[cfg(feature = "flex")]
impl one_pass::Update<1> for Step {
    #[expect(clippy::inline_always, reason = "part of a loop in wide registers")]
    #[inline(always)]
    fn element<T: Real>(self, parameter: T, gradient: T, [velocity]: [T; 1]) -> (T, [T; 1]) {
        let Momentum { share, new, nesterov } = self.momentum;
        let share = T::from_f64(share);
        let gradient = if let Some(decay) = self.decay { parameter * T::from_f64(decay) + gradient } else { gradient };
        let velocity = gradient * T::from_f64(new) + velocity * share;
        let step = if nesterov { velocity * share + gradient } else { velocity };
        (parameter - step * T::from_f64(self.rate), [velocity])
    }
}

impl<const D: usize> RecordState for SgdState<D> {
    fn state_flatten(&self, prefix: &str, out: &mut StateSink) {
        if let Some(velocity) = &self.velocity {
            out.push_tensor(&join_path(prefix, "momentum"), "velocity", velocity.to_data());
        }
    }

    fn state_unflatten(prefix: &str, source: &mut StateSource, device: &Device) -> Option<Self> {
        Self::restored(prefix, source, device)
    }
}

impl<const D: usize> SgdState<D> {
    #[expect(clippy::unnecessary_wraps, reason = "what traits ask for")]
    fn restored(prefix: &str, source: &mut StateSource, device: &Device) -> Option<Self> {
        Some(Self { velocity: tensor(&join_path(prefix, "momentum"), "velocity", source, device) })
    }
}

impl Restore for Sgd {
    fn restore<const D: usize>(prefix: &str, source: &mut StateSource, device: &Device) -> Option<SgdState<D>> {
        SgdState::restored(prefix, source, device)
    }
}

#[cfg(test)]
mod tests {
    use burn::optim::SgdConfig;
    use burn::optim::decay::WeightDecayConfig;

    use super::*;
    use crate::optimization::one_pass::tests::assert_courses_agree;

    #[test]
    fn steps_and_states_are_those_of_burns_rule_to_the_bit() {
        for (momentum, dampening, nesterov) in
            [(0.9, 0.0, false), (0.9, 0.1, false), (0.7, 0.0, true), (0.0, 0.0, false)]
        {
            for decay in [0.0, 5e-4] {
                let config = || MomentumConfig { momentum, dampening, nesterov };
                let burns = SgdConfig::new()
                    .with_momentum((momentum > 0.0).then(config))
                    .with_weight_decay((decay > 0.0).then(|| WeightDecayConfig::new(decay as f32)))
                    .build();
                assert_courses_agree(&rule(&config(), decay), &burns);
            }
        }
    }
}
