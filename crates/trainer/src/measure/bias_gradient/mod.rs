//! Measures, while training, how much of each bias gradient lies in the part that the network removes.
//!
//! A measured step gives, per bias: the gradient ∂J/∂b; ∂J/∂z, the gradient of the tensor that the bias is added to; and
//! the terms that the backward pass subtracts from each other to get ∂J/∂z. All sums are taken on the device and read in one go.
//! They go into a [`Certificate`] of every redundant set, and, as a description, into averages of L2 norms.

mod observed;
mod route;
mod sums;
mod terms;
#[cfg(test)]
mod tests;

use burn::module::Param;
use burn::tensor::{Gradients, Tensor};
use untied_redundancy::{Certificate, StepSums, UNIT_ROUND_OFF_F32, UNIT_ROUND_OFF_F64, norm};
use untied_study::{CertificateRecord, Drift, Dtype, LayerRedundancy};

use crate::model::net::Net;
use crate::model::plan::{BiasPlan, Plan};
use crate::model::tensors::host;
pub(crate) use observed::Observed;
use observed::Taps;
use route::Route;
use sums::Norms;
pub(crate) use sums::Sums;
use terms::{Step, over_terms};

/// Most steps of a run that are measured, and the share of them: measuring then costs about a hundredth of a run.
const MOST_STEPS: usize = 16;
const ONE_STEP_IN: usize = 20;

/// What the measured steps of a run add up to.
pub(crate) struct Measurement<'a> {
    plan: &'a Plan,
    unit_round_off: f64,
    total_steps: usize,
    samples: usize,
    taps: Taps,
    steps: usize,
    layers: Vec<Layer>,
}

/// What was measured of one bias.
struct Layer {
    /// Where it is removed; none where only its own terms make a part of it redundant, or nothing does.
    route: Option<Route>,
    certificate: Certificate,
    norms: Norms,
}

impl<'a> Measurement<'a> {
    pub(crate) fn new(plan: &'a Plan, dtype: Dtype, total_steps: usize) -> Self {
        let unit_round_off = match dtype {
            Dtype::F32 => UNIT_ROUND_OFF_F32,
            Dtype::F64 => UNIT_ROUND_OFF_F64,
        };
        let layer = |bias: &BiasPlan| Layer {
            route: bias.redundancy.sets().next().is_some().then(|| Route::new(&plan.network, bias.node)),
            certificate: Certificate::new(&bias.redundancy, unit_round_off),
            norms: Norms::default(),
        };
        let layers: Vec<Layer> = plan.biases.iter().map(layer).collect();
        let samples = (total_steps / ONE_STEP_IN).clamp(1, MOST_STEPS);
        let taps = Taps::new(plan, layers.iter().filter_map(|layer| layer.route.as_ref()));
        Self { plan, unit_round_off, total_steps, samples, taps, steps: 0, layers }
    }

    /// What was measured so far.
    pub(crate) fn sums(&self) -> Sums {
        let layers = self.layers.iter().map(|layer| (layer.norms, layer.certificate.progress().clone()));
        Sums { steps: self.steps, layers: layers.collect() }
    }

    /// Goes on from what was measured before; false where it belongs to another model.
    pub(crate) fn resume(&mut self, sums: Sums) -> bool {
        self.steps = sums.steps;
        let same = self.layers.len() == sums.layers.len();
        same && self.layers.iter_mut().zip(sums.layers).all(|(layer, (norms, progress))| {
            layer.norms = norms;
            layer.certificate.resume(progress)
        })
    }

    /// Whether the step, counted from 0, is one of the sample: the middles of equal parts of the run.
    pub(crate) fn is_due(&self, step: usize) -> bool {
        let part = step * self.samples / self.total_steps;
        step == (2 * part + 1) * self.total_steps / (2 * self.samples)
    }

    /// A forward pass that is observed wherever the measurement needs a value or a gradient.
    pub(crate) fn forward(&self, model: &Net, x: Tensor<4>) -> (Tensor<2>, Observed) {
        self.taps.forward(model, x)
    }

