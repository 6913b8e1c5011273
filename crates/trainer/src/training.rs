//! The training loop of one cell.

use std::time::{Duration, Instant};

use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use untied_study::{CellConfig, CellResult, Curves, Event, Metrics, Parameters, Status};

use crate::data::{Dataset, Split, Standardisation};
use crate::evaluation::{Evaluation, evaluate};
use crate::loss::cross_entropy;
use crate::measurement::Measurement;
use crate::model::Net;
use crate::random::Generator;
use crate::schedule::LearningRates;
use crate::summary::{Prepared, prepare};
use crate::{TrainerError, device, optimizer};

/// Time between two events of progress.
const PROGRESS_EVERY: Duration = Duration::from_millis(200);

/// Trains one cell and returns its result; `emit` hears of every epoch and, a few times a second, of progress.
///
/// Equal configs give equal results, timing aside, on one machine and device. A loss that turns NaN or infinite ends
/// the run as [`Status::Diverged`], which is a result.
///
/// # Errors
/// As [`check`](crate::check), before anything is trained.
pub fn train(config: &CellConfig, emit: &mut dyn FnMut(&Event)) -> Result<CellResult, TrainerError> {
    let device = device::open(config.train.device)?;
    let prepared = prepare(config)?;
    let mut run = Run::new(config, &prepared, &device)?;
    emit(&Event::Started {
        epochs: config.train.epochs,
        steps_per_epoch: run.steps_per_epoch,
        train_images: run.dataset.train.count,
        test_images: run.dataset.test.count,
    });
    let mut diverged = None;
    for epoch in 1..=config.train.epochs {
        diverged = run.epoch(epoch, emit);
        if diverged.is_some() {
            break;
        }
    }
    Ok(run.finish(diverged, emit))
}

/// The pixels of the chosen images, standardised: `[n, c, h, w]`.
pub(crate) fn batch_of(
    split: &Split,
    standardisation: &Standardisation,
    indices: &[usize],
    device: &Device,
    dtype: DType,
) -> Tensor<4> {
    let shape = [indices.len(), split.channels, split.height, split.width];
    let data = if dtype == DType::F64 {
        let mut pixels = Vec::<f64>::new();
        standardisation.fill(split, indices, &mut pixels);
        TensorData::new(pixels, shape)
    } else {
        let mut pixels = Vec::<f32>::new();
        standardisation.fill(split, indices, &mut pixels);
        TensorData::new(pixels, shape)
    };
    Tensor::from_data(data, (device, dtype))
}

/// Where and why a run's loss stopped being a number.
struct Divergence {
    epoch: usize,
    step: usize,
    reason: String,
}

/// A run under way.
struct Run<'a> {
    config: &'a CellConfig,
    dataset: &'a Dataset,
    standardisation: &'a Standardisation,
    device: Device,
    dtype: DType,
    generator: Generator,
    steps_per_epoch: usize,
    model: Net,
    optimizer: ModuleOptimizer,
    learning_rates: LearningRates,
    measurement: Measurement<'a>,
    parameters: Parameters,
    curves: Curves,
    step_losses: Vec<f64>,
    /// Spent in training steps.
    trained: Duration,
    last_progress: Option<Instant>,
}

impl<'a> Run<'a> {
    fn new(config: &'a CellConfig, prepared: &'a Prepared, device: &Device) -> Result<Self, TrainerError> {
        let Prepared { dataset, standardisation, plan } = prepared;
        let device = device.clone().autodiff();
        let dtype = device::burn_dtype(config.train.dtype);
        let model = Net::new(plan, dataset.classes, config.seed, &device, dtype);
        let steps_per_epoch = dataset.train.count / config.train.batch_size;
        let (optimizer, learning_rate) = optimizer::optimizer(&config.train.optimizer);
        let bias = plan.blocks.iter().filter_map(|block| block.bias.as_ref());
        Ok(Self {
            learning_rates: LearningRates::new(
                &config.train.schedule,
                learning_rate,
                steps_per_epoch,
                config.train.epochs,
            )?,
            measurement: Measurement::new(plan, config.train.dtype, steps_per_epoch * config.train.epochs),
            parameters: Parameters {
                total: model.trainable_parameters(),
                bias: bias.map(|bias| bias.dims.iter().product::<usize>()).sum(),
            },
            generator: Generator::new(config.seed),
            curves: Curves::default(),
            step_losses: Vec::new(),
            trained: Duration::ZERO,
            last_progress: None,
            config,
            dataset,
            standardisation,
            device,
            dtype,
            steps_per_epoch,
            model,
            optimizer,
        })
    }

