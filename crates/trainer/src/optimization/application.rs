//! The parameters that a rule is applied to, and the gradients that it sees.

use burn::grad_clipping::{GradientClipping, GradientClippingConfig};
use burn::module::ParamGroup;
use burn::optim::ModuleOptimizer;
use burn::tensor::Device;
use untied_study::{ClipGradients, TrainConfig, WeightDecayOn};

use super::state::{Exact, Restore};

/// The parts of a model that are neither weights of convolutions nor of linear layers, by their names in its modules.
const UNDECAYED: [&str; 2] = ["Bias", "Norm"];

/// How a rule becomes the optimizer of a model.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Application<'a> {
    /// Its states are restored on it.
    device: &'a Device,
    clipping: Option<ClipGradients>,
    weight_decay_on: WeightDecayOn,
}

impl<'a> Application<'a> {
    /// Every parameter alike, its gradient whatever it is.
    pub(crate) fn plain(device: &'a Device) -> Self {
        Self { device, clipping: None, weight_decay_on: WeightDecayOn::All }
    }

    /// As a config asks for it.
    pub(crate) fn of(config: &TrainConfig, device: &'a Device) -> Self {
        Self { device, clipping: config.clip_gradients, weight_decay_on: config.weight_decay_on }
    }

    /// The optimizer of a rule that is made for a weight decay.
    pub(super) fn optimizer<O: Restore>(self, weight_decay: f64, rule: impl Fn(f64) -> O) -> ModuleOptimizer {
        let with = |optimizer: ModuleOptimizer, group: ParamGroup, decay: f64| {
            optimizer.with_group(group, Exact::new(rule(decay), self.device), self.clipping.map(clipping))
        };
        let all = with(ModuleOptimizer::from(rule(weight_decay)), ParamGroup::all(), weight_decay);
        match self.weight_decay_on {
            WeightDecayOn::All => all,
            WeightDecayOn::Weights => with(all, ParamGroup::from_any_predicates(UNDECAYED.to_vec()), 0.0),
        }
    }
}

fn clipping(clip: ClipGradients) -> GradientClipping {
    let config = match clip {
        ClipGradients::Norm(norm) => GradientClippingConfig::Norm(norm as f32),
        ClipGradients::Value(value) => GradientClippingConfig::Value(value as f32),
    };
    config.init()
}

#[cfg(test)]
mod tests {
    use burn::module::{Module, Param};
    use burn::optim::GradientsParams;
    use burn::tensor::{DType, Tensor, TensorData};
    use untied_study::Optimizer;

    use super::*;
    use crate::model::tensors::host;
    use crate::optimization::optimizer::optimizer;

    const RATE: f64 = 0.1;
    const START: [f64; 2] = [1.0, -2.0];
    /// Of three steps.
    const GRADIENTS: [[f64; 2]; 3] = [[3.0, -4.0], [0.3, 0.4], [-1.0, 0.5]];

    /// Named as the layers of a model are.
    #[derive(Module, Debug)]
    enum Layer {
        Linear(Param<Tensor<1>>),
        Bias(Param<Tensor<1>>),
        Norm(Param<Tensor<1>>),
    }

    #[derive(Module, Debug)]
    struct Parameters {
        layers: Vec<Layer>,
    }

    fn value(layer: &Layer) -> Tensor<1> {
        match layer {
            Layer::Linear(parameter) | Layer::Bias(parameter) | Layer::Norm(parameter) => parameter.val(),
        }
    }

