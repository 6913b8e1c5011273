//! The learning rate of every step, by Burn's schedulers.

use burn::lr_scheduler::cosine::CosineAnnealingLrSchedulerConfig;
use burn::lr_scheduler::exponential::ExponentialLrSchedulerConfig;
use burn::lr_scheduler::linear::LinearLrSchedulerConfig;
use burn::lr_scheduler::module_lr_scheduler::ModuleLrScheduler;
use untied_study::{Schedule, TrainConfig};

use crate::TrainerError;

/// Learning rates, one after the other.
pub(crate) struct LearningRates {
    /// Starts at 1: Burn's schedulers take no rate above 1, the optimizers do.
    share: Option<ModuleLrScheduler>,
    per_epoch: bool,
    learning_rate: f64,
    steps_per_epoch: usize,
    step: usize,
    current: f64,
}

impl LearningRates {
    pub(crate) fn new(config: &TrainConfig, steps_per_epoch: usize) -> Result<Self, TrainerError> {
        let learning_rate = config.optimizer.learning_rate();
        // The first step has the full rate, so that the last of n steps is n − 1 further.
        let last = (steps_per_epoch * config.epochs - 1).max(1);
        let share = match config.schedule {
            Schedule::Constant => None,
            Schedule::Cosine { min_learning_rate } => {
                let cosine = CosineAnnealingLrSchedulerConfig::new(1.0, last);
                Some(cosine.with_min_lr(min_learning_rate / learning_rate).init())
            }
            Schedule::Linear { final_learning_rate } => {
                Some(LinearLrSchedulerConfig::new(1.0, final_learning_rate / learning_rate, last).init())
            }
            Schedule::Exponential { gamma } => Some(ExponentialLrSchedulerConfig::new(1.0, gamma).init()),
        };
        Ok(Self {
            share: share.transpose().map_err(TrainerError::Schedule)?,
            per_epoch: matches!(config.schedule, Schedule::Exponential { .. }),
            learning_rate,
            steps_per_epoch,
            step: 0,
            current: learning_rate,
        })
    }

    /// The rate of the next step.
    pub(crate) fn next(&mut self) -> f64 {
        let due = !self.per_epoch || self.step.is_multiple_of(self.steps_per_epoch);
        if let Some(share) = self.share.as_mut().filter(|_| due) {
            self.current = self.learning_rate * share.step().base();
        }
        self.step += 1;
        self.current
    }

    /// Leaves out the rates of so many steps, which were taken before.
    pub(crate) fn skip(&mut self, steps: usize) {
        for _ in 0..steps {
            self.next();
        }
    }
}

#[cfg(test)]
mod tests {
    use untied_study::{Device, Dtype, Optimizer, Projection};

    use super::*;

    /// Two epochs of two steps.
    fn new(schedule: Schedule) -> Result<LearningRates, TrainerError> {
        let optimizer =
            Optimizer::Sgd { learning_rate: 2.0, momentum: 0.0, dampening: 0.0, nesterov: false, weight_decay: 0.0 };
        let config = TrainConfig {
            epochs: 2,
            batch_size: 1,
            optimizer,
            schedule,
            label_smoothing: 0.0,
            dtype: Dtype::F32,
            device: Device::Flex,
            project_redundant: Projection::None,
            save_model: false,
        };
        LearningRates::new(&config, 2)
    }

    fn rates(schedule: Schedule) -> Vec<f64> {
        let mut rates = new(schedule).expect("a schedule");
        (0..4).map(|_| rates.next()).collect()
    }

    fn assert_close(got: &[f64], expected: &[f64]) {
        assert!(got.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{got:?} instead of {expected:?}");
    }

    #[test]
    fn each_schedule_starts_at_the_full_rate_and_ends_as_told() {
        assert_close(&rates(Schedule::Constant), &[2.0, 2.0, 2.0, 2.0]);
        assert_close(&rates(Schedule::Cosine { min_learning_rate: 0.0 }), &[2.0, 1.5, 0.5, 0.0]);
        assert_close(&rates(Schedule::Linear { final_learning_rate: 0.5 }), &[2.0, 1.5, 1.0, 0.5]);
        assert_close(&rates(Schedule::Exponential { gamma: 0.1 }), &[2.0, 2.0, 0.2, 0.2]);
    }

    #[test]
    fn a_schedule_that_burn_refuses_is_an_error() {
        let error = new(Schedule::Cosine { min_learning_rate: 3.0 }).err().unwrap();
        assert!(error.to_string().starts_with("train.schedule: "), "{error}");
    }
}
