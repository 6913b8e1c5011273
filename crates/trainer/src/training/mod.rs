//! The training loop of one cell.

mod batch;
mod checkpoint;
mod evaluated;
mod freezing;
mod projection;
mod reestimation;
mod run;
mod storage;

use std::time::{Duration, Instant};

use burn::optim::GradientsParams;
use untied_study::{CellConfig, CellResult, Event, Measured, Projection};

use crate::emit::Emit;
use crate::export::TrainedModel;
use crate::model::dropout::Draws;
use crate::optimization::loss::smoothed_cross_entropy;
use crate::prepare::prepare;
use crate::{TrainerError, device, measure};
use batch::Batch;
use checkpoint::Keeper;
use evaluated::Evaluated;
use run::{Divergence, Run};

pub use checkpoint::Checkpoints;

/// Time between two events of progress.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// Trains one cell and returns its result; `emit` hears of every epoch and, a few times a second, of progress.
///
/// Equal configs give equal results, timing aside, on one machine and device. A loss that turns NaN or infinite ends
/// the run as [`Status::Diverged`](untied_study::Status::Diverged), which is a result.
///
/// # Errors
/// As [`check`](crate::check), before anything is trained.
pub fn train(config: &CellConfig, emit: &mut Emit<'_>) -> Result<CellResult, TrainerError> {
    let mut keep = |_: &[u8]| Ok(());
    let checkpoints = Checkpoints { last: None, commit: None, every: Duration::MAX, keep: &mut keep };
    resume(config, checkpoints, emit).map(|trained| trained.result)
}

/// What a run comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Trained {
    /// Losses, metrics and measurements.
    pub result: CellResult,
    /// The trained model as a `.safetensors` file, where `train.save_model` asks for it and the run did not diverge.
    pub model: Option<Vec<u8>>,
}

/// [`train`] that goes on from a checkpoint and keeps new ones.
///
/// The result is that of a run from start to end, timing aside. A checkpoint of other data, or of another version or
/// commit of this program, is left aside with an [`Event::Warning`].
///
/// # Errors
/// As [`train`].
pub fn resume(config: &CellConfig, checkpoints: Checkpoints<'_>, emit: &mut Emit<'_>) -> Result<Trained, TrainerError> {
    // From a thread of the pool: each of its many operations would wake another one otherwise, and wait for it.
    rayon::scope(|_| resume_here(config, checkpoints, emit))
}

fn resume_here(
    config: &CellConfig,
    checkpoints: Checkpoints<'_>,
    emit: &mut Emit<'_>,
) -> Result<Trained, TrainerError> {
    let device = device::open(config.train.device)?;
    let prepared = prepare(config)?;
    let start = || Run::new(config, &prepared, &device);
    let mut run = start()?;
    emit(&Event::Started {
        epochs: config.train.epochs,
        steps_per_epoch: run.steps_per_epoch,
        train_images: run.subject.dataset.train.count,
        test_images: run.subject.dataset.test.count,
    });
    for message in run.warnings {
        emit(&Event::Warning { message: message.clone(), of_data: true });
    }
    if let Some(last) = &checkpoints.last {
        match start()?.restored(last, checkpoints.commit) {
            Ok(restored) => {
                run = restored;
                emit(&Event::Resumed { epoch: run.epochs() + 1, step: run.step_losses.len() });
            }
            Err(why) => {
                emit(&Event::Warning { message: format!("it starts again: its checkpoint {why}"), of_data: false });
            }
        }
    }
    let mut keeper = Keeper::new(checkpoints);
    let mut diverged = None;
    while !run.is_over() && diverged.is_none() {
        diverged = run.epoch(&mut keeper, emit);
    }
    if diverged.is_none() {
        if run.epochs() < config.train.epochs {
            emit(&Event::Stopped { epoch: run.epochs() });
        }
        run.return_to_best();
        diverged = run.reestimate();
    }
    let keeps_model = config.train.save_model && diverged.is_none();
    let model = keeps_model.then(|| TrainedModel::of(&run.subject).to_bytes());
    let measured = if diverged.is_none() { measure::run(&run.subject, emit) } else { Measured::default() };
    Ok(Trained { result: run.finish(diverged, measured, emit), model })
}

