//! Folds batch norm into the convolution before it.

use burn::tensor::DType;
use untied_redundancy::BiasTerms;
use untied_redundancy::network::{NodeId, Operation};
use untied_study::{Bias, ModelConfig, Normalization, Parametrization};

use super::agreement::{Agreement, agreed, cpu};
use super::error::ModelError;
use super::trained_model::TrainedModel;
use crate::model::tensors::{HostTensor, host};

/// A model whose batch norms are part of its convolutions, for inference.
#[derive(Debug)]
pub struct Folded {
    /// The same function within rounding.
    pub model: TrainedModel,
    /// One entry per convolution that took in a norm.
    pub layers: Vec<FoldedLayer>,
    /// The batch norms that stay, by name: what they normalize is no convolution's output alone.
    pub kept: Vec<String>,
    /// How nearly the same.
    pub agreement: Agreement,
}

/// What became of one convolution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoldedLayer {
    /// `block1`, …
    pub layer: String,
    /// Numbers of the bias before and after.
    pub bias_numbers: [usize; 2],
    /// Numbers of convolution and norm before and after, running statistics included.
    pub numbers: [usize; 2],
}

/// Folds batch norm per channel, by its running statistics μ and σ², into the weight w and the bias b of the convolution
/// right before it.
///
/// ```text
/// s = γ/√(σ² + ε)        w ← w·s        b ← (b − μ)·s + β
/// ```
///
/// s is the same at every location, so that an untied bias stays untied, and a partly tied one tied as it was; none
/// becomes tied. Computed in f64, rounded once. A norm of something else, such as a sum, stays as it is.
///
/// # Errors
/// If no normalization has running statistics or they are per activation, if none stands right behind a convolution, or if
/// the outputs differ by more than rounding.
pub fn fold(model: &TrainedModel) -> Result<Folded, ModelError> {
    let (pairs, kept) = pairs(model)?;
    let (folded, agreement) = agreed(model, without_norms(model, &pairs)?)?;
    let layer = |pair: &Pair| {
        let Pair { convolution, norm, .. } = pair;
        let [weight, bias, norm] = [format!("{convolution}.weight"), pair.bias(), format!("{norm}.")];
        let both = |part: &str| [model, &folded].map(|model| model.numbers_of(part));
        let parts = [&weight, &bias, &norm].map(|part| both(part));
        let numbers = [0, 1].map(|side| parts.iter().map(|part| part[side]).sum());
        FoldedLayer { bias_numbers: both(&bias), numbers, layer: pair.layer.clone() }
    };
    Ok(Folded { layers: pairs.iter().map(layer).collect(), kept, model: folded, agreement })
}

/// A convolution and the batch norm right behind it or its bias, by name.
struct Pair {
    convolution: String,
    norm: String,
    layer: String,
    /// The terms of the bias.
    terms: Option<BiasTerms>,
    /// Whether the bias is added to what the norm gives, not to what it reads.
    behind: bool,
}

impl Pair {
    fn bias(&self) -> String {
        format!("{}.bias", self.convolution)
    }

    /// Each channel has a factor of its own, which a term that channels share cannot have.
    fn folded_bias(&self) -> Option<Bias> {
        match self.terms.as_ref().map(|terms| terms.terms().len()) {
            None => Some(Bias::Tied),
            Some(1) => None,
            Some(_) => Some(Bias::Untied),
        }
    }
}

/// What can be folded, and the names of the batch norms that stay.
fn pairs(model: &TrainedModel) -> Result<(Vec<Pair>, Vec<String>), ModelError> {
    let network = &model.plan.network;
    let (mut pairs, mut kept, mut per_activation) = (vec![], vec![], false);
    for (id, node) in network.nodes() {
        let Operation::Normalization { normalization, .. } = node.operation else { continue };
        let Some(spec) = normalization.spec().filter(|spec| spec.running) else { continue };
        per_activation |= !spec.folds();
        match spec.folds().then(|| pair(model, id)).flatten() {
            Some(pair) => pairs.push(pair),
            None => kept.push(node.name.clone()),
        }
    }
    match (pairs.is_empty(), kept.is_empty()) {
        (false, _) => Ok((pairs, kept)),
        (true, true) => Err(ModelError::NoRunningStatistics { norm: model.config.model.norm }),
        (true, false) if per_activation => Err(ModelError::PerActivation),
        (true, false) => Err(ModelError::NothingToFold { norms: kept.join(", ") }),
    }
}

