//! The plan of a run: which cells are finished, how many workers train the rest.

use std::fmt::Write;
use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use clap::Args;
use untied_study::{Cell, Device, Status, Study, StudyFolder};

use crate::arguments::count;
use crate::table::Table;
use crate::wording::{cell_name, plural};

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct ParallelArguments {
    /// Cells trained at a time, each by a worker process [default: one a core; on a GPU: 1]
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    jobs: Option<NonZeroUsize>,
    /// Threads of each worker [default: cores divided by jobs]
    #[arg(long, value_name = "N", value_parser = count, allow_negative_numbers = true)]
    threads: Option<NonZeroUsize>,
}

/// The state of a cell before the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// It has a result: finished or diverged.
    Done(Status),
    /// It has none.
    ToRun,
    /// It has none, but a checkpoint to go on from.
    HalfRun,
    /// It has one that cannot be used, and is run again.
    Unusable(String),
}

/// The cells of a study with their states, and the workers for those to run.
#[derive(Debug)]
pub(crate) struct Plan<'s> {
    pub(crate) study: &'s Study,
    pub(crate) folder: &'s StudyFolder,
    pub(crate) states: Vec<State>,
    pub(crate) jobs: usize,
    pub(crate) threads: usize,
}

impl<'s> Plan<'s> {
    /// `afresh`: as if no cell had a result.
    pub(crate) fn new(study: &'s Study, folder: &'s StudyFolder, parallel: ParallelArguments, afresh: bool) -> Self {
        let look = |cell| if afresh { State::ToRun } else { state(folder, cell) };
        let states: Vec<_> = study.cells.iter().map(look).collect();
        let to_run = states.iter().filter(|state| !matches!(state, State::Done(_))).count();
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        let jobs = parallel.jobs.map_or_else(|| default_jobs(study, cores), NonZeroUsize::get).min(to_run).max(1);
        let threads = parallel.threads.map_or((cores / jobs).max(1), NonZeroUsize::get);
        Self { study, folder, states, jobs, threads }
    }

    pub(crate) fn to_run(&self) -> Vec<&'s Cell> {
        self.cells(false).collect()
    }

    pub(crate) fn done(&self) -> impl Iterator<Item = &'s Cell> {
        self.cells(true)
    }

    fn cells(&self, done: bool) -> impl Iterator<Item = &'s Cell> {
        let cells = self.study.cells.iter().zip(&self.states);
        cells.filter(move |(_, state)| matches!(state, State::Done(_)) == done).map(|(cell, _)| cell)
    }

    /// `12 cells: 4 have results, 8 to run by 2 workers of 1 thread`.
    pub(crate) fn outline(&self) -> String {
        let cells = plural(self.states.len(), "cell");
        let workers = format!("{} of {}", plural(self.jobs, "worker"), plural(self.threads, "thread"));
        match (self.to_run().len(), self.states.len()) {
            (0, _) => format!("{cells}, all with results: nothing to train"),
            (to_run, all) if to_run == all => format!("{cells} to run by {workers}"),
            (to_run, all) => format!("{cells}: {} with results, {to_run} to run by {workers}", all - to_run),
        }
    }

    /// The whole plan, for people.
    pub(crate) fn text(&self) -> String {
        let Self { study, folder, .. } = self;
        let mut text = format!("{}: {}\n", study.name, study.question);
        let _ = writeln!(text, "device {}, {}", study.device(), study.dtype());
        let _ = writeln!(text, "results in {}", folder.root().display());
        let _ = writeln!(text, "{}", self.outline());
        let mut table = Table::new(["index", "state", "cell"]).align_right(&[0]);
        for (index, (cell, state)) in study.cells.iter().zip(&self.states).enumerate() {
            table.push([index.to_string(), state.label(), cell.id.clone()]);
        }
        text + &table.text()
    }

    /// A line for each result that cannot be used.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let cells = self.study.cells.iter().zip(&self.states);
        let warn = |(cell, state): (&Cell, &State)| match state {
            State::Unusable(why) => Some(format!("warning: {} is run again: {why}", cell_name(cell))),
            _ => None,
        };
        cells.filter_map(warn).collect()
    }
}

impl State {
    fn label(&self) -> String {
        match self {
            Self::Done(status) => status.to_string(),
            Self::ToRun => "missing".into(),
            Self::HalfRun => "half run".into(),
            Self::Unusable(_) => "unusable".into(),
        }
    }
}

/// The indices of the cells to run.
pub(crate) fn missing_cells(study: &Study, folder: &StudyFolder) -> Vec<usize> {
    let missing = |(_, cell): &(usize, &Cell)| !matches!(state(folder, cell), State::Done(_));
    study.cells.iter().enumerate().filter(missing).map(|(index, _)| index).collect()
}

/// A GPU is one for all workers.
fn default_jobs(study: &Study, cores: usize) -> usize {
    let on_gpu = |cell: &Cell| matches!(cell.config.train.device, Device::Wgpu | Device::Cuda);
    if study.cells.iter().any(on_gpu) { 1 } else { cores }
}

fn state(folder: &StudyFolder, cell: &Cell) -> State {
    match folder.read_result(cell) {
        Ok(Some(result)) if result.status.is_done() => State::Done(result.status),
        Ok(_) if folder.checkpoint(cell).exists() => State::HalfRun,
        Ok(_) => State::ToRun,
        Err(error) => State::Unusable(error.to_string()),
    }
}
