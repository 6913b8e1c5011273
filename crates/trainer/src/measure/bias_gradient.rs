//! Measures, while training, how much of each bias gradient lies in the part that the normalization removes.

use burn::module::Param;
use burn::tensor::{Gradients, Tensor};
use serde::{Deserialize, Serialize};
use untied_redundancy::{UNIT_ROUND_OFF_F32, UNIT_ROUND_OFF_F64, norm};
use untied_study::{Drift, Dtype, LayerRedundancy};

use crate::model::net::Net;
use crate::model::plan::{BiasPlan, Plan, Shape, term_shapes};
use crate::model::tensors::host;

/// Most steps of a run that are measured, and the share of them: measuring then costs about a hundredth of a run.
const MOST_STEPS: usize = 16;
const ONE_STEP_IN: usize = 20;

/// Running sums of the norms, per bias.
pub(crate) struct Measurement<'a> {
    plan: &'a Plan,
    unit_round_off: f64,
    total_steps: usize,
    samples: usize,
    sums: Sums,
}

/// What the measured steps add up to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Sums {
    steps: usize,
    /// Of each bias.
    norms: Vec<Norms>,
}

/// L2 norms of one layer's bias gradient. Saved as bits: JSON has no NaN.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(from = "[u64; 3]", into = "[u64; 3]")]
struct Norms {
    gradient: f64,
    redundant: f64,
    round_off: f64,
}

impl From<[u64; 3]> for Norms {
    fn from(bits: [u64; 3]) -> Self {
        let [gradient, redundant, round_off] = bits.map(f64::from_bits);
        Self { gradient, redundant, round_off }
    }
}

impl From<Norms> for [u64; 3] {
    fn from(norms: Norms) -> Self {
        [norms.gradient, norms.redundant, norms.round_off].map(f64::to_bits)
    }
}

/// Zeros added beside the biases: their gradients are ∂J/∂z, which a non-leaf cannot be asked for.
pub(crate) struct Probes(Vec<Option<Tensor<4>>>);

impl<'a> Measurement<'a> {
    pub(crate) fn new(plan: &'a Plan, dtype: Dtype, total_steps: usize) -> Self {
        let unit_round_off = match dtype {
            Dtype::F32 => UNIT_ROUND_OFF_F32,
            Dtype::F64 => UNIT_ROUND_OFF_F64,
        };
        let samples = (total_steps / ONE_STEP_IN).clamp(1, MOST_STEPS);
        let sums = Sums { steps: 0, norms: vec![Norms::default(); plan.biases.len()] };
        Self { plan, unit_round_off, total_steps, samples, sums }
    }

    /// What was measured so far.
    pub(crate) fn sums(&self) -> &Sums {
        &self.sums
    }

    /// Goes on from what was measured before; false, with nothing changed, where it belongs to another model.
    pub(crate) fn resume(&mut self, sums: Sums) -> bool {
        let same = sums.norms.len() == self.plan.biases.len();
        if same {
            self.sums = sums;
        }
        same
    }

    /// Whether the step, counted from 0, is one of the sample: the middles of equal parts of the run.
    pub(crate) fn is_due(&self, step: usize) -> bool {
        let part = step * self.samples / self.total_steps;
        step == (2 * part + 1) * self.total_steps / (2 * self.samples)
    }

    /// A forward pass with probes at the places of the biases.
    pub(crate) fn forward(&self, model: &Net, x: Tensor<4>) -> (Tensor<2>, Probes) {
        let mut probes = vec![None; self.plan.biases.len()];
        let scores = model.forward_with(x, &mut |node, z| {
            let Some(index) = self.plan.biases.iter().position(|bias| bias.node == node) else { return z };
            let probe = z.clone().detach().zeros_like().require_grad();
            probes[index] = Some(probe.clone());
            z + probe
        });
        (scores, Probes(probes))
    }