    /// One pass over the training set in a fresh order, and an evaluation.
    fn epoch(&mut self, epoch: usize, emit: &mut dyn FnMut(&Event)) -> Option<Divergence> {
        let order = self.generator.stream(&format!("order/{epoch}")).permutation(self.dataset.train.count);
        for indices in order.chunks_exact(self.config.train.batch_size) {
            let started = Instant::now();
            let loss = self.step(indices);
            self.trained += started.elapsed();
            if !loss.is_finite() {
                let step = self.step_losses.len() + 1;
                return Some(Divergence { epoch, step, reason: format!("training loss became {loss} at step {step}") });
            }
            self.step_losses.push(loss);
            self.progress(epoch, loss, emit);
        }
        let (model, device) = (self.model.valid(), self.device.clone().without_autodiff());
        let test = evaluate(&model, &self.dataset.test, self.standardisation, &device, self.dtype);
        self.end_of_epoch(epoch, test, emit)
    }

    /// One step of the optimizer, unless the loss is no number; returns the loss before it.
    fn step(&mut self, indices: &[usize]) -> f64 {
        let x = batch_of(&self.dataset.train, self.standardisation, indices, &self.device, self.dtype);
        let labels: Vec<i64> = indices.iter().map(|&index| i64::from(self.dataset.train.labels[index])).collect();
        let labels = Tensor::<1, Int>::from_data(TensorData::new(labels, [indices.len()]), &self.device);

        let (scores, probes) = if self.measurement.is_due(self.step_losses.len()) {
            let (scores, probes) = self.measurement.forward(&self.model, x);
            (scores, Some(probes))
        } else {
            (self.model.forward(x), None)
        };
        let loss = cross_entropy(scores, labels);
        let value = loss.clone().into_data().convert::<f64>().try_to_vec::<f64>().expect("converted to f64")[0];
        if !value.is_finite() {
            return value;
        }
        let gradients = loss.backward();
        if let Some(probes) = &probes {
            self.measurement.record(&self.model, probes, &gradients);
        }
        let gradients = GradientsParams::from_grads(gradients, &self.model);
        let rate = self.learning_rates.next();
        self.model = self.optimizer.step(rate, self.model.clone(), gradients);
        value
    }

    fn progress(&mut self, epoch: usize, loss: f64, emit: &mut dyn FnMut(&Event)) {
        if self.last_progress.is_some_and(|last| last.elapsed() < PROGRESS_EVERY) {
            return;
        }
        self.last_progress = Some(Instant::now());
        let (step, images_per_second) = (self.step_losses.len(), self.images_per_second());
        emit(&Event::Progress { epoch, step, loss, images_per_second });
    }

    fn end_of_epoch(&mut self, epoch: usize, test: Evaluation, emit: &mut dyn FnMut(&Event)) -> Option<Divergence> {
        let step = self.step_losses.len();
        if !test.loss.is_finite() {
            return Some(Divergence { epoch, step, reason: format!("test loss became {} at step {step}", test.loss) });
        }
        let losses = &self.step_losses[step - self.steps_per_epoch..];
        let train_loss = losses.iter().sum::<f64>() / losses.len() as f64;
        self.curves.train_loss.push(train_loss);
        self.curves.test_loss.push(test.loss);
        self.curves.test_accuracy.push(test.accuracy);
        emit(&Event::Epoch {
            epoch,
            step,
            train_loss,
            test_loss: test.loss,
            test_accuracy: test.accuracy,
            train_seconds: self.trained.as_secs_f64(),
        });
        None
    }

    fn images_per_second(&self) -> f64 {
        let images = self.step_losses.len() * self.config.train.batch_size;
        images as f64 / self.trained.as_secs_f64().max(f64::MIN_POSITIVE)
    }

    fn finish(self, diverged: Option<Divergence>, emit: &mut dyn FnMut(&Event)) -> CellResult {
        let last = |curve: &[f64]| curve.last().copied().filter(|_| diverged.is_none());
        let metrics = Metrics {
            test_accuracy: last(&self.curves.test_accuracy),
            test_loss: last(&self.curves.test_loss),
            train_loss: last(&self.curves.train_loss),
        };
        match (&diverged, metrics) {
            (Some(Divergence { epoch, step, .. }), _) => emit(&Event::Diverged { epoch: *epoch, step: *step }),
            (None, Metrics { test_accuracy: Some(test_accuracy), test_loss: Some(test_loss), .. }) => {
                emit(&Event::Finished { test_accuracy, test_loss });
            }
            _ => {}
        }
        CellResult {
            status: if diverged.is_some() { Status::Diverged } else { Status::Finished },
            metrics,
            parameters: self.parameters,
            epochs: self.curves.train_loss.len(),
            steps: self.step_losses.len(),
            test_images: self.dataset.test.count,
            train_seconds: self.trained.as_secs_f64(),
            images_per_second: self.images_per_second(),
            redundancy: self.measurement.finish(&self.model),
            reason: diverged.map(|divergence| divergence.reason),
            curves: self.curves,
            step_losses: self.step_losses,
        }
    }
}
