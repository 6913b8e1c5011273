//! Folds batch norm into the convolution before it.

use burn::tensor::DType;
use untied_study::{Bias, ModelConfig, Normalization, Parametrization};

use super::agreement::{Agreement, agreed, cpu};
use super::error::ModelError;
use super::trained_model::{TrainedModel, check_supported};
use crate::model::plan::Plan;
use crate::model::tensors::{HostTensor, host};

/// A model without normalization, for inference.
#[derive(Debug)]
pub struct Folded {
    /// The same function within rounding.
    pub model: TrainedModel,
    /// One entry per block.
    pub layers: Vec<FoldedLayer>,
    /// How nearly the same.
    pub agreement: Agreement,
}

/// What became of one block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldedLayer {
    /// `block1`, …
    pub layer: String,
    /// Numbers of the bias before and after.
    pub bias_numbers: [usize; 2],
    /// Numbers of the whole block before and after, running statistics included.
    pub numbers: [usize; 2],
}

/// Folds batch norm per channel, by its running statistics μ and σ², into the convolution's weight w and bias b.
///
/// ```text
/// s = γ/√(σ² + ε)        w ← w·s        b ← (b − μ)·s + β
/// ```
///
/// s is the same at every location, so that an untied bias stays untied, and a partly tied one tied as it was; none
/// becomes tied. Computed in f64, rounded once.
///
/// # Errors
/// If the normalization has no running statistics or has them per activation, if the biases do not follow the convolutions
/// directly, or if the outputs differ by more than rounding.
pub fn fold(model: &TrainedModel) -> Result<Folded, ModelError> {
    let (folded, agreement) = agreed(model, without_norm(model)?)?;
    let layers = model.plan.convolutions().map(|(_, layer)| {
        let both = |part: &str| [model, &folded].map(|model| model.numbers_of(&format!("{layer}.{part}")));
        FoldedLayer { bias_numbers: both("convolution.bias"), numbers: both(""), layer: layer.to_owned() }
    });
    Ok(Folded { layers: layers.collect(), model: folded, agreement })
}

fn without_norm(model: &TrainedModel) -> Result<TrainedModel, ModelError> {
    let mut folded = with_folded_config(model)?;
    for (_, layer) in model.plan.convolutions() {
        Affine::take(&mut folded, layer)?.apply(&mut folded, layer)?;
    }
    Ok(folded)
}

/// The model before its norms go into its convolutions: weights are plain, biases of several terms their sum; norms are
/// still there.
fn with_folded_config(model: &TrainedModel) -> Result<TrainedModel, ModelError> {
    let mut folded = model.with_model(folded_config(&model.config.model, &model.plan)?)?;
    let net = model.net(&cpu()?, DType::F64);
    for (id, layer) in model.plan.convolutions() {
        if let Some(weight) = net.weight(id) {
            folded.tensor(&format!("{layer}.convolution.weight"))?.values = host(weight);
        }
        if let Some(bias) = model.plan.bias_of(layer).filter(|bias| bias.terms.terms().len() > 1) {
            let bias_tensor = folded.tensor(&format!("{layer}.convolution.bias"))?;
            bias_tensor.values = bias.terms.expand(&bias_tensor.values);
            bias_tensor.shape = bias.terms.output().to_vec();
        }
    }
    Ok(folded)
}

fn folded_config(model: &ModelConfig, plan: &Plan) -> Result<ModelConfig, ModelError> {
    check_supported(model)?;
    match model.norm.spec() {
        Some(spec) if spec.folds() => {}
        Some(spec) if spec.running => return Err(ModelError::PerActivation),
        _ => return Err(ModelError::NoRunningStatistics { norm: model.norm }),
    }
    let bias = match plan.biases.first().map(|bias| bias.terms.terms().len()) {
        None => Bias::Tied,
        Some(1) => model.bias.clone(),
        // Each channel has a factor of its own, which a term that channels share cannot have.
        Some(_) => Bias::Untied,
    };
    Ok(ModelConfig { norm: Normalization::None, beta: true, bias, weight: Parametrization::Plain, ..model.clone() })
}

/// u = (z − mean)·factor + shift in each channel.
struct Affine {
    channels: Vec<ChannelAffine>,
}

struct ChannelAffine {
    mean: f64,
    factor: f64,
    shift: f64,
}

impl Affine {
    /// Takes a block's norm out of a model. Without γ it is 1, without β 0.
    fn take(model: &mut TrainedModel, name: &str) -> Result<Self, ModelError> {
        let epsilon = model.plan.epsilon;
        let mut take = |part: &str| model.tensors.remove(&format!("{name}.norm.{part}")).map(|tensor| tensor.values);
        let missing = |part: &str| ModelError::Missing { tensor: format!("{name}.norm.{part}") };
        let mean = take("running_mean").ok_or_else(|| missing("running_mean"))?;
        let variance = take("running_var").ok_or_else(|| missing("running_var"))?;
        let gamma = take("gamma").unwrap_or_else(|| vec![1.0; mean.len()]);
        let beta = take("beta").unwrap_or_else(|| vec![0.0; mean.len()]);
        let channel = |index: usize| ChannelAffine {
            mean: mean[index],
            factor: gamma[index] / (variance[index] + epsilon).sqrt(),
            shift: beta[index],
        };
        Ok(Self { channels: (0..mean.len()).map(channel).collect() })
    }

