//! Adam, with weight decay in the gradient.

use burn::optim::{Adam as BurnsAdam, AdamConfig, AdamState, Optimizer as Rule, StateSource};
use burn::tensor::{Device, Tensor};
#[cfg(feature = "flex")]
use untied_kernels::cpu::Real;

use super::state::{Restore, decay, moments as restored};
#[cfg(feature = "flex")]
use super::{moments, one_pass};

/// Burn's rule; on the CPU, from the second step on, in one pass over memory, to the same bits.
#[derive(Clone)]
pub(super) struct Adam {
    burns: BurnsAdam,
    #[cfg(feature = "flex")]
    factors: moments::Factors,
    /// None where it is 0; rounded to f32.
    #[cfg(feature = "flex")]
    decay: Option<f32>,
}

pub(super) fn rule(betas: [f64; 2], epsilon: f64, weight_decay: f64) -> Adam {
    let [beta_1, beta_2] = betas.map(|beta| beta as f32);
    let adam = AdamConfig::new().with_beta_1(beta_1).with_beta_2(beta_2).with_epsilon(epsilon as f32);
    Adam {
        burns: adam.with_weight_decay(decay(weight_decay)).build(),
        #[cfg(feature = "flex")]
        factors: moments::Factors::new(betas, epsilon),
        #[cfg(feature = "flex")]
        decay: (weight_decay > 0.0).then_some(weight_decay as f32),
    }
}

impl Rule for Adam {
    type State<const D: usize> = AdamState<D>;

    fn step<const D: usize>(
        &self,
        rate: f64,
        parameter: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<AdamState<D>>,
    ) -> (Tensor<D>, Option<AdamState<D>>) {
        match state {
            #[cfg(feature = "flex")]
            Some(mut state) if one_pass::takes(&parameter) => {
                state.momentum.time += 1;
                let corrections = self.factors.corrections(state.momentum.time);
                let step = Step { factors: self.factors, decay: self.decay, rate, corrections };
                let moments = [state.momentum.moment_1, state.momentum.moment_2];
                let (parameter, moments) = one_pass::updated(step, parameter, gradient, moments);
                [state.momentum.moment_1, state.momentum.moment_2] = moments;
                (parameter, Some(state))
            }
            state => self.burns.step(rate, parameter, gradient, state),
        }
    }

    fn to_device<const D: usize>(state: AdamState<D>, device: &Device) -> AdamState<D> {
        BurnsAdam::to_device(state, device)
    }
}

/// One step of the rule, with moments.
#[cfg(feature = "flex")]
#[derive(Debug, Clone, Copy)]
struct Step {
    factors: moments::Factors,
    decay: Option<f32>,
    rate: f64,
    corrections: [f32; 2],
}

#[cfg(feature = "flex")]
impl one_pass::Update<2> for Step {
    #[expect(clippy::inline_always, reason = "part of a loop in wide registers")]
    #[inline(always)]
    fn element<T: Real>(self, parameter: T, gradient: T, moments: [T; 2]) -> (T, [T; 2]) {
        let Self { factors, decay, rate, corrections: [of_mean, of_square] } = self;
        let of_root = of_square.sqrt();
        let gradient = if let Some(decay) = decay { parameter * moments::number(decay) + gradient } else { gradient };
        let [mean, square] = moments::updated(factors, gradient, moments);
        let below = moments::root(square) + moments::number(factors.epsilon * of_root);
        let step = mean * moments::number(of_root / of_mean) / below;
        (parameter - step * T::from_f64(rate), [mean, square])
    }
}

impl Restore for Adam {
    fn restore<const D: usize>(prefix: &str, source: &mut StateSource, device: &Device) -> Option<AdamState<D>> {
        restored(prefix, source, device).map(AdamState::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimization::one_pass::tests::assert_courses_agree;

    #[test]
    fn steps_and_states_are_those_of_burns_rule_to_the_bit() {
        for weight_decay in [0.0, 5e-4] {
            let rule = rule([0.9, 0.99], 1e-8, weight_decay);
            assert_courses_agree(&rule, &rule.burns);
        }
    }
}
