//! The state of a run that is under way: enough to go on as if it had never stopped.
//!
//! A state is one line of JSON (losses, curves, sums, versions), then the model, that of the best epoch where one is kept,
//! and the optimizer's state in Burn's own format, in the float type that they have. Orders and learning rates are drawn again: they depend on the step alone.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use burn::module::Module;
use burn::optim::OptimizerRecord;
use burn::store::{ModuleRecord, RecordError};
use burn::tensor::Bytes;
use serde::{Deserialize, Serialize};
use untied_study::{Answers, Confusion, Curves, Event};

use super::run::{Best, Run};
use crate::emit::Emit;
use crate::measure::bias_gradient::Sums;
use crate::measure::drift::Course;
use crate::model::net::Net;

/// Version of the format.
const FORMAT: u32 = 6;

/// No run trains for longer: 300 centuries.
const LONGEST: Duration = Duration::from_secs(1 << 40);

/// Training goes on for this many times as long as the last checkpoint took, at least: they cost a hundredth of a run.
const PAUSE: u32 = 100;

/// Where a run keeps its state from time to time, and what the last run of the same cell kept.
pub struct Checkpoints<'c> {
    /// What `keep` was last given; none: the run starts from the start.
    pub last: Option<Vec<u8>>,
    /// The git commit of the program, if it is known: a state of another one is left aside.
    pub commit: Option<&'c str>,
    /// Time between two checkpoints, at least; zero: one after every step, whatever that costs.
    pub every: Duration,
    /// Keeps a state in place of the last one, or says why it could not. Training goes on either way.
    pub keep: &'c mut (dyn FnMut(&[u8]) -> Result<(), String> + Send),
}

/// Keeps states when they are due.
pub(crate) struct Keeper<'c> {
    checkpoints: Checkpoints<'c>,
    last: Instant,
    pause: Duration,
    warned: bool,
}

impl<'c> Keeper<'c> {
    pub(crate) fn new(checkpoints: Checkpoints<'c>) -> Self {
        Self { last: Instant::now(), pause: checkpoints.every, checkpoints, warned: false }
    }

    /// Keeps the run's state if it is time to; says once that it cannot.
    pub(crate) fn offer(&mut self, run: &Run<'_>, emit: &mut Emit<'_>) {
        if self.last.elapsed() < self.pause {
            return;
        }
        let started = Instant::now();
        let kept = run.state(self.checkpoints.commit).and_then(|state| (self.checkpoints.keep)(&state));
        if let (Err(why), false) = (kept, self.warned) {
            self.warned = true;
            emit(&Event::Warning { message: format!("no checkpoint, training goes on: {why}"), of_data: false });
        }
        self.last = Instant::now();
        let every = self.checkpoints.every;
        self.pause = if every.is_zero() { every } else { every.max(started.elapsed() * PAUSE) };
    }
}

/// The first line of a state.
#[derive(Serialize, Deserialize)]
struct Header {
    format: u32,
    program: String,
    data: BTreeMap<String, String>,
    trained: Duration,
    curves: Curves,
    step_losses: Vec<f64>,
    sums: Vec<Sums>,
    drift: Course,
    /// Length of the model.
    model_bytes: usize,
    best: Option<BestHeader>,
}

/// The best epoch, whose model follows that of the last step; the rest is the optimizer's.
#[derive(Serialize, Deserialize)]
struct BestHeader {
    epoch: usize,
    answers: Answers,
    confusion: Confusion,
    model_bytes: usize,
}

/// A state in its parts.
struct Parts<'s> {
    header: Header,
    model: &'s [u8],
    best: &'s [u8],
    optimizer: &'s [u8],
}

#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}

