//! Batch norm that is frozen from an epoch on.

use crate::model::plan::Plan;

/// Where a run freezes batch norm.
pub(crate) struct Freezing<'a> {
    /// The epochs before.
    after: usize,
    /// The plan before.
    trained: &'a Plan,
    /// The plan after.
    frozen: &'a Plan,
}

impl<'a> Freezing<'a> {
    /// None where `frozen` says that nothing is.
    pub(super) fn new(after: Option<usize>, trained: &'a Plan, frozen: Option<&'a Plan>) -> Option<Self> {
        Some(Self { after: after?, trained, frozen: frozen? })
    }

    /// The first step, counted from 0, with frozen norms, and the plan from there on.
    pub(super) fn from(&self, steps_per_epoch: usize) -> (usize, &'a Plan) {
        (self.after * steps_per_epoch, self.frozen)
    }

    /// The plan of an epoch, counted from 0, with frozen norms; none before.
    pub(super) fn frozen_in(&self, epoch: usize) -> Option<&'a Plan> {
        (epoch >= self.after).then_some(self.frozen)
    }

    /// The plan that an epoch, counted from 0, follows.
    pub(super) fn plan_of(&self, epoch: usize) -> &'a Plan {
        self.frozen_in(epoch).unwrap_or(self.trained)
    }
}
