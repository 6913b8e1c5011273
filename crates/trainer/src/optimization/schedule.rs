//! The learning rate of every step: Burn's schedulers, behind a warm-up; and the one-cycle policy, which Burn lacks.

use std::f64::consts::PI;

use burn::lr_scheduler::LrSchedulerConfig;
use burn::lr_scheduler::cosine::CosineAnnealingLrSchedulerConfig;
use burn::lr_scheduler::exponential::ExponentialLrSchedulerConfig;
use burn::lr_scheduler::linear::LinearLrSchedulerConfig;
use burn::lr_scheduler::module_lr_scheduler::ModuleLrScheduler;
use burn::lr_scheduler::sequential::SequentialLrSchedulerConfig;
use untied_study::{Schedule, TrainConfig};

use crate::TrainerError;

/// Learning rates, one after the other.
pub(crate) struct LearningRates {
    course: Course,
    learning_rate: f64,
    /// Steps before the course, in which the rate grows.
    warmup: usize,
    step: usize,
    current: f64,
}

/// The rates behind the warm-up, as shares of the optimizer's.
enum Course {
    Constant,
    /// Starts at 1: Burn's schedulers take no rate above 1, the optimizers do. Asked once in `every` steps.
    Burn {
        share: ModuleLrScheduler,
        every: usize,
    },
    OneCycle(OneCycle),
}

impl LearningRates {
    pub(crate) fn new(config: &TrainConfig, steps_per_epoch: usize) -> Result<Self, TrainerError> {
        let learning_rate = config.optimizer.learning_rate();
        let steps = steps_per_epoch * config.epochs;
        let warmup = (config.warmup_epochs * steps_per_epoch as f64).round() as usize;
        // The first step has the full rate, so that the last of n steps is n − 1 further.
        let last = steps.saturating_sub(warmup + 1).max(1);
        let per_step = |share| (share, 1);
        let share = match &config.schedule {
            Schedule::Constant | Schedule::OneCycle { .. } => None,
            Schedule::Cosine { min_learning_rate } => {
                let cosine = CosineAnnealingLrSchedulerConfig::new(1.0, last);
                Some(per_step(cosine.with_min_lr(min_learning_rate / learning_rate).init()))
            }
            Schedule::Linear { final_learning_rate } => {
                Some(per_step(LinearLrSchedulerConfig::new(1.0, final_learning_rate / learning_rate, last).init()))
            }
            Schedule::Exponential { gamma } => {
                Some((ExponentialLrSchedulerConfig::new(1.0, *gamma).init(), steps_per_epoch))
            }
            Schedule::Steps { milestones, gamma } => {
                let ends =
                    milestones.iter().map(|epochs| epochs.saturating_mul(steps_per_epoch).saturating_sub(warmup));
                Some(per_step(staircase(ends, *gamma)))
            }
        };
        let course = match (share, &config.schedule) {
            (Some((share, every)), _) => Course::Burn { share: share.map_err(TrainerError::Schedule)?, every },
            (None, &Schedule::OneCycle { pct_start, div_factor, final_div_factor }) => {
                Course::OneCycle(OneCycle { steps: steps as f64, pct_start, div_factor, final_div_factor })
            }
            (None, _) => Course::Constant,
        };
        Ok(Self { course, learning_rate, warmup, step: 0, current: learning_rate })
    }

    /// The rate of the next step.
    pub(crate) fn next(&mut self) -> f64 {
        let step = self.step;
        self.step += 1;
        let Some(after) = step.checked_sub(self.warmup) else {
            return self.learning_rate * self.step as f64 / self.warmup as f64;
        };
        match &mut self.course {
            Course::Burn { share, every } if after.is_multiple_of(*every) => {
                self.current = self.learning_rate * share.step().base();
            }
            Course::OneCycle(cycle) => self.current = self.learning_rate * cycle.share(after as f64),
            Course::Burn { .. } | Course::Constant => {}
        }
        self.current
    }

    /// Leaves out the rates of so many steps, which were taken before.
    pub(crate) fn skip(&mut self, steps: usize) {
        for _ in 0..steps {
            self.next();
        }
    }
}

/// 1, and `gamma` times as much after each of these numbers of steps; an end at the start has no step before it.
fn staircase(ends: impl Iterator<Item = usize>, gamma: f64) -> Result<ModuleLrScheduler, String> {
    let (mut shares, mut milestones, mut share) = (vec![LrSchedulerConfig::Constant(1.0)], Vec::new(), 1.0);
    for end in ends {
        share *= gamma;
        if end == 0 {
            shares.clear();
        } else {
            milestones.push(end);
        }
        shares.push(LrSchedulerConfig::Constant(share));
    }
    SequentialLrSchedulerConfig::new(shares, milestones).init()
}

/// Half a cosine up, half a cosine down.
///
/// Source: Smith and Topin 2018, Super-Convergence; with the shape, names and defaults of PyTorch's `OneCycleLR`, where the
/// rate is highest at step `pct_start·steps − 1`.
struct OneCycle {
    steps: f64,
    pct_start: f64,
    div_factor: f64,
    final_div_factor: f64,
}

