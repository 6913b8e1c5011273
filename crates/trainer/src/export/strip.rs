//! Takes out of each bias what the normalization removes anyway.

use untied_redundancy::norm;
use untied_study::{Bias, ModelConfig};

use super::agreement::{Agreement, agreed};
use super::error::ModelError;
use super::trained_model::{TrainedModel, check_supported};
use crate::model::plan::{BiasPlan, Plan};

/// A model without the redundant part of its biases, and what was taken out.
#[derive(Debug)]
pub struct Stripped {
    /// The same function within rounding.
    pub model: TrainedModel,
    /// One entry per block.
    pub layers: Vec<StrippedLayer>,
    /// How nearly the same.
    pub agreement: Agreement,
}

/// What became of one block's bias.
#[derive(Debug, Clone, PartialEq)]
pub struct StrippedLayer {
    /// `block1`, …
    pub layer: String,
    /// Numbers of the bias before and after.
    pub bias_numbers: [usize; 2],
    /// Dimensions of the bias that the normalization removes.
    pub redundant: usize,
    /// ‖P·b‖ of what was taken out.
    pub removed_norm: f64,
    /// ‖b − P·b‖ of what is left.
    pub rest_norm: f64,
}

/// Removes the redundant part P·b of each bias b, which the normalization would remove.
///
/// ```text
/// b ← b − P·b        running mean ← running mean − P·b, where the normalization has one
/// ```
///
/// In evaluation mode batch norm subtracts its running mean instead of the batch's, so that b − running mean must stay.
/// Norms without running statistics centre every image anew. Where the biases of all blocks are redundant as a whole, the
/// model has none any more; otherwise each keeps its numbers.
///
/// # Errors
/// If the model's biases do not follow its convolutions directly, or the outputs differ by more than rounding.
pub fn strip(model: &TrainedModel) -> Result<Stripped, ModelError> {
    let (rewritten, mut layers) = without_redundant_part(model)?;
    let (stripped, agreement) = agreed(model, rewritten)?;
    for layer in &mut layers {
        layer.bias_numbers[1] = stripped.numbers_of(&bias_name(&layer.layer));
    }
    Ok(Stripped { model: stripped, layers, agreement })
}

fn without_redundant_part(model: &TrainedModel) -> Result<(TrainedModel, Vec<StrippedLayer>), ModelError> {
    check_supported(&model.config.model)?;
    let mut stripped = model.clone();
    let layers = model.plan.convolutions().map(|(_, layer)| strip_layer(&mut stripped, layer, &model.plan));
    let layers = layers.collect::<Result<Vec<_>, _>>()?;
    let redundant_as_a_whole = layers.iter().all(|layer| layer.redundant == layer.bias_numbers[0]);
    if redundant_as_a_whole && model.config.model.bias != Bias::None {
        stripped = stripped.with_model(ModelConfig { bias: Bias::None, ..model.config.model.clone() })?;
        stripped.tensors.retain(|name, _| !name.ends_with(".convolution.bias"));
    }
    Ok((stripped, layers))
}

fn bias_name(layer: &str) -> String {
    format!("{layer}.convolution.bias")
}

fn strip_layer(model: &mut TrainedModel, name: &str, plan: &Plan) -> Result<StrippedLayer, ModelError> {
    let mut layer =
        StrippedLayer { layer: name.to_owned(), bias_numbers: [0; 2], redundant: 0, removed_norm: 0.0, rest_norm: 0.0 };
    let Some(BiasPlan { terms, redundancy, follower, .. }) = plan.bias_of(name) else { return Ok(layer) };
    let bias = &mut model.tensor(&bias_name(name))?.values;
    let removed = redundancy.project(bias);
    *bias = redundancy.residual(bias);
    (layer.bias_numbers, layer.redundant) = ([bias.len(); 2], redundancy.dimensions());
    (layer.removed_norm, layer.rest_norm) = (norm(&removed), norm(bias));
    if let Some(norm) = follower {
        let mean = &mut model.tensor(&format!("{}.running_mean", plan.network.node(*norm).name))?.values;
        let shift = terms.expand(&removed);
        // 1 per activation, or height·width per channel, in which all removed elements are equal.
        let activations = shift.len() / mean.len();
        for (mean, shift) in mean.iter_mut().zip(shift.iter().step_by(activations)) {
            *mean -= shift;
        }
    }
    Ok(layer)
}

#[cfg(test)]
mod tests {
    use untied_study::Normalization;

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
