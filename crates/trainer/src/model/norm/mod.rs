//! The normalization between a block's convolution and its `ReLU`.

mod frn;
mod rms_norm;

use burn::module::{Module, Param, RunningState};
use burn::nn::{GroupNorm, GroupNormConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};
use untied_batch_norm::{BatchNorm, BatchNormConfig, Statistics};
use untied_conv::Epilogue;
use untied_pool::max_pool2d;
use untied_redundancy::{Normalization, Span};

use super::plan::{Plan, Shape};
use frn::FilterResponseNorm;
use rms_norm::RmsNorm;

/// A normalization with its γ and β.
#[derive(Module, Debug)]
pub(crate) enum Norm {
    /// Per channel or per activation.
    Batch(BatchNorm),
    /// Layer norm is its case of one group, instance norm that of one channel a group.
    Group(GroupNorm),
    /// Without β: it centres nothing.
    Rms(RmsNorm),
    /// Centres nothing either, but has a β.
    FilterResponse(FilterResponseNorm),
}

/// Makes the tensor of a part of this many elements, which starts at a value.
pub(super) type Constant<'c> = &'c dyn Fn(&str, usize, f64) -> Tensor<1>;

impl Norm {
    /// γ = 1, β = 0, running mean 0 and variance 1, unless `constant` gives others; `None` where there is no normalization.
    pub(super) fn new(
        plan: &Plan,
        normalization: Normalization,
        beta: bool,
        input: Shape,
        device: &Device,
        constant: Constant<'_>,
    ) -> Option<Self> {
        let [channels, height, width] = input;
        let (spec, epsilon) = (normalization.spec()?, plan.epsilon);
        // Burn's group norm has γ and β or neither; a β that is not trained stays 0.
        let affine_beta = || parameter(constant("beta", channels, 0.0)).set_require_grad(beta);
        if !spec.centres && spec.span == Span::Channel {
            let gamma = parameter(constant("gamma", channels, 1.0));
            return Some(Self::FilterResponse(FilterResponseNorm { gamma, beta: affine_beta(), epsilon }));
        }
        if !spec.centres {
            return Some(Self::Rms(RmsNorm { gamma: parameter(constant("gamma", channels, 1.0)), epsilon }));
        }
        if spec.running {
            let statistics = match spec.span {
                Span::Activation => Statistics::PerActivation { size: vec![height, width] },
                _ => Statistics::PerChannel,
            };
            let config =
                BatchNormConfig::new(channels).with_statistics(statistics).with_momentum(Some(plan.running_momentum));
            return Some(Self::batch(&config.with_epsilon(epsilon), beta, device, constant));
        }
        let groups = if let Span::Group(groups) = spec.span { groups } else { channels };
        let mut norm = GroupNormConfig::new(groups, channels).with_epsilon(epsilon).with_affine(false).init(device);
        norm.affine = true;
        norm.gamma = Some(parameter(constant("gamma", channels, 1.0)));
        norm.beta = Some(affine_beta());
        Some(Self::Group(norm))
    }

    fn batch(config: &BatchNormConfig, beta: bool, device: &Device, constant: Constant<'_>) -> Self {
        let count = config.statistics.count(config.num_features);
        let mut norm = config.init(device);
        norm.gamma = Some(parameter(constant("gamma", count, 1.0)));
        norm.beta = beta.then(|| parameter(constant("beta", count, 0.0)));
        norm.running_mean = RunningState::new(constant("running_mean", count, 0.0));
        norm.running_var = RunningState::new(constant("running_var", count, 1.0));
        Self::Batch(norm)
    }

