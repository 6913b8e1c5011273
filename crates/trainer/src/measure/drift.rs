//! Records how each bias, and the part of it that the normalization removes, moves over a run.

use serde::{Deserialize, Serialize};
use untied_redundancy::{Mode, norm};
use untied_study::{Drift, LayerRedundancy};

use crate::model::net::Net;
use crate::model::plan::{BiasPlan, Plan};

/// About as many points as a plot can show.
const POINTS: usize = 32;

/// Follows the biases of one run.
pub(crate) struct DriftRecorder<'a> {
    plan: &'a Plan,
    /// Steps between two points.
    every: usize,
    course: Course,
}

/// What was recorded so far, per bias.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Course(Vec<Layer>);

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Layer {
    drift: Drift,
    /// The share of the redundant part in the norm's running mean: r ← (1 − momentum)·r + momentum·P·b.
    running: Vec<f64>,
}

impl<'a> DriftRecorder<'a> {
    pub(crate) fn new(plan: &'a Plan, total_steps: usize) -> Self {
        let layer = |bias: &BiasPlan| {
            let followed = if bias.follower.is_some() { bias.terms.parameters() } else { 0 };
            Layer { running: vec![0.0; followed], ..Layer::default() }
        };
        let course = Course(plan.biases.iter().map(layer).collect());
        Self { plan, every: total_steps.div_ceil(POINTS).max(1), course }
    }

    pub(crate) fn course(&self) -> &Course {
        &self.course
    }

    /// Goes on from what was recorded before; false, with nothing changed, where it belongs to another model.
    pub(crate) fn resume(&mut self, course: Course) -> bool {
        let lengths = |course: &Course| course.0.iter().map(|layer| layer.running.len()).collect::<Vec<_>>();
        let same = lengths(&course) == lengths(&self.course);
        if same {
            self.course = course;
        }
        same
    }

    /// Hears of every step's model, as the forward pass saw it; `done` steps were made before.
    pub(crate) fn follow(&mut self, model: &Net, done: usize) {
        if done > 0 && done.is_multiple_of(self.every) {
            self.record(model, done);
        }
        if model.plan().mode == Mode::FrozenNorm {
            return; // No running mean follows any more.
        }
        let momentum = self.plan.running_momentum;
        for (bias, layer) in self.plan.biases.iter().zip(&mut self.course.0) {
            if !layer.running.is_empty() {
                let redundant = bias.redundancy.project(&model.bias_parameters(bias.node));
                for (running, redundant) in layer.running.iter_mut().zip(redundant) {
                    *running += momentum * (redundant - *running);
                }
            }
        }
    }

    /// Adds a point for the model after `done` steps, unless it is there or a number is not finite.
    pub(crate) fn record(&mut self, model: &Net, done: usize) {
        for (bias, Layer { drift, running }) in self.plan.biases.iter().zip(&mut self.course.0) {
            let values = model.bias_parameters(bias.node);
            let redundant = bias.redundancy.project(&values);
            let lag: Vec<f64> = redundant.iter().zip(running.iter()).map(|(now, running)| now - running).collect();
            let norms = [norm(&values), norm(&redundant), norm(&lag)];
            if drift.steps.last() == Some(&done) || !norms.iter().all(|norm| norm.is_finite()) {
                continue;
            }
            drift.steps.push(done);
            drift.bias_norm.push(norms[0]);
            drift.redundant_bias_norm.push(norms[1]);
            if !running.is_empty() {
                drift.running_mean_lag.push(norms[2]);
            }
        }
    }

    /// Hands the courses to the layers they belong to, the first of each name.
    pub(crate) fn finish(&self, layers: &mut [LayerRedundancy]) {
        for (bias, course) in self.plan.biases.iter().zip(&self.course.0) {
            if let Some(layer) = layers.iter_mut().find(|layer| layer.layer == bias.layer) {
                layer.drift = course.drift.clone();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{DType, Device};
    use untied_study::{Bias, ModelConfig, Normalization};

    use super::*;

    #[test]
    fn the_running_mean_follows_a_jump_by_a_tenth_a_step() {
        let (bias, norm) = (Bias::Tied, Normalization::Batch);
        let model = ModelConfig { bias, norm, ..ModelConfig::new(vec![4]) };
        let plan = Plan::new(&model, [1, 4, 4], 2).unwrap();
        let mut net = Net::new(&plan, 0, &Device::flex().autodiff(), DType::F64);
        let mut recorder = DriftRecorder::new(&plan, 3);
        recorder.follow(&net, 0);
        let bias = plan.biases[0].node;
        net.set_terms(
            bias,
            net.terms(bias).iter().cloned().map(|term| term.map(|values| values.ones_like())).collect(),
        );
        for done in 1..3 {
            recorder.follow(&net, done);
        }
        recorder.record(&net, 3);
        let drift = &recorder.course().0[0].drift;
        assert_eq!((&drift.steps[..], &drift.bias_norm[..]), (&[1, 2, 3][..], &[2.0; 3][..]));
        let expected = [2.0, 2.0 * 0.9, 2.0 * 0.81];
        assert!(drift.running_mean_lag.iter().zip(expected).all(|(lag, expected)| (lag - expected).abs() < 1e-12));
    }
}
