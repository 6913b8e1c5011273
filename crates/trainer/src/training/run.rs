//! A run under way, and the result it comes to.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use burn::optim::ModuleOptimizer;
use burn::tensor::Device;
use untied_study::{Answers, CellConfig, CellResult, Confusion, Curves, Event, Measured, Metrics, Parameters, Status};

use crate::data::Split;
use crate::data::transform::augmentation::Augmentation;
use crate::data::transform::batch::Input;
use crate::data::transform::shift::pattern;
use crate::emit::Emit;
use crate::measure::Subject;
use crate::measure::bias_gradient::Measurements;
use crate::measure::drift::DriftRecorder;
use crate::model::net::Net;
use crate::optimization::application::Application;
use crate::optimization::optimizer::optimizer;
use crate::optimization::schedule::LearningRates;
use crate::prepare::Prepared;
use crate::provenance::provenance;
use crate::random::Generator;
use crate::training::evaluated::Evaluated;
use crate::training::freezing::Freezing;
use crate::training::storage::store;
use crate::{TrainerError, device};

/// Where and why a run's loss stopped being a number.
pub(crate) struct Divergence {
    pub(crate) epoch: usize,
    pub(crate) step: usize,
    pub(crate) reason: String,
}

/// A run as it stood after its best epoch.
pub(crate) struct Best {
    /// The index of the epoch.
    pub(crate) epoch: usize,
    pub(crate) model: Net,
    /// To the test images.
    pub(crate) answers: Answers,
    /// How many of them of each class got which answer.
    pub(crate) confusion: Confusion,
}

/// A run under way.
pub(crate) struct Run<'a> {
    pub(crate) subject: Subject<'a>,
    pub(crate) steps_per_epoch: usize,
    pub(crate) optimizer: ModuleOptimizer,
    pub(crate) learning_rates: LearningRates,
    /// Of the training images, in training steps alone.
    pub(crate) augmentation: Option<Augmentation>,
    /// Where batch norm is frozen, if it is at all.
    pub(crate) freezing: Option<Freezing<'a>>,
    pub(crate) measurements: Measurements<'a>,
    pub(crate) drift: DriftRecorder<'a>,
    pub(crate) parameters: Parameters,
    pub(crate) curves: Curves,
    pub(crate) step_losses: Vec<f64>,
    /// To the test images, after the last epoch.
    pub(crate) answers: Answers,
    /// How many of them of each class got which answer.
    pub(crate) confusion: Confusion,
    /// The epoch that `train.best_epoch` chooses, of those so far.
    pub(crate) best: Option<Best>,
    /// Metrics by the running statistics that were estimated again after training.
    pub(crate) reestimated: Option<Evaluated>,
    /// What is odd about the data.
    pub(crate) warnings: &'a [String],
    /// Of what is trained on and from, by name.
    pub(crate) checksums: &'a BTreeMap<String, String>,
    /// Spent in training steps.
    pub(crate) trained: Duration,
    pub(crate) last_progress: Option<Instant>,
}

impl<'a> Run<'a> {
    pub(crate) fn new(config: &'a CellConfig, prepared: &'a Prepared, device: &Device) -> Result<Self, TrainerError> {
        let Prepared { dataset, standardisation, plan, frozen, start, warnings, checksums } = prepared;
        let Split { channels, height, width, .. } = dataset.train;
        let device = device.clone().autodiff();
        let dtype = device::burn_dtype(config.train.dtype);
        let generator = Generator::new(config.seed);
        let shift = config
            .data
            .shift
            .map(|shift| pattern(shift.pattern, generator, 0, shift.strength, [channels, height, width]));
        let steps_per_epoch = dataset.train.count / config.train.batch_size;
        let steps = steps_per_epoch * config.train.epochs;
        let freezing = Freezing::new(config.train.freeze_norm.after(), plan, frozen.as_ref());
        let frozen = freezing.as_ref().map(|freezing| freezing.from(steps_per_epoch));
        Ok(Self {
            learning_rates: LearningRates::new(&config.train, steps_per_epoch)?,
            augmentation: config.data.augment.map(|augment| Augmentation::new(augment, generator)),
            measurements: Measurements::new(plan, frozen, config.train.dtype, steps),
            drift: DriftRecorder::new(plan, steps),
            freezing,
            parameters: plan.parameters(),
            optimizer: optimizer(&config.train.optimizer, Application::of(&config.train, &device)),
            curves: Curves::default(),
            step_losses: Vec::new(),
            answers: Answers::default(),
            confusion: Confusion::default(),
            best: None,
            reestimated: None,
            warnings,
            checksums,
            trained: Duration::ZERO,
            last_progress: None,
            subject: Subject {
                config,
                plan,
                dataset,
                input: Input::new(standardisation.clone(), shift),
                dtype,
                generator,
                model: store(Net::started(plan, start, config.seed, &device, dtype), config.train.store_weights),
                device,
            },
            steps_per_epoch,
        })
    }

    /// Epochs that are over.
    pub(crate) fn epochs(&self) -> usize {
        self.curves.test_loss.len()
    }

    pub(crate) fn images_per_second(&self) -> f64 {
        speed(self.step_losses.len() * self.subject.config.train.batch_size, self.trained)
    }

