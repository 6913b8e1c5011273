//! Lion: steps by the sign of a mean of gradients.
//!
//! Source: Chen et al. 2023, Symbolic Discovery of Optimization Algorithms, with its defaults; the paper takes learning rates
//! 3 to 10 times smaller than AdamW's, and decays as much larger.

use burn::optim::{Lion, LionConfig, LionState, StateSource};
use burn::tensor::Device;

use super::state::{Restore, tensor};

pub(super) fn rule(betas: [f64; 2], weight_decay: f64) -> Lion {
    let [beta_1, beta_2] = betas.map(|beta| beta as f32);
    LionConfig::new().with_beta_1(beta_1).with_beta_2(beta_2).with_weight_decay(weight_decay as f32).build()
}

impl Restore for Lion {
    fn restore<const D: usize>(prefix: &str, source: &mut StateSource, device: &Device) -> Option<LionState<D>> {
        tensor(prefix, "momentum", source, device).map(LionState::new)
    }
}

#[cfg(test)]
mod tests {
    use burn::module::{Module, Param};
    use burn::optim::{GradientsParams, ModuleOptimizer};
    use burn::tensor::{DType, Tensor, TensorData};

    use super::*;
    use crate::model::tensors::host;
    use crate::optimization::application::Application;

    const RATE: f64 = 0.03;
    const BETAS: [f64; 2] = [0.8, 0.6];
    const DECAY: f64 = 0.1;

    #[derive(Module, Debug)]
    struct Parameters {
        theta: Param<Tensor<1>>,
    }

    /// Gradients of five steps: of either sign, zero, and small ones against the mean of large ones before.
    const GRADIENTS: [[f64; 4]; 5] =
        [[2.0, -3.0, 0.0, 1.0], [-0.1, 0.1, 0.0, -8.0], [-0.1, 0.1, 5.0, 0.0], [-4.0, 0.0, -1.0, 0.5], [0.3; 4]];

    /// θ after each step, by the definition:
    /// `u = sign(β₁·m + (1 − β₁)·g);  θ ← θ − rate·(u + decay·θ);  m ← β₂·m + (1 − β₂)·g`.
    fn by_definition(mut theta: [f64; 4]) -> Vec<[f64; 4]> {
        let ([beta_1, beta_2], decay) = (BETAS.map(|beta| f64::from(beta as f32)), f64::from(DECAY as f32));
        let mut momentum = [0.0; 4];
        let mut course = Vec::new();
        for gradient in GRADIENTS {
            for at in 0..4 {
                let mean = beta_1 * momentum[at] + (1.0 - beta_1) * gradient[at];
                let update = if mean == 0.0 { 0.0 } else { mean.signum() };
                theta[at] -= RATE * (update + decay * theta[at]);
                momentum[at] = beta_2 * momentum[at] + (1.0 - beta_2) * gradient[at];
            }
            course.push(theta);
        }
        course
    }

    /// ∂(Σ θ·g)/∂θ = g.
    fn step(optimizer: &mut ModuleOptimizer, model: Parameters, gradient: [f64; 4], device: &Device) -> Parameters {
        let gradient = Tensor::<1>::from_data(TensorData::from(gradient), (device, DType::F64));
        let gradients = (model.theta.val() * gradient).sum().backward();
        let gradients = GradientsParams::from_grads(gradients, &model);
        optimizer.step(RATE, model, gradients)
    }

    #[test]
    fn each_step_is_that_of_the_definition() {
        let device = Device::flex().autodiff();
        let start = [1.0, -2.0, 0.5, 3.0];
        let theta = Param::from_tensor(Tensor::from_data(TensorData::from(start), (&device, DType::F64)));
        let mut model = Parameters { theta };
        let fresh = || Application::plain(&device).optimizer(DECAY, |decay| rule(BETAS, decay));
        let mut optimizer = fresh();
        for (gradient, expected) in GRADIENTS.into_iter().zip(by_definition(start)) {
            // The state goes through its record, as it does in a checkpoint.
            optimizer = fresh().load_record(optimizer.to_record());
            model = step(&mut optimizer, model, gradient, &device);
            let found = host(model.theta.val());
            assert!(
                found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12),
                "{found:?} instead of {expected:?}"
            );
        }
    }
}