impl Run<'_> {
    /// One pass over the training set in a fresh order, or what is left of it, and an evaluation.
    fn epoch(&mut self, keeper: &mut Keeper<'_>, emit: &mut Emit<'_>) -> Option<Divergence> {
        let epoch = self.epochs() + 1;
        self.freeze();
        let order =
            self.subject.generator.stream(&format!("order/{epoch}")).permutation(self.subject.dataset.train.count);
        let done = self.step_losses.len() - self.epochs() * self.steps_per_epoch;
        for indices in order.chunks_exact(self.subject.config.train.batch_size).skip(done) {
            let started = Instant::now();
            let loss = self.step(indices);
            self.trained += started.elapsed();
            if !loss.is_finite() {
                let step = self.step_losses.len() + 1;
                return Some(Divergence { epoch, step, reason: format!("training loss became {loss} at step {step}") });
            }
            self.step_losses.push(loss);
            self.progress(epoch, loss, emit);
            keeper.offer(self, emit);
        }
        match self.evaluate(epoch) {
            Ok(evaluated) => self.end_of_epoch(evaluated, emit),
            Err(divergence) => return Some(divergence),
        }
        None
    }

    /// One step of the optimizer, unless the loss is no number; returns the loss before it.
    fn step(&mut self, indices: &[usize]) -> f64 {
        let Batch { x, labels, mixed } = batch::draw(self, indices);

        let step = self.step_losses.len();
        self.subject.model.draw_from(Draws { generator: self.subject.generator, step });
        let (scores, observed) = if let Some(measurement) = self.measurements.due(step) {
            let (scores, observed) = measurement.forward(&self.subject.model, x);
            (scores, Some(observed))
        } else {
            (self.subject.model.forward(x), None)
        };
        let smoothing = self.subject.config.train.label_smoothing;
        let loss = match mixed {
            None => smoothed_cross_entropy(scores, labels, smoothing),
            Some((share, partners)) => {
                smoothed_cross_entropy(scores.clone(), labels, smoothing) * share
                    + smoothed_cross_entropy(scores, partners, smoothing) * (1.0 - share)
            }
        };
        let value = loss.clone().into_data().convert::<f64>().try_to_vec::<f64>().expect("converted to f64")[0];
        if !value.is_finite() {
            return value;
        }
        let gradients = loss.backward();
        if let (Some(observed), Some(measurement)) = (&observed, self.measurements.due_mut(step)) {
            measurement.record(&self.subject.model, observed, &gradients);
        }
        let mut gradients = GradientsParams::from_grads(gradients, &self.subject.model);
        self.drift.follow(&self.subject.model, self.step_losses.len());
        if self.subject.config.train.project_redundant == Projection::Gradient {
            projection::project_gradients(&mut gradients, &self.subject.model, self.subject.plan);
        }
        let rate = self.learning_rates.next();
        self.subject.model = self.optimizer.step(rate, self.subject.model.clone(), gradients);
        if self.subject.config.train.project_redundant == Projection::Bias {
            projection::project_biases(&mut self.subject.model, self.subject.plan);
        }
        self.subject.model = storage::store(self.subject.model.clone(), self.subject.config.train.store_weights);
        value
    }

    fn progress(&mut self, epoch: usize, loss: f64, emit: &mut Emit<'_>) {
        if self.last_progress.is_some_and(|last| last.elapsed() < PROGRESS_EVERY) {
            return;
        }
        self.last_progress = Some(Instant::now());
        let (step, images_per_second) = (self.step_losses.len(), self.images_per_second());
        emit(&Event::Progress { epoch, step, loss, images_per_second });
    }

    fn end_of_epoch(&mut self, Evaluated { test, validation }: Evaluated, emit: &mut Emit<'_>) {
        let (epoch, step) = (self.epochs() + 1, self.step_losses.len());
        let validation = validation.as_ref();
        let losses = &self.step_losses[step - self.steps_per_epoch..];
        let train_loss = losses.iter().sum::<f64>() / losses.len() as f64;
        self.curves.train_loss.push(train_loss);
        self.curves.test_loss.push(test.loss);
        self.curves.test_accuracy.push(test.accuracy);
        self.curves.validation_loss.extend(validation.as_ref().map(|set| set.loss));
        self.curves.validation_accuracy.extend(validation.as_ref().map(|set| set.accuracy));
        (self.answers, self.confusion) = (test.answers, test.confusion);
        self.note_best();
        emit(&Event::Epoch {
            epoch,
            step,
            train_loss,
            test_loss: test.loss,
            test_accuracy: test.accuracy,
            validation_loss: validation.map(|set| set.loss),
            validation_accuracy: validation.map(|set| set.accuracy),
            train_seconds: self.trained.as_secs_f64(),
        });
    }
}