    /// Rewrites the weight and the bias of a block without norm.
    fn apply(&self, model: &mut TrainedModel, name: &str) -> Result<(), ModelError> {
        let weight = model.tensor(&format!("{name}.convolution.weight"))?;
        for (weight, ChannelAffine { factor, .. }) in self.with_channels(&mut weight.values) {
            *weight *= factor;
        }
        let channels = self.channels.len();
        let no_bias = || HostTensor { shape: vec![channels, 1, 1], values: vec![0.0; channels] };
        let bias = model.tensors.entry(format!("{name}.convolution.bias")).or_insert_with(no_bias);
        for (bias, ChannelAffine { mean, factor, shift }) in self.with_channels(&mut bias.values) {
            *bias = (*bias - mean) * factor + shift;
        }
        Ok(())
    }

    /// Each number beside its channel; all channels have equally many.
    fn with_channels<'v>(&self, values: &'v mut [f64]) -> impl Iterator<Item = (&'v mut f64, &ChannelAffine)> {
        let length = values.len() / self.channels.len();
        values.iter_mut().enumerate().map(move |(index, value)| (value, &self.channels[index / length]))
    }
}

#[cfg(test)]
mod tests {
    use untied_study::Dtype;

    use super::*;
    use crate::export::trained_model::tests::{every_bias, every_model, made_up};
    use crate::strip;

    fn batch(bias: Bias) -> TrainedModel {
        made_up(ModelConfig { bias, norm: Normalization::Batch, ..ModelConfig::new(vec![4, 6]) })
    }

    #[test]
    fn outputs_stay_and_norms_go() {
        for bias in every_bias() {
            let model = batch(bias.clone());
            let folded = fold(&model).unwrap_or_else(|error| panic!("{bias:?}: {error}"));
            assert!(folded.agreement.exact.largest < 1e-12, "{bias:?}: {:?}", folded.agreement);
            let kept = match bias {
                Bias::None => Bias::Tied,
                Bias::Factorised => Bias::Untied,
                bias => bias,
            };
            let config = folded.model.config();
            assert_eq!((config.model.norm, &config.model.bias), (Normalization::None, &kept));
            assert!(folded.model.tensors.keys().all(|name| !name.contains("norm")));
        }
    }

    #[test]
    fn a_stripped_model_folds_into_the_same() {
        for bias in every_bias() {
            let model = batch(bias.clone());
            let [folded, both] = [&model, &strip(&model).unwrap().model].map(|model| fold(model).unwrap().model);
            let numbers = |model: &TrainedModel| -> Vec<f64> {
                model.tensors.values().flat_map(|tensor| tensor.values.clone()).collect()
            };
            for (once, twice) in numbers(&folded).iter().zip(numbers(&both)) {
                assert!((once - twice).abs() < 1e-13, "{bias:?}: {once} and {twice}");
            }
        }
    }

    #[test]
    fn standardized_weights_become_plain_ones() {
        for bias in every_bias() {
            let standardized = Parametrization::Standardized;
            let config = ModelConfig { bias: bias.clone(), weight: standardized, ..ModelConfig::new(vec![4, 6]) };
            let model = made_up(config);
            let folded = fold(&model).unwrap_or_else(|error| panic!("{bias:?}: {error}"));
            assert!(folded.agreement.exact.largest < 1e-12, "{bias:?}: {:?}", folded.agreement);
            assert_eq!(folded.model.config().model.weight, Parametrization::Plain);
            let stripped = strip(&model).unwrap_or_else(|error| panic!("{bias:?}: {error}")).model;
            assert_eq!(stripped.config().model.weight, standardized);
        }
    }

    #[test]
    fn norms_without_beta_or_gamma_fold_too() {
        let whole = batch(Bias::Untied);
        let mut without = whole.clone();
        without.tensors.retain(|name, _| !name.ends_with("norm.beta") && !name.ends_with("norm.gamma"));
        // What Burn makes of a norm without them: γ = 1, β = 0.
        assert!(fold(&without).unwrap().agreement.exact.largest < 1e-12);
    }

    #[test]
    fn what_cannot_be_folded_is_named() {
        for config in every_model().filter(|config| config.norm != Normalization::Batch) {
            let message = fold(&made_up(config.clone())).unwrap_err().to_string();
            assert!(message.contains(&config.norm.to_string()) && message.contains("`batch`"), "{message}");
        }
    }

    #[test]
    fn wrong_folds_are_noticed() {
        let mutants: [fn(&mut ChannelAffine); 4] = [
            |scale| scale.mean = 0.0,
            |scale| scale.shift = 0.0,
            |scale| scale.factor = -scale.factor,
            |scale| scale.factor *= 1.0 + 1e-5,
        ];
        for (bias, dtype) in every_bias().into_iter().flat_map(|bias| [(bias.clone(), Dtype::F32), (bias, Dtype::F64)])
        {
            let mut model = batch(bias);
            model.config.train.dtype = dtype;
            let model = model.rounded();
            for mutate in mutants {
                let mut wrong = with_folded_config(&model).unwrap();
                for block in ["block1", "block2"] {
                    let mut norm = Affine::take(&mut wrong, block).unwrap();
                    norm.channels.iter_mut().for_each(mutate);
                    norm.apply(&mut wrong, block).unwrap();
                }
                assert!(matches!(agreed(&model, wrong), Err(ModelError::Differs { .. })));
            }
        }
    }
}