    /// The tensors by their names in files.
    pub(super) fn tensors(&self) -> Vec<(&'static str, Tensor<1>)> {
        let affine = |gamma: &Option<Param<Tensor<1>>>, beta: &Option<Param<Tensor<1>>>| {
            let named = [("gamma", gamma), ("beta", beta)];
            named.into_iter().filter_map(|(name, param)| Some((name, param.as_ref()?.val()))).collect::<Vec<_>>()
        };
        match self {
            Self::Batch(norm) => {
                let running = [("running_mean", &norm.running_mean), ("running_var", &norm.running_var)];
                let running = running.map(|(name, state)| (name, state.value_sync()));
                affine(&norm.gamma, &norm.beta).into_iter().chain(running).collect()
            }
            Self::Group(norm) => affine(&norm.gamma, &norm.beta),
            Self::Rms(norm) => vec![("gamma", norm.gamma.val())],
            Self::FilterResponse(norm) => vec![("gamma", norm.gamma.val()), ("beta", norm.beta.val())],
        }
    }

    pub(crate) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Batch(norm) => norm.forward(x),
            Self::Group(norm) => norm.forward(x),
            Self::Rms(norm) => norm.forward(x),
            Self::FilterResponse(norm) => norm.forward(x),
        }
    }

    /// |γ|/√(v + ε)·x with the running variance v: what a frozen batch norm multiplies with, in absolute value, and not what it adds.
    ///
    /// # Panics
    /// If it is of another kind.
    pub(crate) fn absolute_frozen(&self, x: Tensor<4>) -> Tensor<4> {
        let Self::Batch(norm) = self else { unreachable!("only batch norm is frozen") };
        let [_, channels, height, width] = x.dims();
        let (scale, _) = norm.scale_and_shift();
        let locations = if scale.dims() == [channels] { [1, 1] } else { [height, width] };
        x * scale.detach().abs().reshape([1, channels, locations[0], locations[1]])
    }

    /// A batch norm by running statistics of each channel as the epilogue of a convolution, with an addition and a ReLU where
    /// asked for.
    ///
    /// # Panics
    /// If it is of another kind.
    pub(super) fn epilogue(&self, other: Option<Tensor<4>>, relu: bool) -> Epilogue<4> {
        let Self::Batch(norm) = self else { unreachable!("only batch norm is computed with a convolution") };
        let [gamma, beta, mean, var] = norm.gamma_beta_mean_var();
        Epilogue { gamma, beta, mean, var, epsilon: norm.epsilon, other, relu }
    }

    /// max(y, 0) of the normalized y; batch norm does both in one pass.
    pub(crate) fn forward_relu(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Batch(norm) => norm.forward_relu(x),
            _ => relu(self.forward(x)),
        }
    }

    /// max(y + other, 0) of the normalized y; batch norm does all in one pass.
    pub(crate) fn forward_add_relu(&self, x: Tensor<4>, other: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Batch(norm) => norm.forward_add_relu(x, other),
            _ => relu(self.forward(x) + other),
        }
    }

    /// The largest element of each 2×2 window of max(y, 0); batch norm by statistics of the batch does all in one pass.
    pub(crate) fn forward_relu_pool(&self, x: Tensor<4>) -> Tensor<4> {
        match self {
            Self::Batch(norm) if norm.is_training(&x.device()) && norm.statistics == Statistics::PerChannel => {
                norm.forward_relu_pool(x)
            }
            _ => max_pool2d(self.forward_relu(x)),
        }
    }
}

fn parameter(values: Tensor<1>) -> Param<Tensor<1>> {
    Param::from_tensor(values)
}

#[cfg(test)]
mod tests {
    use burn::tensor::{DType, TensorData};

    use untied_study::ModelConfig;

    use super::*;
    use crate::random::Generator;

    const DIMS: [usize; 4] = [3, 4, 2, 3];

    fn draw(name: &str, count: usize) -> Vec<f64> {
        let mut stream = Generator::new(1).stream(name);
        (0..count).map(|_| stream.uniform(-1.0, 3.0)).collect()
    }

    fn parameter(values: &[f64], device: &Device) -> Param<Tensor<1>> {
        let data = TensorData::new(values.to_vec(), [values.len()]);
        Param::from_tensor(Tensor::from_data(data, (device, DType::F64)))
    }