    /// Adds up the norms of one step.
    pub(crate) fn record(&mut self, model: &Net, probes: &Probes, gradients: &Gradients) {
        self.sums.steps += 1;
        for (index, bias) in self.plan.biases.iter().enumerate() {
            let Some(probe) = &probes.0[index] else { continue };
            let gradient =
                |term: &Param<Tensor<3>>| host(term.grad(gradients).expect("the loss depends on every bias"));
            let db: Vec<f64> = model.terms(bias.node).iter().flat_map(gradient).collect();
            let dz = probe.grad(gradients).expect("the loss depends on every bias");
            let sums = |shape: Shape| host(absolute_sums(dz.clone(), shape));
            let absolute_sums: Vec<f64> = term_shapes(&bias.terms).into_iter().flat_map(sums).collect();
            let norms = Norms::of(bias, &db, &absolute_sums, self.unit_round_off);
            let sums = &mut self.sums.norms[index];
            sums.gradient += norms.gradient;
            sums.redundant += norms.redundant;
            sums.round_off += norms.round_off;
        }
    }

    /// The averages over the measured steps, with the norms of the biases as they are now. Empty where no step was
    /// measured or a norm is not finite, as in a run that diverges.
    pub(crate) fn finish(&self, model: &Net) -> Vec<LayerRedundancy> {
        if self.sums.steps == 0 {
            return Vec::new();
        }
        let layer = |(bias, sums): (&BiasPlan, &Norms)| {
            let values = model.bias_parameters(bias.node);
            let mean = |sum: f64| sum / self.sums.steps as f64;
            LayerRedundancy {
                layer: bias.layer.clone(),
                predicted_redundant: bias.redundancy.dimensions(),
                bias_parameters: values.len(),
                gradient_norm: mean(sums.gradient),
                redundant_gradient_norm: mean(sums.redundant),
                round_off: mean(sums.round_off),
                bias_norm: norm(&values),
                redundant_bias_norm: norm(&bias.redundancy.project(&values)),
                drift: Drift::default(),
            }
        };
        let layers: Vec<_> = self.plan.biases.iter().zip(&self.sums.norms).map(layer).collect();
        if layers.iter().all(is_finite) { layers } else { Vec::new() }
    }
}

impl Norms {
    fn of(bias: &BiasPlan, gradient: &[f64], absolute_sums: &[f64], unit_round_off: f64) -> Self {
        Self {
            gradient: norm(gradient),
            redundant: norm(&bias.redundancy.project(gradient)),
            round_off: bias.redundancy.round_off(absolute_sums, unit_round_off),
        }
    }
}

/// Σ|∂J/∂z| over the images, channels and locations that share a parameter of a term: `[n, c, h, w]` → `[c|1, h|1, w|1]`.
fn absolute_sums(dz: Tensor<4>, term: Shape) -> Tensor<3> {
    let shared = (0..3).filter(|&axis| term[axis] == 1).map(|axis| axis + 1);
    shared.fold(dz.abs().sum_dim(0), Tensor::sum_dim).reshape(term)
}

fn is_finite(layer: &LayerRedundancy) -> bool {
    let norms = [layer.gradient_norm, layer.redundant_gradient_norm, layer.round_off, layer.bias_norm];
    norms.iter().all(|norm| norm.is_finite()) && layer.redundant_bias_norm.is_finite()
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Tensor};
    use untied_study::{Bias, ModelConfig};

    use super::*;

    #[test]
    fn the_sample_has_its_size_whatever_the_run() {
        let model = ModelConfig { bias: Bias::None, ..ModelConfig::new(vec![1]) };
        let plan = Plan::new(&model, [1, 2, 2], 2).unwrap();
        for total_steps in (1..2000).chain([100_003]) {
            let measurement = Measurement::new(&plan, Dtype::F32, total_steps);
            let due = (0..total_steps).filter(|&step| measurement.is_due(step)).count();
            assert_eq!(due, measurement.samples, "{total_steps} steps");
        }
    }

    #[test]
    fn absolute_values_are_summed_over_images_and_shared_locations() {
        let dz =
            Tensor::<4>::from_floats([[[[1.0, -2.0], [3.0, -4.0]]], [[[-10.0, 20.0], [30.0, 40.0]]]], &Device::flex());
        let sums = |dims| host(absolute_sums(dz.clone(), dims));
        assert_eq!(sums([1, 1, 1]), [110.0]);
        assert_eq!(sums([1, 2, 2]), [11.0, 22.0, 33.0, 44.0]);
        assert_eq!(sums([1, 2, 1]), [33.0, 77.0]);
        assert_eq!(sums([1, 1, 2]), [44.0, 66.0]);
    }
}
