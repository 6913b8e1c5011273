//! Running statistics: an update of mean, variance and count at once, from any number of threads.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use burn::module::{
    Content, Devices, Module, ModuleDisplay, ModuleDisplayDefault, ModuleMapper, ModuleVisitor, RunningState,
};
use burn::tensor::{DType, Device, Tensor};

use crate::statistics_dtype;

/// What a layer keeps of the batches that it has seen.
pub(crate) struct Running<'a> {
    /// Mean and variance.
    pub(crate) statistics: [&'a RunningState<Tensor<1>>; 2],
    /// Batches seen, without momentum.
    pub(crate) batches: Option<&'a RunningState<Tensor<1>>>,
    /// Weight of the new batch.
    pub(crate) momentum: Option<f64>,
}

/// The updates that start from the same statistics, at most one of each thread; shared by clones of a layer.
///
/// With k batches in a round, running ← (1 − momentum)·before + momentum·(Σ batch)/k: what Burn's running states hold
/// once all threads have come. Here they hold it after each of them, so that a record never lacks the last batch.
/// Without momentum, running ← (n·before + Σ batch)/(n + k), the plain average, n being the batches before.
#[derive(Debug, Clone, Default)]
pub(crate) struct Round(Arc<Mutex<Option<Updates>>>);

#[derive(Debug)]
struct Updates {
    threads: HashSet<ThreadId>,
    /// Mean and variance before the round.
    before: [Tensor<1>; 2],
    batches_before: Option<Tensor<1>>,
    /// Of the batches' means, and of their variances.
    sums: Option<[Tensor<1>; 2]>,
}

impl Round {
    /// Adds a batch of this thread to the running statistics.
    pub(crate) fn record(&self, running: &Running, batch: [Tensor<1>; 2]) {
        let mut round = self.lock();
        let thread = thread::current().id();
        let open = round.take().filter(|updates| !updates.threads.contains(&thread));
        let mut updates = open.unwrap_or_else(|| Updates::start(running, &batch[0].device()));
        updates.add(thread, batch);
        updates.publish(running);
        *round = Some(updates);
    }

    /// Mean and variance of the same update.
    pub(crate) fn read(&self, running: &Running) -> [Tensor<1>; 2] {
        let _round = self.lock();
        running.statistics.map(RunningState::value)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Updates>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Updates {
    fn start(running: &Running, device: &Device) -> Self {
        // In a type that the statistics keep, whatever that of the batches.
        let before = running.statistics.map(|state| {
            let value = state.value_sync().to_device(device);
            let dtype = statistics_dtype(value.dtype());
            value.cast(dtype)
        });
        let batches = running.batches.map(|seen| seen.value_sync().to_device(device).cast(DType::F32));
        Self { threads: HashSet::new(), before, batches_before: batches, sums: None }
    }

    fn add(&mut self, thread: ThreadId, batch: [Tensor<1>; 2]) {
        self.threads.insert(thread);
        let [mean, var] = batch;
        let [mean, var] = [(mean, &self.before[0]), (var, &self.before[1])]
            .map(|(batch, before)| batch.to_device(&before.device()).cast(before.dtype()));
        self.sums = Some(match self.sums.take() {
            Some([means, vars]) => [means + mean, vars + var],
            None => [mean, var],
        });
    }

    fn publish(&self, running: &Running) {
        let count = self.threads.len() as f64;
        let batches = self.batches_before.as_ref().map(|seen| seen.clone() + count);
        let sums = self.sums.iter().flatten();
        for ((state, before), sum) in running.statistics.into_iter().zip(&self.before).zip(sums) {
            let (before, sum) = (before.clone(), sum.clone());
            let new = match (running.momentum, &batches) {
                (Some(rate), _) => before * (1.0 - rate) + sum * (rate / count),
                (None, Some(batches)) => {
                    let batches = batches.clone().cast(sum.dtype());
                    before.clone() + (sum - before * count) / batches
                }
                (None, None) => unreachable!("a layer without momentum counts its batches"),
            };
            set(state, new);
        }
        if let (Some(seen), Some(batches)) = (running.batches, batches) {
            set(seen, batches);
        }
    }
}

/// Sets a running state for all threads: one that is only updated shows the value at its next update.
fn set(running: &RunningState<Tensor<1>>, value: Tensor<1>) {
    running.update(value.detach());
    let _ = running.value_sync();
}

/// No parameters. What maps a layer may load other statistics, on top of which the next batch begins a round.
impl Module for Round {
    fn collect_devices(&self, devices: Devices) -> Devices {
        devices
    }

    fn fork(self, _: &Device) -> Self {
        self
    }

    fn to_device(self, _: &Device) -> Self {
        self
    }

    fn visit<V: ModuleVisitor>(&self, _: &mut V) {}

    fn map<M: ModuleMapper>(self, _: &mut M) -> Self {
        *self.lock() = None;
        self
    }

    fn materialize(self) -> Self {
        self
    }

    /// As Burn's running states: what comes after a look at the model begins a round.
    fn valid(&self) -> Self {
        *self.lock() = None;
        Self::default()
    }

    fn train(self) -> Self {
        Self::default()
    }
}

impl ModuleDisplayDefault for Round {
    fn content(&self, content: Content) -> Option<Content> {
        Some(content)
    }
}

impl ModuleDisplay for Round {}
