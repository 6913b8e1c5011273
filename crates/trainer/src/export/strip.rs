//! Takes out of each bias what normalizations remove anyway.

use burn::tensor::{DType, Tensor, TensorData};
use untied_redundancy::norm;

use super::agreement::{Agreement, agreed, cpu};
use super::error::ModelError;
use super::shift::arrivals;
use super::trained_model::TrainedModel;
use crate::model::net::Net;
use crate::model::plan::BiasPlan;
use crate::model::tensors::host;

/// A model without the redundant part of its biases, and what was taken out.
#[derive(Debug)]
pub struct Stripped {
    /// The same function within rounding.
    pub model: TrainedModel,
    /// One entry per layer with a convolution or a bias.
    pub layers: Vec<StrippedLayer>,
    /// How nearly the same.
    pub agreement: Agreement,
}

/// What became of one layer's bias.
#[derive(Debug, Clone, PartialEq)]
pub struct StrippedLayer {
    /// `block1`, …
    pub layer: String,
    /// Numbers of the bias before and after.
    pub bias_numbers: [usize; 2],
    /// Dimensions of the bias that normalizations remove.
    pub redundant: usize,
    /// ‖P·b‖ of what was taken out.
    pub removed_norm: f64,
    /// ‖b − P·b‖ of what is left.
    pub rest_norm: f64,
}

/// Removes the redundant part P·b of each bias b, which normalizations would remove.
///
/// ```text
/// b ← b − P·b        running mean ← running mean − what arrives there of P·b
/// ```
///
/// In evaluation mode batch norm subtracts its running mean instead of the batch's, so that what arrives there less the
/// running mean must stay. Norms without running statistics centre every image anew. Where the biases of all layers are
/// redundant as a whole, the model has none any more; otherwise each keeps its numbers.
///
/// # Errors
/// If the outputs differ by more than rounding.
pub fn strip(model: &TrainedModel) -> Result<Stripped, ModelError> {
    let (rewritten, mut layers) = without_redundant_part(model)?;
    let (stripped, agreement) = agreed(model, rewritten)?;
    for layer in &mut layers {
        layer.bias_numbers[1] = model.plan.bias_of(&layer.layer).map_or(0, |bias| stripped.numbers_of(&bias.tensor));
    }
    Ok(Stripped { model: stripped, layers, agreement })
}

fn without_redundant_part(model: &TrainedModel) -> Result<(TrainedModel, Vec<StrippedLayer>), ModelError> {
    let net = model.net(&cpu()?, DType::F64);
    let mut stripped = model.clone();
    let layers = model.plan.layers().into_iter().map(|layer| strip_layer(&mut stripped, layer, &net));
    let layers = layers.collect::<Result<Vec<_>, _>>()?;
    let redundant_as_a_whole = layers.iter().all(|layer| layer.redundant == layer.bias_numbers[0]);
    if redundant_as_a_whole && !model.plan.biases.is_empty() {
        stripped = stripped.with_model(model.config.model.without_biases())?;
        stripped.tensors.retain(|name, _| model.plan.biases.iter().all(|bias| bias.tensor != *name));
    }
    Ok((stripped, layers))
}

fn strip_layer(model: &mut TrainedModel, name: &str, net: &Net) -> Result<StrippedLayer, ModelError> {
    let mut layer =
        StrippedLayer { layer: name.to_owned(), bias_numbers: [0; 2], redundant: 0, removed_norm: 0.0, rest_norm: 0.0 };
    let Some(bias) = net.plan().bias_of(name) else { return Ok(layer) };
    let values = &mut model.tensor(&bias.tensor)?.values;
    let removed = bias.redundancy.project(values);
    *values = bias.redundancy.residual(values);
    (layer.bias_numbers, layer.redundant) = ([values.len(); 2], bias.redundancy.dimensions());
    (layer.removed_norm, layer.rest_norm) = (norm(&removed), norm(values));
    if layer.redundant > 0 {
        take_over(model, bias, &removed, net)?;
    }
    Ok(layer)
}