impl Run<'_> {
    /// What [`restored`](Self::restored) goes on from.
    fn state(&self, commit: Option<&str>) -> Result<Vec<u8>, String> {
        let model = model_bytes(&self.subject.model)?;
        let best = self.best.as_ref().map_or(Ok(Vec::new()), |best| model_bytes(&best.model))?;
        let optimizer = self.optimizer.into_bytes().map_err(|error| error.to_string())?;
        let header = Header {
            format: FORMAT,
            program: program(commit),
            data: self.checksums.clone(),
            trained: self.trained,
            curves: self.curves.clone(),
            step_losses: self.step_losses.clone(),
            sums: self.measurements.sums(),
            drift: self.drift.course().clone(),
            model_bytes: model.len(),
            best: self.best.as_ref().map(|Best { epoch, answers, confusion, .. }| BestHeader {
                epoch: *epoch,
                answers: answers.clone(),
                confusion: confusion.clone(),
                model_bytes: best.len(),
            }),
        };
        let mut state = serde_json::to_vec(&header).map_err(|error| error.to_string())?;
        state.push(b'\n');
        state.extend_from_slice(&model);
        state.extend_from_slice(&best);
        state.extend_from_slice(&optimizer);
        Ok(state)
    }

    /// This run, which has not started, at the step where a state was kept; or what is wrong with the state.
    pub(crate) fn restored(mut self, state: &[u8], commit: Option<&str>) -> Result<Self, String> {
        let Parts { header, model, best, optimizer } = parse(state)?;
        self.check(&header, &program(commit))?;
        // Burn panics at a record whose parts contradict each other.
        let burn = AssertUnwindSafe(|| {
            self.best = header.best.as_ref().map(|header| self.best_of(header, best)).transpose()?;
            self.restore_burn(model, optimizer)
        });
        catch_unwind(burn).unwrap_or_else(|_| Err("cannot be restored".to_owned()))?;
        let steps = header.step_losses.len();
        if !(self.measurements.resume(header.sums) && self.drift.resume(header.drift)) {
            return Err("is of another model".to_owned());
        }
        self.learning_rates.skip(steps);
        (self.trained, self.curves, self.step_losses) = (header.trained, header.curves, header.step_losses);
        Ok(self)
    }

    fn check(&self, header: &Header, program: &str) -> Result<(), String> {
        if header.program != program {
            return Err(format!("was written by {}, this is {program}", header.program));
        }
        if header.data != *self.checksums {
            return Err("was trained on other data".to_owned());
        }
        let Curves { train_loss, test_loss, test_accuracy, validation_loss, validation_accuracy } = &header.curves;
        let (epochs, steps) = (test_loss.len(), header.step_losses.len());
        let all = self.steps_per_epoch;
        let validated = if self.subject.dataset.validation.is_some() { epochs } else { 0 };
        let best = self.subject.config.train.best_epoch.and_then(|metric| header.curves.best_epoch(metric));
        let fits = train_loss.len() == epochs
            && test_accuracy.len() == epochs
            && [validation_loss.len(), validation_accuracy.len()] == [validated; 2]
            && best == header.best.as_ref().map(|best| best.epoch)
            && header.trained < LONGEST
            && epochs <= self.subject.config.train.epochs
            && (epochs * all..=(epochs + 1) * all).contains(&steps)
            && steps <= self.subject.config.train.epochs * all;
        if fits { Ok(()) } else { Err("is of a run of another length".to_owned()) }
    }

    fn best_of(&self, header: &BestHeader, model: &[u8]) -> Result<Best, String> {
        let model = restored_model(self.subject.model.copy(), model)?;
        let BestHeader { epoch, ref answers, ref confusion, .. } = *header;
        Ok(Best { epoch, model, answers: answers.clone(), confusion: confusion.clone() })
    }

    fn restore_burn(&mut self, model: &[u8], optimizer: &[u8]) -> Result<(), String> {
        self.subject.model = restored_model(self.subject.model.clone(), model)?;
        let record = OptimizerRecord::from_bytes(burn_bytes(optimizer)).map_err(|error| damaged(&error))?;
        let tensors = record.len();
        self.optimizer = self.optimizer.clone().load_record(record);
        // Burn leaves out what it cannot read.
        let whole = self.optimizer.to_record().len() == tensors;
        if whole { Ok(()) } else { Err("has another optimizer's state".to_owned()) }
    }
}

fn burn_bytes(bytes: &[u8]) -> Bytes {
    Bytes::from_bytes_vec(bytes.to_vec())
}

fn damaged(error: &RecordError) -> String {
    format!("cannot be restored: {error}")
}

fn model_bytes(model: &Net) -> Result<Vec<u8>, String> {
    let bytes = model.clone().into_record().into_bytes().map_err(|error| error.to_string())?;
    Ok(bytes.to_vec())
}

fn restored_model(model: Net, bytes: &[u8]) -> Result<Net, String> {
    let record = ModuleRecord::from_bytes(burn_bytes(bytes)).map_err(|error| damaged(&error))?;
    model.try_load_record(record).map_err(|error| damaged(&error))
}

/// The sources decide how a run goes on.
fn program(commit: Option<&str>) -> String {
    let commit = commit.map(|commit| format!(" ({commit})")).unwrap_or_default();
    format!("untied {}{commit}", env!("CARGO_PKG_VERSION"))
}

fn parse(state: &[u8]) -> Result<Parts<'_>, String> {
    let damaged = || "is no state of a run".to_owned();
    let end = state.iter().position(|&byte| byte == b'\n').ok_or_else(damaged)?;
    let (line, rest) = (&state[..end], &state[end + 1..]);
    let FormatOnly { format } = serde_json::from_slice(line).map_err(|_| damaged())?;
    if format != FORMAT {
        return Err(format!("has format {format}; this program reads {FORMAT}"));
    }
    let header: Header = serde_json::from_slice(line).map_err(|_| damaged())?;
    let (model, rest) = rest.split_at_checked(header.model_bytes).ok_or_else(damaged)?;
    let best_bytes = header.best.as_ref().map_or(0, |best| best.model_bytes);
    let (best, optimizer) = rest.split_at_checked(best_bytes).ok_or_else(damaged)?;
    Ok(Parts { header, model, best, optimizer })
}