impl OneCycle {
    /// The rate of a step, from 0, as a share of the highest.
    fn share(&self, step: f64) -> f64 {
        let (first, top) = (1.0 / self.div_factor, self.pct_start * self.steps - 1.0);
        if step < top {
            half_cosine(first, 1.0, step / top)
        } else {
            half_cosine(1.0, first / self.final_div_factor, (step - top) / (self.steps - 1.0 - top))
        }
    }
}

/// From one value to another one, as `done` goes from 0 to 1.
fn half_cosine(from: f64, to: f64, done: f64) -> f64 {
    to + (from - to) / 2.0 * (1.0 + (PI * done).cos())
}

#[cfg(test)]
mod tests {
    use untied_study::Optimizer;

    use super::*;

    fn sgd() -> Optimizer {
        Optimizer::Sgd { learning_rate: 2.0, momentum: 0.0, dampening: 0.0, nesterov: false, weight_decay: 0.0 }
    }

    /// Two epochs of two steps.
    fn new(schedule: Schedule, warmup_epochs: f64) -> Result<LearningRates, TrainerError> {
        let config = TrainConfig { schedule, warmup_epochs, ..TrainConfig::new(2, 1, sgd()) };
        LearningRates::new(&config, 2)
    }

    fn rates(schedule: Schedule) -> Vec<f64> {
        warmed_up(schedule, 0.0)
    }

    fn warmed_up(schedule: Schedule, epochs: f64) -> Vec<f64> {
        let mut rates = new(schedule, epochs).expect("a schedule");
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
    fn steps_end_with_their_epochs() {
        let steps = |milestones: &[usize]| Schedule::Steps { milestones: milestones.to_vec(), gamma: 0.1 };
        assert_close(&rates(steps(&[1])), &[2.0, 2.0, 0.2, 0.2]);
        assert_close(&rates(steps(&[2, 700])), &[2.0, 2.0, 2.0, 2.0]);
        // Counted from the run's start, warm-up or not.
        assert_close(&warmed_up(steps(&[1]), 0.5), &[2.0, 2.0, 0.2, 0.2]);
        assert_close(&warmed_up(steps(&[1]), 1.0), &[1.0, 2.0, 0.2, 0.2]);
        let config = TrainConfig { schedule: steps(&[3, 5]), ..TrainConfig::new(7, 1, sgd()) };
        let mut rates = LearningRates::new(&config, 1).unwrap();
        assert_close(&(0..7).map(|_| rates.next()).collect::<Vec<_>>(), &[2.0, 2.0, 2.0, 0.2, 0.2, 0.02, 0.02]);
    }

    #[test]
    fn a_warm_up_grows_to_the_full_rate_and_the_schedule_spans_the_rest() {
        assert_close(&warmed_up(Schedule::Constant, 1.0), &[1.0, 2.0, 2.0, 2.0]);
        assert_close(&warmed_up(Schedule::Constant, 1.5), &[2.0 / 3.0, 4.0 / 3.0, 2.0, 2.0]);
        assert_close(&warmed_up(Schedule::Linear { final_learning_rate: 0.5 }, 0.5), &[2.0, 2.0, 1.25, 0.5]);
        assert_close(&warmed_up(Schedule::Cosine { min_learning_rate: 0.0 }, 0.5), &[2.0, 2.0, 1.0, 0.0]);
        assert_close(&warmed_up(Schedule::Exponential { gamma: 0.1 }, 0.5), &[2.0, 2.0, 2.0, 0.2]);
    }

    const ONE_CYCLE: [f64; 10] = [
        0.08,
        1.04,
        2.0,
        1.9009692640269473,
        1.6234913078995261,
        1.2225240438725786,
        0.7774839561274215,
        0.37651669210047395,
        0.09903873597305257,
        8e-06,
    ];

    /// `torch.optim.lr_scheduler.OneCycleLR(torch.optim.SGD(p, 2.0), 2.0, total_steps=10, cycle_momentum=False)`, its
    /// `get_last_lr()` before each `step()`.
    #[test]
    fn the_one_cycle_is_pytorchs() {
        let one_cycle = Schedule::OneCycle { pct_start: 0.3, div_factor: 25.0, final_div_factor: 1e4 };
        let config = TrainConfig { schedule: one_cycle, ..TrainConfig::new(5, 1, sgd()) };
        let mut rates = LearningRates::new(&config, 2).unwrap();
        let rates: Vec<f64> = (0..10).map(|_| rates.next()).collect();
        assert_close(&rates, &ONE_CYCLE);
    }

    #[test]
    fn a_schedule_that_burn_refuses_is_an_error() {
        let error = new(Schedule::Cosine { min_learning_rate: 3.0 }, 0.0).err().unwrap();
        assert!(error.to_string().starts_with("train.schedule: "), "{error}");
    }
}