    /// Adds one step.
    pub(crate) fn record(&mut self, model: &Net, observed: &Observed, gradients: &Gradients) {
        let step = Step { model, observed, gradients };
        let read = self.read(&step);
        self.add(&read);
    }

    /// Of every bias, one value per parameter each: ∂J/∂b, Σ|∂J/∂z|, and the sum of the terms of the backward pass.
    fn read(&self, step: &Step<'_>) -> Vec<[Vec<f64>; 3]> {
        let terms = step.of_nodes(&self.taps);
        let mut parts: Vec<Tensor<1>> = Vec::new();
        for (bias, layer) in self.plan.biases.iter().zip(&self.layers) {
            let dz = step.gradient(bias.node);
            let bound = layer.route.as_ref().map(|route| route.bound(step.model, &dz, &terms));
            parts.extend(step.model.terms(bias.node).iter().map(|term| flat(term, step.gradients)));
            let size = dz.abs();
            parts.extend(over_terms(&bias.terms, &size));
            parts.extend(over_terms(&bias.terms, &bound.unwrap_or(size)));
        }
        if parts.is_empty() {
            return Vec::new();
        }
        let mut values = host(Tensor::cat(parts, 0)).into_iter();
        let mut take = |bias: &BiasPlan| values.by_ref().take(bias.terms.parameters()).collect();
        self.plan.biases.iter().map(|bias| [take(bias), take(bias), take(bias)]).collect()
    }

    fn add(&mut self, read: &[[Vec<f64>; 3]]) {
        self.steps += 1;
        for ((bias, layer), [gradient, absolute, terms]) in self.plan.biases.iter().zip(&mut self.layers).zip(read) {
            layer.certificate.add(StepSums { gradient, absolute, terms });
            layer.norms += Norms {
                gradient: norm(gradient),
                redundant: norm(&bias.redundancy.project(gradient)),
                round_off: bias.redundancy.round_off(absolute, self.unit_round_off),
            };
        }
    }

    /// The certificates, and the averages over the measured steps, with the norms of the biases as they are now. Empty where
    /// no step was measured or a norm is not finite, as in a run that diverges.
    pub(crate) fn finish(&self, model: &Net) -> Vec<LayerRedundancy> {
        if self.steps == 0 {
            return Vec::new();
        }
        let layer = |(bias, layer): (&BiasPlan, &Layer)| {
            let values = model.bias_parameters(bias.node);
            let mean = |sum: f64| sum / self.steps as f64;
            LayerRedundancy {
                layer: bias.layer.clone(),
                predicted_redundant: bias.redundancy.dimensions(),
                bias_parameters: values.len(),
                gradient_norm: mean(layer.norms.gradient),
                redundant_gradient_norm: mean(layer.norms.redundant),
                round_off: mean(layer.norms.round_off),
                bias_norm: norm(&values),
                redundant_bias_norm: norm(&bias.redundancy.project(&values)),
                certificate: Some(record(bias, &layer.certificate)),
                drift: Drift::default(),
            }
        };
        let layers: Vec<_> = self.plan.biases.iter().zip(&self.layers).map(layer).collect();
        if layers.iter().all(is_finite) { layers } else { Vec::new() }
    }
}

fn flat(term: &Param<Tensor<3>>, gradients: &Gradients) -> Tensor<1> {
    term.grad(gradients).expect("the loss depends on every bias").flatten(0, 2)
}

fn record(bias: &BiasPlan, certificate: &Certificate) -> CertificateRecord {
    let worst_ratio = Some(certificate.worst_ratio());
    CertificateRecord {
        finding: certificate.finding(),
        worst_ratio: worst_ratio.filter(|ratio| ratio.is_finite() && certificate.sets() > 0),
        sets: certificate.sets(),
        sets_without_evidence: certificate.sets_without_evidence(),
        path: bias.path.to_string(),
    }
}

fn is_finite(layer: &LayerRedundancy) -> bool {
    let norms = [layer.gradient_norm, layer.redundant_gradient_norm, layer.round_off, layer.bias_norm];
    norms.iter().all(|norm| norm.is_finite()) && layer.redundant_bias_norm.is_finite()
}
