//! Measures, while training, how much of each bias gradient lies in the part that the network removes.
//!
//! A measured step gives, per bias: the gradient ∂J/∂b; ∂J/∂z, the gradient of the tensor that the bias is added to; and
//! the terms that the backward pass subtracts from each other to get ∂J/∂z.
//! They go into a [`Certificate`] of every redundant set, and, as a description, into averages of L2 norms.

mod observed;
mod phases;
mod route;
mod statistics_sets;
mod sums;
mod tap;
mod terms;
#[cfg(test)]
mod tests;

use std::ops::Range;

use burn::module::Param;
use burn::tensor::{Gradients, Tensor};
use untied_redundancy::{Certificate, Mode, Redundancy, StepSums, UNIT_ROUND_OFF_F32, UNIT_ROUND_OFF_F64, norm};
use untied_study::{CertificateRecord, Drift, Dtype, LayerRedundancy};

use crate::model::net::Net;
use crate::model::plan::{BiasPlan, Plan};
use crate::model::tensors::host;
pub(crate) use observed::Observed;
use observed::Taps;
pub(crate) use phases::Measurements;
use route::Route;
use sums::Norms;
pub(crate) use sums::Sums;

/// Most steps of a run that are measured, and the share of them. A measured step takes up to six times the CPU time of
/// another (batch norm on 16×28×28), so that measuring costs up to a twentieth of a run.
const MOST_STEPS: usize = 16;
const ONE_STEP_IN: usize = 100;

/// What the measured steps of a run, or of a part of it, add up to.
pub(crate) struct Measurement<'a> {
    plan: &'a Plan,
    /// What norms are taken of: the redundant parts of the plan, or those of the plan before batch norm was frozen.
    parts: Vec<&'a Redundancy>,
    unit_round_off: f64,
    /// Of the run, counted from 0.
    part_of_run: Range<usize>,
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
    pub(crate) fn new(plan: &'a Plan, parts: Vec<&'a Redundancy>, dtype: Dtype, part_of_run: Range<usize>) -> Self {
        let unit_round_off = match dtype {
            Dtype::F32 => UNIT_ROUND_OFF_F32,
            Dtype::F64 => UNIT_ROUND_OFF_F64,
        };
        let layer = |bias: &BiasPlan| Layer {
            route: bias.redundancy.sets().next().is_some().then(|| Route::new(plan, bias.node)),
            certificate: Certificate::new(&bias.redundancy, unit_round_off),
            norms: Norms::default(),
        };
        let layers: Vec<Layer> = plan.biases.iter().map(layer).collect();
        let samples = (part_of_run.len() / ONE_STEP_IN).clamp(1, MOST_STEPS);
        let taps = Taps::new(plan, layers.iter().filter_map(|layer| layer.route.as_ref()));
        Self { plan, parts, unit_round_off, part_of_run, samples, taps, steps: 0, layers }
    }

    /// Of a whole run of one plan.
    #[cfg(test)]
    pub(crate) fn of_run(plan: &'a Plan, dtype: Dtype, steps: usize) -> Self {
        Self::new(plan, plan.biases.iter().map(|bias| &bias.redundancy).collect(), dtype, 0..steps)
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

    /// Whether the step of the run, counted from 0, is one of the sample: the middles of equal parts of the steps.
    pub(crate) fn is_due(&self, step: usize) -> bool {
        if !self.part_of_run.contains(&step) {
            return false;
        }
        let (step, steps) = (step - self.part_of_run.start, self.part_of_run.len());
        let part = step * self.samples / steps;
        step == (2 * part + 1) * steps / (2 * self.samples)
    }

    /// A forward pass that is observed wherever the measurement needs a value or a gradient.
    pub(crate) fn forward(&self, model: &Net, x: Tensor<4>) -> (Tensor<2>, Observed) {
        self.taps.forward(model, x)
    }

    /// Adds one step, whose backward pass is over.
    pub(crate) fn record(&mut self, model: &Net, observed: &Observed, gradients: &Gradients) {
        let read = self.read(model, observed, gradients);
        self.add(&read);
    }

    /// Of every bias, one value per parameter each: ∂J/∂b, Σ|∂J/∂z|, and the sum of the terms of the backward pass.
    fn read(&self, model: &Net, observed: &Observed, gradients: &Gradients) -> Vec<[Vec<f64>; 3]> {
        let sums = observed.sums();
        let of_bias = |(bias, layer): (&BiasPlan, &Layer)| {
            let gradient = model.terms(bias.node).iter().flat_map(|term| gradient(term, gradients));
            let absolute = bias.terms.transpose(&sums.absolute[&bias.node]);
            let terms = layer.route.as_ref().map(|route| {
                let e = route.bound(model, &sums.terms);
                bias.terms.transpose(&e.iter().map(|e| e + sums.images as f64 * sums.least).collect::<Vec<f64>>())
            });
            [gradient.collect(), absolute.clone(), terms.unwrap_or(absolute)]
        };
        self.plan.biases.iter().zip(&self.layers).map(of_bias).collect()
    }

    fn add(&mut self, read: &[[Vec<f64>; 3]]) {
        self.steps += 1;
        for ((part, layer), [gradient, absolute, terms]) in self.parts.iter().zip(&mut self.layers).zip(read) {
            layer.certificate.add(StepSums { gradient, absolute, terms });
            layer.norms += Norms {
                gradient: norm(gradient),
                redundant: norm(&part.project(gradient)),
                round_off: part.round_off(absolute, self.unit_round_off),
            };
        }
    }

    /// The certificates, and the averages over the measured steps, with the norms of the biases as they are now. Empty where
    /// no step was measured or a norm is not finite, as in a run that diverges.
    pub(crate) fn finish(&self, model: &Net) -> Vec<LayerRedundancy> {
        if self.steps == 0 {
            return Vec::new();
        }
        let layer = |((bias, part), layer): ((&BiasPlan, &&Redundancy), &Layer)| {
            let values = model.bias_parameters(bias.node);
            let mean = |sum: f64| sum / self.steps as f64;
            LayerRedundancy {
                layer: bias.layer.clone(),
                frozen: self.plan.mode == Mode::FrozenNorm,
                predicted_redundant: bias.redundancy.dimensions(),
                bias_parameters: values.len(),
                gradient_norm: mean(layer.norms.gradient),
                redundant_gradient_norm: mean(layer.norms.redundant),
                round_off: mean(layer.norms.round_off),
                bias_norm: norm(&values),
                redundant_bias_norm: norm(&part.project(&values)),
                certificate: Some(record(bias, &layer.certificate)),
                drift: Drift::default(),
            }
        };
        let layers: Vec<_> = self.plan.biases.iter().zip(&self.parts).zip(&self.layers).map(layer).collect();
        if layers.iter().all(is_finite) { layers } else { Vec::new() }
    }
}