/// The norm with the convolution whose output it alone reads.
fn pair(model: &TrainedModel, id: NodeId) -> Option<Pair> {
    let network = &model.plan.network;
    let mut source = network.node(id).inputs[0];
    let mut terms = None;
    let is_read_once = |id: NodeId| network.consumers(id).count() == 1;
    if let Operation::Bias(_) = network.node(source).operation {
        terms = network.bias_terms(source).filter(|_| is_read_once(source));
        terms.as_ref()?;
        source = network.node(source).inputs[0];
    }
    let convolution = network.node(source);
    let fits = matches!(convolution.operation, Operation::Convolution(_)) && is_read_once(source);
    let [convolution, norm] = [convolution, network.node(id)].map(|node| node.name.clone());
    let mut pair = Pair { convolution, norm, layer: model.plan.layer(source).to_owned(), terms, behind: false };
    // A bias right behind the norm has the name of the convolution's, which it becomes.
    if let Some(bias) = network.find(&pair.bias()).filter(|_| pair.terms.is_none()) {
        (pair.terms, pair.behind) = (network.bias_terms(bias), true);
        if network.node(bias).inputs != [id] {
            return None;
        }
    }
    fits.then_some(pair)
}

fn without_norms(model: &TrainedModel, pairs: &[Pair]) -> Result<TrainedModel, ModelError> {
    let mut folded = with_folded_config(model, pairs)?;
    for pair in pairs {
        Affine::take(&mut folded, pair)?.apply(&mut folded, pair)?;
    }
    Ok(folded)
}

/// The model before its norms go into its convolutions: their weights are plain, biases of several terms their sum; norms
/// are still there.
fn with_folded_config(model: &TrainedModel, pairs: &[Pair]) -> Result<TrainedModel, ModelError> {
    let mut folded = model.with_model(folded_config(&model.config.model, pairs))?;
    let net = model.net(&cpu()?, DType::F64);
    for pair in pairs {
        if let Some(weight) = model.plan.network.find(&pair.convolution).and_then(|id| net.weight(id)) {
            folded.tensor(&format!("{}.weight", pair.convolution))?.values = host(weight);
        }
        if let Some(terms) = pair.terms.as_ref().filter(|terms| terms.terms().len() > 1) {
            let bias = folded.tensor(&pair.bias())?;
            bias.values = terms.expand(&bias.values);
            bias.shape = terms.output().to_vec();
        }
    }
    Ok(folded)
}

fn folded_config(model: &ModelConfig, pairs: &[Pair]) -> ModelConfig {
    if model.is_plain() {
        let bias = pairs[0].folded_bias().unwrap_or_else(|| model.bias.clone());
        return ModelConfig {
            norm: Normalization::None,
            beta: true,
            bias,
            weight: Parametrization::Plain,
            ..model.clone()
        };
    }
    model.with_layers(|name, layer| {
        for pair in pairs {
            if pair.convolution == name {
                layer.weight = Some(Parametrization::Plain);
                layer.bias = pair.folded_bias().or(layer.bias.take());
                layer.norm = layer.norm.take().filter(|_| pair.norm != format!("{name}.norm"));
            }
            if pair.norm == name {
                layer.norm = Some(Normalization::None);
            }
        }
    })
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
    /// Takes the norm out of a model. Without γ it is 1, without β 0.
    fn take(model: &mut TrainedModel, pair: &Pair) -> Result<Self, ModelError> {
        let epsilon = model.plan.epsilon;
        let mut take = |part: &str| model.tensors.remove(&format!("{}.{part}", pair.norm)).map(|tensor| tensor.values);
        let missing = |part: &str| ModelError::Missing { tensor: format!("{}.{part}", pair.norm) };
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

    /// Rewrites the weight and the bias of a convolution whose norm is gone.
    fn apply(&self, model: &mut TrainedModel, pair: &Pair) -> Result<(), ModelError> {
        let weight = model.tensor(&format!("{}.weight", pair.convolution))?;
        for (weight, ChannelAffine { factor, .. }) in self.with_channels(&mut weight.values) {
            *weight *= factor;
        }
        let channels = self.channels.len();
        let no_bias = || HostTensor { shape: vec![channels, 1, 1], values: vec![0.0; channels] };
        let bias = model.tensors.entry(pair.bias()).or_insert_with(no_bias);
        for (bias, ChannelAffine { mean, factor, shift }) in self.with_channels(&mut bias.values) {
            let [before, after] = if pair.behind { [0.0, *bias] } else { [*bias, 0.0] };
            *bias = (before - mean) * factor + shift + after;
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
                let (pairs, _) = pairs(&model).unwrap();
                let mut wrong = with_folded_config(&model, &pairs).unwrap();
                for pair in &pairs {
                    let mut norm = Affine::take(&mut wrong, pair).unwrap();
                    norm.channels.iter_mut().for_each(mutate);
                    norm.apply(&mut wrong, pair).unwrap();
                }
                assert!(matches!(agreed(&model, wrong), Err(ModelError::Differs { .. })));
            }
        }
    }
}