    /// The parameters after the steps, all three with the same gradients.
    fn trained(rule: &Optimizer, clipping: Option<ClipGradients>, weight_decay_on: WeightDecayOn) -> [Vec<f64>; 3] {
        let device = Device::flex().autodiff();
        let start = || Param::from_tensor(Tensor::from_data(TensorData::from(START), (&device, DType::F64)));
        let layers = vec![Layer::Linear(start()), Layer::Bias(start()), Layer::Norm(start())];
        let mut model = Parameters { layers };
        let application = Application { device: &device, clipping, weight_decay_on };
        let mut optimizer = optimizer(rule, application);
        for gradient in GRADIENTS {
            let gradient = Tensor::<1>::from_data(TensorData::from(gradient), (&device, DType::F64));
            let sum = model.layers.iter().map(value).reduce(|sum, parameter| sum + parameter).unwrap();
            let gradients = GradientsParams::from_grads((sum * gradient).sum().backward(), &model);
            model = optimizer.step(RATE, model, gradients);
        }
        [0, 1, 2].map(|layer| host(value(&model.layers[layer])))
    }

    fn sgd(momentum: f64, nesterov: bool, weight_decay: f64) -> Optimizer {
        Optimizer::Sgd { learning_rate: RATE, momentum, dampening: 0.0, nesterov, weight_decay }
    }

    /// θ after the steps: `g ← clip(∂J/∂θ) + decay·θ; v ← momentum·v + g` (the first v is g);
    /// `θ ← θ − rate·(g + momentum·v)` with Nesterov's look ahead, `θ − rate·v` without.
    fn by_hand(momentum: f64, nesterov: bool, decay: f64, clip: fn([f64; 2]) -> [f64; 2]) -> Vec<f64> {
        let [momentum, decay] = [momentum, decay].map(|number| f64::from(number as f32));
        let (mut theta, mut velocity) = (START, [0.0; 2]);
        for gradient in GRADIENTS.map(clip) {
            for at in 0..2 {
                let gradient = gradient[at] + decay * theta[at];
                velocity[at] = momentum * velocity[at] + gradient;
                let step = if nesterov { gradient + momentum * velocity[at] } else { velocity[at] };
                theta[at] -= RATE * step;
            }
        }
        theta.to_vec()
    }

    fn assert_close(found: &[f64], expected: &[f64]) {
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9), "{found:?} instead of {expected:?}");
    }

    #[test]
    fn nesterov_looks_ahead_along_the_velocity() {
        let [found, ..] = trained(&sgd(0.9, true, 0.0), None, WeightDecayOn::All);
        assert_close(&found, &by_hand(0.9, true, 0.0, |gradient| gradient));
        assert!((found[0] - by_hand(0.9, false, 0.0, |gradient| gradient)[0]).abs() > 0.01);
    }

    #[test]
    fn weight_decay_is_for_all_parameters_or_for_weights_alone() {
        let (plain, decayed) = (by_hand(0.9, false, 0.0, |g| g), by_hand(0.9, false, 0.5, |g| g));
        for found in trained(&sgd(0.9, false, 0.5), None, WeightDecayOn::All) {
            assert_close(&found, &decayed);
        }
        let [weight, bias, norm] = trained(&sgd(0.9, false, 0.5), None, WeightDecayOn::Weights);
        assert_close(&weight, &decayed);
        assert_close(&bias, &plain);
        assert_close(&norm, &plain);
    }

    #[test]
    fn gradients_are_clipped_by_norm_or_by_value() {
        // Norms 5, 0.5 and √1.25.
        let by_norm = |[a, b]: [f64; 2]| {
            let share = (1.0 / a.hypot(b)).min(1.0);
            [a * share, b * share]
        };
        let by_value = |gradient: [f64; 2]| gradient.map(|value| value.clamp(-0.5, 0.5));
        for (clip, clipped) in [
            (ClipGradients::Norm(1.0), by_hand(0.9, false, 0.0, by_norm)),
            (ClipGradients::Value(0.5), by_hand(0.9, false, 0.0, by_value)),
        ] {
            for on in [WeightDecayOn::All, WeightDecayOn::Weights] {
                for found in trained(&sgd(0.9, false, 0.0), Some(clip), on) {
                    assert_close(&found, &clipped);
                }
            }
        }
    }
}
