//! The measurements of a run, one for each plan that it follows.

use std::ops::Range;

use untied_study::{Dtype, LayerRedundancy};

use super::{Measurement, Sums};
use crate::model::net::Net;
use crate::model::plan::Plan;

/// What is measured before batch norm is frozen, and after: each phase has its own certificates, by its own plan.
pub(crate) struct Measurements<'a>(Vec<Measurement<'a>>);

impl<'a> Measurements<'a> {
    /// Of a run of so many steps. From a step on, it may follow the plan of frozen norms.
    pub(crate) fn new(plan: &'a Plan, frozen: Option<(usize, &'a Plan)>, dtype: Dtype, steps: usize) -> Self {
        let from = frozen.map_or(steps, |(from, _)| from);
        let phase = |phase_plan: &'a Plan, steps: Range<usize>| {
            let formerly = plan.biases.iter().map(|bias| &bias.redundancy).collect();
            Measurement::new(phase_plan, formerly, dtype, steps)
        };
        let frozen = frozen.map(|(from, frozen)| phase(frozen, from..steps));
        Self([phase(plan, 0..from)].into_iter().chain(frozen).collect())
    }

    /// The measurement of a step, counted from 0, if it is one of the sample.
    pub(crate) fn due(&self, step: usize) -> Option<&Measurement<'a>> {
        self.0.iter().find(|measurement| measurement.is_due(step))
    }

    /// As [`due`](Self::due).
    pub(crate) fn due_mut(&mut self, step: usize) -> Option<&mut Measurement<'a>> {
        self.0.iter_mut().find(|measurement| measurement.is_due(step))
    }

    /// What was measured so far.
    pub(crate) fn sums(&self) -> Vec<Sums> {
        self.0.iter().map(Measurement::sums).collect()
    }

    /// Goes on from what was measured before; false where it belongs to another run.
    pub(crate) fn resume(&mut self, sums: Vec<Sums>) -> bool {
        self.0.len() == sums.len() && self.0.iter_mut().zip(sums).all(|(measurement, sums)| measurement.resume(sums))
    }

    /// The layers of every phase, as [`Measurement::finish`] has them.
    pub(crate) fn finish(&self, model: &Net) -> Vec<LayerRedundancy> {
        self.0.iter().flat_map(|measurement| measurement.finish(model)).collect()
    }
}