fn gradient(term: &Param<Tensor<3>>, gradients: &Gradients) -> Vec<f64> {
    host(term.grad(gradients).expect("the loss depends on every bias"))
}

fn record(bias: &BiasPlan, certificate: &Certificate) -> CertificateRecord {
    let worst_ratio = Some(certificate.worst_ratio());
    CertificateRecord {
        finding: certificate.finding(),
        worst_ratio: worst_ratio.filter(|ratio| ratio.is_finite() && certificate.sets() > 0),
        sets: certificate.sets(),
        sets_without_evidence: certificate.sets_without_evidence(),
        path: why(bias, certificate.sets()),
    }
}

/// The reason of all that is redundant: the network's, and that the bias's own terms can exchange some of it.
fn why(bias: &BiasPlan, sets: usize) -> String {
    let exchanges = sets - bias.redundancy.sets().count();
    let path = bias.path.to_string();
    match (exchanges, path.strip_prefix("at work")) {
        (0, _) => path,
        (_, None) => format!("{exchanges} exchanged between its own terms; {path}"),
        (_, Some(place)) => format!("{exchanges} exchanged between its own terms; the rest is at work{place}"),
    }
}

fn is_finite(layer: &LayerRedundancy) -> bool {
    let norms = [layer.gradient_norm, layer.redundant_gradient_norm, layer.round_off, layer.bias_norm];
    norms.iter().all(|norm| norm.is_finite()) && layer.redundant_bias_norm.is_finite()
}
