//! The state of a run that is under way: enough to go on as if it had never stopped.
//!
//! A state is one line of JSON (losses, curves, sums, versions), then the model and the optimizer's state in Burn's own
//! format, in the float type that they have. Orders and learning rates are drawn again: they depend on the step alone.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use burn::module::Module;
use burn::optim::OptimizerRecord;
use burn::store::ModuleRecord;
use burn::tensor::Bytes;
use serde::{Deserialize, Serialize};
use untied_study::{Curves, Event};

use super::run::Run;
use crate::emit::Emit;
use crate::measure::bias_gradient::Sums;
use crate::measure::drift::Course;

/// Version of the format.
const FORMAT: u32 = 4;

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
            emit(&Event::Warning { message: format!("no checkpoint, training goes on: {why}") });
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
    sums: Sums,
    drift: Course,
    /// Length of the model; the rest is the optimizer's.
    model_bytes: usize,
}

#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}

impl Run<'_> {
    /// What [`restored`](Self::restored) goes on from.
    fn state(&self, commit: Option<&str>) -> Result<Vec<u8>, String> {
        let model = self.subject.model.clone().into_record().into_bytes().map_err(|error| error.to_string())?;
        let optimizer = self.optimizer.into_bytes().map_err(|error| error.to_string())?;
        let header = Header {
            format: FORMAT,
            program: program(commit),
            data: self.subject.dataset.checksums.entries(),
            trained: self.trained,
            curves: self.curves.clone(),
            step_losses: self.step_losses.clone(),
            sums: self.measurement.sums(),
            drift: self.drift.course().clone(),
            model_bytes: model.len(),
        };
        let mut state = serde_json::to_vec(&header).map_err(|error| error.to_string())?;
        state.push(b'\n');
        state.extend_from_slice(&model);
        state.extend_from_slice(&optimizer);
        Ok(state)
    }

    /// This run, which has not started, at the step where a state was kept; or what is wrong with the state.
    pub(crate) fn restored(mut self, state: &[u8], commit: Option<&str>) -> Result<Self, String> {
        let (header, model, optimizer) = parse(state)?;
        self.check(&header, &program(commit))?;
        // Burn panics at a record whose parts contradict each other.
        let burn = AssertUnwindSafe(|| self.restore_burn(model, optimizer));
        catch_unwind(burn).unwrap_or_else(|_| Err("cannot be restored".to_owned()))?;
        let steps = header.step_losses.len();
        if !(self.measurement.resume(header.sums) && self.drift.resume(header.drift)) {
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
        if header.data != self.subject.dataset.checksums.entries() {
            return Err("was trained on other data".to_owned());
        }
        let Curves { train_loss, test_loss, test_accuracy } = &header.curves;
        let (epochs, steps) = (test_loss.len(), header.step_losses.len());
        let all = self.steps_per_epoch;
        let fits = train_loss.len() == epochs
            && test_accuracy.len() == epochs
            && header.trained < LONGEST
            && epochs <= self.subject.config.train.epochs
            && (epochs * all..=(epochs + 1) * all).contains(&steps)
            && steps <= self.subject.config.train.epochs * all;
        if fits { Ok(()) } else { Err("is of a run of another length".to_owned()) }
    }

    fn restore_burn(&mut self, model: &[u8], optimizer: &[u8]) -> Result<(), String> {
        let bytes = |bytes: &[u8]| Bytes::from_bytes_vec(bytes.to_vec());
        let damaged = |error: burn::store::RecordError| format!("cannot be restored: {error}");
        let record = ModuleRecord::from_bytes(bytes(model)).map_err(damaged)?;
        self.subject.model = self.subject.model.clone().try_load_record(record).map_err(damaged)?;
        let record = OptimizerRecord::from_bytes(bytes(optimizer)).map_err(damaged)?;
        let tensors = record.len();
        self.optimizer = self.optimizer.clone().load_record(record);
        // Burn leaves out what it cannot read.
        let whole = self.optimizer.to_record().len() == tensors;
        if whole { Ok(()) } else { Err("has another optimizer's state".to_owned()) }
    }
}

/// The sources decide how a run goes on.
fn program(commit: Option<&str>) -> String {
    let commit = commit.map(|commit| format!(" ({commit})")).unwrap_or_default();
    format!("untied {}{commit}", env!("CARGO_PKG_VERSION"))
}

fn parse(state: &[u8]) -> Result<(Header, &[u8], &[u8]), String> {
    let damaged = || "is no state of a run".to_owned();
    let end = state.iter().position(|&byte| byte == b'\n').ok_or_else(damaged)?;
    let (line, rest) = (&state[..end], &state[end + 1..]);
    let FormatOnly { format } = serde_json::from_slice(line).map_err(|_| damaged())?;
    if format != FORMAT {
        return Err(format!("has format {format}; this program reads {FORMAT}"));
    }
    let header: Header = serde_json::from_slice(line).map_err(|_| damaged())?;
    let (model, optimizer) = rest.split_at_checked(header.model_bytes).ok_or_else(damaged)?;
    Ok((header, model, optimizer))
}