    fn set_affine(norm: &mut Norm, gamma: Param<Tensor<1>>, beta: Param<Tensor<1>>) {
        match norm {
            Norm::Batch(norm) => (norm.gamma, norm.beta) = (Some(gamma), Some(beta)),
            Norm::Group(norm) => (norm.gamma, norm.beta) = (Some(gamma), Some(beta)),
            Norm::Rms(norm) => norm.gamma = gamma,
            Norm::FilterResponse(norm) => (norm.gamma, norm.beta) = (gamma, beta),
        }
    }

    /// The image, channel and location of every value, in memory's order.
    fn places() -> Vec<[usize; 3]> {
        let locations = DIMS[2] * DIMS[3];
        let place = |at: usize| [at / (DIMS[1] * locations), at / locations % DIMS[1], at % locations];
        (0..DIMS.iter().product()).map(place).collect()
    }

    /// By definition: mean and mean square deviation over all values with the same key, in plain loops.
    fn reference(x: &[f64], key: impl Fn([usize; 3]) -> [usize; 2], centred: bool) -> Vec<f64> {
        let places = places();
        let normalize = |at: usize| {
            let set = places.iter().zip(x).filter(|(place, _)| key(**place) == key(places[at]));
            let set: Vec<f64> = set.map(|(_, x)| *x).collect();
            let count = set.len() as f64;
            let mean = if centred { set.iter().sum::<f64>() / count } else { 0.0 };
            let variance = set.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
            (x[at] - mean) / (variance + 1e-5).sqrt()
        };
        (0..x.len()).map(normalize).collect()
    }

    #[test]
    fn each_kind_is_its_formula() {
        let device = Device::flex().autodiff();
        let x = draw("x", DIMS.iter().product());
        let locations = DIMS[2] * DIMS[3];
        let kinds = [
            (Normalization::Batch, reference(&x, |[_, c, _]| [c, 0], true)),
            (Normalization::BatchPerActivation, reference(&x, |[_, c, l]| [c, l], true)),
            (Normalization::Layer, reference(&x, |[n, _, _]| [n, 0], true)),
            (Normalization::Instance, reference(&x, |[n, c, _]| [n, c], true)),
            (Normalization::Group(2), reference(&x, |[n, c, _]| [n, c / 2], true)),
            (Normalization::Rms, reference(&x, |[n, _, _]| [n, 0], false)),
            (Normalization::FilterResponse, reference(&x, |[n, c, _]| [n, c], false)),
        ];
        for (kind, normalized) in kinds {
            let per_activation = kind == Normalization::BatchPerActivation;
            let count = if per_activation { DIMS[1] * locations } else { DIMS[1] };
            let (gamma, beta) = (draw("gamma", count), draw("beta", count));
            let constant = |_: &str, count: usize, value: f64| Tensor::full([count], value, (&device, DType::F64));
            let shape = [DIMS[1], DIMS[2], DIMS[3]];
            let plan = Plan::new(&ModelConfig::new(vec![1]), [1, 2, 2], 2).expect("a plan");
            let mut norm = Norm::new(&plan, kind, true, shape, &device, &constant).expect("a norm");
            set_affine(&mut norm, parameter(&gamma, &device), parameter(&beta, &device));
            let input = Tensor::<4>::from_data(TensorData::new(x.clone(), DIMS), (&device, DType::F64));
            let output: Vec<f64> = norm.forward_relu(input).into_data().try_to_vec().expect("f64");
            for ((place, normalized), got) in places().iter().zip(normalized).zip(output) {
                let [_, c, l] = *place;
                let k = if per_activation { c * locations + l } else { c };
                let shift = if kind == Normalization::Rms { 0.0 } else { beta[k] };
                let expected = (gamma[k] * normalized + shift).max(0.0);
                assert!((got - expected).abs() < 1e-12, "{kind} at {place:?}: {got} instead of {expected}");
            }
        }
    }
}