    /// Whether no epoch follows.
    pub(crate) fn is_over(&self) -> bool {
        let train = &self.subject.config.train;
        self.epochs() >= train.epochs || train.early_stopping.is_some_and(|stopping| self.curves.is_over(stopping))
    }

    /// Keeps the model where the epoch that has just ended is the best so far, by the validation images alone.
    pub(crate) fn note_best(&mut self) {
        let metric = self.subject.config.train.best_epoch;
        let best = metric.and_then(|metric| self.curves.best_epoch(metric));
        if let Some(epoch) = best.filter(|best| best + 1 == self.epochs()) {
            let (answers, confusion) = (self.answers.clone(), self.confusion.clone());
            self.best = Some(Best { epoch, model: self.subject.model.copy(), answers, confusion });
        }
    }

    /// Puts the model of the best epoch in place of the last one, where the config asks for it.
    pub(crate) fn return_to_best(&mut self) {
        let Some(Best { model, answers, confusion, epoch }) = &self.best else { return };
        let epoch = *epoch;
        self.drift.record(&self.subject.model, self.step_losses.len());
        (self.subject.model, self.answers) = (model.clone(), answers.clone());
        self.confusion.clone_from(confusion);
        self.return_to_plan_of(epoch);
    }

    /// The result, with what was measured on the trained model.
    pub(crate) fn finish(
        mut self,
        diverged: Option<Divergence>,
        measured: Measured,
        emit: &mut Emit<'_>,
    ) -> CellResult {
        let chosen = self.best.as_ref().map(|best| best.epoch).filter(|_| diverged.is_none());
        let at = chosen.or(self.epochs().checked_sub(1)).filter(|_| diverged.is_none());
        let value = |curve: &[f64]| at.and_then(|epoch| curve.get(epoch).copied());
        let mut metrics = Metrics {
            test_accuracy: value(&self.curves.test_accuracy),
            test_loss: value(&self.curves.test_loss),
            train_loss: value(&self.curves.train_loss),
            validation_accuracy: value(&self.curves.validation_accuracy),
            validation_loss: value(&self.curves.validation_loss),
        };
        if let Some(Evaluated { test, validation }) = self.reestimated.take().filter(|_| diverged.is_none()) {
            (metrics.test_accuracy, metrics.test_loss) = (Some(test.accuracy), Some(test.loss));
            metrics.validation_accuracy = validation.as_ref().map(|set| set.accuracy);
            metrics.validation_loss = validation.map(|set| set.loss);
        }
        match (&diverged, metrics) {
            (Some(Divergence { epoch, step, .. }), _) => emit(&Event::Diverged { epoch: *epoch, step: *step }),
            (None, Metrics { test_accuracy: Some(test_accuracy), test_loss: Some(test_loss), .. }) => {
                emit(&Event::Finished { test_accuracy, test_loss });
            }
            _ => {}
        }
        self.drift.record(&self.subject.model, self.step_losses.len());
        let mut redundancy = self.measurements.finish(&self.subject.model);
        self.drift.finish(&mut redundancy);
        CellResult {
            status: if diverged.is_some() { Status::Diverged } else { Status::Finished },
            metrics,
            parameters: self.parameters,
            epochs: self.epochs(),
            best_epoch: chosen.map(|epoch| epoch + 1),
            steps: self.step_losses.len(),
            test_images: self.subject.dataset.test.count,
            answers: if diverged.is_none() { std::mem::take(&mut self.answers) } else { Answers::default() },
            confusion: if diverged.is_none() { std::mem::take(&mut self.confusion) } else { Confusion::default() },
            warnings: self.warnings.to_vec(),
            largest_class: self.subject.dataset.test.largest_class(),
            train_seconds: self.trained.as_secs_f64(),
            images_per_second: self.images_per_second(),
            redundancy,
            provenance: provenance(self.subject.config, self.subject.dataset, self.checksums),
            reason: diverged.map(|divergence| divergence.reason),
            curves: self.curves,
            measured,
            step_losses: self.step_losses,
        }
    }

    /// Freezes batch norm, if it is to be in the epoch that begins or goes on.
    pub(super) fn freeze(&mut self) {
        let Some(frozen) = self.freezing.as_ref().and_then(|freezing| freezing.frozen_in(self.epochs())) else {
            return;
        };
        self.subject.plan = frozen;
        self.subject.model.freeze_norms(frozen);
    }

    /// Puts the plan of an epoch, counted from 0, in place of that of the last one.
    pub(super) fn return_to_plan_of(&mut self, epoch: usize) {
        if let Some(freezing) = &self.freezing {
            self.subject.plan = freezing.plan_of(epoch);
        }
    }
}

/// Images a second; 0 where the clock has not moved, since an infinite number could not be kept.
fn speed(images: usize, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { images as f64 / time.as_secs_f64() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_stands_still_costs_no_result() {
        assert_eq!([Duration::ZERO, Duration::from_millis(500)].map(|time| speed(30, time)).to_vec(), [0.0, 60.0]);
        assert!(speed(usize::MAX, Duration::from_nanos(1)).is_finite());
    }
}