/// Takes what the bias loses out of the running means that it arrives at.
fn take_over(model: &mut TrainedModel, bias: &BiasPlan, removed: &[f64], net: &Net) -> Result<(), ModelError> {
    let network = &net.plan().network;
    let [channels, height, width] = network.node(bias.node).output;
    let data = TensorData::new(bias.terms.expand(removed), [1, channels, height, width]);
    let shift = Tensor::from_data(data, (&cpu()?, DType::F64));
    for (norm, shift) in arrivals(net, bias.node, shift) {
        let mean = &mut model.tensor(&format!("{}.running_mean", network.node(norm).name))?.values;
        let shift = host(shift);
        // 1 per activation, or height·width per channel, in which all removed elements are equal.
        let activations = shift.len() / mean.len();
        for (mean, shift) in mean.iter_mut().zip(shift.iter().step_by(activations)) {
            *mean -= shift;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use untied_study::{Bias, ModelConfig, Normalization};

    use super::*;
    use crate::export::trained_model::tests::{every_model, made_up};

    #[test]
    fn outputs_stay_and_redundant_parts_go() {
        for config in every_model() {
            let model = made_up(config.clone());
            let stripped = strip(&model).unwrap_or_else(|error| panic!("{config:?}: {error}"));
            assert!(stripped.agreement.exact.largest < 1e-12, "{config:?}: {:?}", stripped.agreement);
            let again = strip(&stripped.model).unwrap();
            for (layer, again) in stripped.layers.iter().zip(&again.layers) {
                assert_eq!(layer.redundant > 0, layer.removed_norm > 1e-3, "{config:?}: {layer:?}");
                assert!(again.removed_norm < 1e-14, "{config:?}: {again:?}");
            }
        }
    }

    #[test]
    fn a_bias_is_deleted_where_all_of_it_is_redundant() {
        for config in every_model() {
            let stripped = strip(&made_up(config.clone())).unwrap();
            let whole = match config.norm {
                Normalization::BatchPerActivation => true,
                Normalization::Batch | Normalization::Instance => config.bias == Bias::Tied,
                _ => false,
            };
            let expected = if whole { Bias::None } else { config.bias.clone() };
            assert_eq!(stripped.model.config.model.bias, expected, "{config:?}");
            assert_eq!(stripped.layers[0].bias_numbers[1] == 0, expected == Bias::None, "{config:?}");
        }
    }

    #[test]
    fn a_bias_that_is_redundant_in_one_block_alone_stays_as_zeros() {
        let config = ModelConfig { norm: Normalization::Group(4), ..ModelConfig::new(vec![4, 8]) };
        let stripped = strip(&made_up(config)).unwrap();
        assert_eq!(stripped.model.tensors["block1.convolution.bias"].values, [0.0; 4]);
        assert!(stripped.layers[1].rest_norm > 0.1);
        assert_eq!(stripped.model.config.model.bias, Bias::Tied);
    }

    #[test]
    fn large_biases_round_more_and_may() {
        for config in every_model() {
            let mut model = made_up(config.clone());
            for name in ["block1.convolution.bias", "block2.convolution.bias"] {
                let bias = model.tensors.get_mut(name).into_iter().flat_map(|tensor| &mut tensor.values);
                bias.for_each(|value| *value += 1e4);
            }
            strip(&model).unwrap_or_else(|error| panic!("{config:?}: {error}"));
        }
    }

    #[test]
    fn what_the_running_mean_must_take_over_is_noticed() {
        for config in every_model().filter(|config| config.bias != Bias::None) {
            for dtype in [untied_study::Dtype::F32, untied_study::Dtype::F64] {
                let mut model = made_up(config.clone());
                model.config.train.dtype = dtype;
                let model = model.rounded();
                let (mut mutant, _) = without_redundant_part(&model).unwrap();
                let means = model.tensors.iter().filter(|(name, _)| name.ends_with("running_mean"));
                let means: Vec<_> = means.map(|(name, mean)| (name.clone(), mean.clone())).collect();
                let has_means = !means.is_empty();
                mutant.tensors.extend(means);
                let outcome = agreed(&model, mutant);
                let noticed = matches!(outcome, Err(ModelError::Differs { .. }));
                assert_eq!(noticed, has_means, "{config:?}: {outcome:?}");
            }
        }
    }

    #[test]
    fn a_weight_that_is_off_by_a_billionth_is_noticed() {
        for config in every_model().filter(|config| config.bias != Bias::None) {
            let model = made_up(config.clone());
            let (mut mutant, _) = without_redundant_part(&model).unwrap();
            let weights = mutant.tensor("block1.convolution.weight").unwrap();
            weights.values[0] += 1e-9;
            assert!(matches!(agreed(&model, mutant), Err(ModelError::Differs { .. })), "{config:?}");
        }
    }
}
