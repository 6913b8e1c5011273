//! Adam with decoupled weight decay.

use burn::optim::{AdamW as BurnsAdamW, AdamWConfig, AdamWState, Optimizer as Rule, StateSource};
use burn::tensor::{Device, Tensor};
#[cfg(feature = "flex")]
use untied_kernels::cpu::Real;

use super::state::{Restore, moments as restored};
#[cfg(feature = "flex")]
use super::{moments, one_pass};

/// Burn's rule; on the CPU, from the second step on, in one pass over memory, to the same bits.
#[derive(Clone)]
pub(super) struct AdamW {
    burns: BurnsAdamW,
    #[cfg(feature = "flex")]
    factors: moments::Factors,
    /// Rounded to f32.
    #[cfg(feature = "flex")]
    decay: f32,
}

pub(super) fn rule(betas: [f64; 2], epsilon: f64, weight_decay: f64) -> AdamW {
    let [beta_1, beta_2] = betas.map(|beta| beta as f32);
    let adam = AdamWConfig::new().with_beta_1(beta_1).with_beta_2(beta_2).with_epsilon(epsilon as f32);
    AdamW {
        burns: adam.with_weight_decay(weight_decay as f32).build(),
        #[cfg(feature = "flex")]
        factors: moments::Factors::new(betas, epsilon),
        #[cfg(feature = "flex")]
        decay: weight_decay as f32,
    }
}

impl Rule for AdamW {
    type State<const D: usize> = AdamWState<D>;

    fn step<const D: usize>(
        &self,
        rate: f64,
        parameter: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<AdamWState<D>>,
    ) -> (Tensor<D>, Option<AdamWState<D>>) {
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

    fn to_device<const D: usize>(state: AdamWState<D>, device: &Device) -> AdamWState<D> {
        BurnsAdamW::to_device(state, device)
    }
}

/// One step of the rule, with moments.
#[cfg(feature = "flex")]
#[derive(Debug, Clone, Copy)]
struct Step {
    factors: moments::Factors,
    decay: f32,
    rate: f64,
    corrections: [f32; 2],
}

#[cfg(feature = "flex")]
impl one_pass::Update<2> for Step {
    #[expect(clippy::inline_always, reason = "part of a loop in wide registers")]
    #[inline(always)]
    fn element<T: Real>(self, parameter: T, gradient: T, moments: [T; 2]) -> (T, [T; 2]) {
        let Self { factors, decay, rate, corrections: [of_mean, of_square] } = self;
        let [mean, square] = moments::updated(factors, gradient, moments);
        let below = moments::root(square / moments::number(of_square)) + moments::number(factors.epsilon);
        let step = mean / moments::number(of_mean) / below;
        let share = rate * f64::from(decay);
        let decayed = if share == 0.0 { parameter } else { parameter * T::from_f64(1.0 - share) };
        (decayed - step * T::from_f64(rate), [mean, square])
    }
}

impl Restore for AdamW {
    fn restore<const D: usize>(prefix: &str, source: &mut StateSource, device: &Device) -> Option<AdamWState<D>> {
        restored(prefix, source, device).map(AdamWState::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimization::one_pass::tests::assert_courses_agree;

    #[test]
    fn steps_and_states_are_those_of_burns_rule_to_the_bit() {
        for weight_decay in [0.0, 0.01] {
            let rule = rule([0.9, 0.999], 1e-8, weight_decay);
            assert_courses_agree(&rule, &rule.burns);
        }
    }
}
