//! The plan of a run: which cells are finished, which are to run, and how many workers train them.

pub(crate) mod looks;
mod state;

use std::fmt::Write;
use std::num::NonZeroUsize;
use std::thread::available_parallelism;

use clap::Args;
use untied_study::{Cell, Device, Study, StudyFolder, printable_path};

use crate::arguments::parallel;
use crate::folder::model::ModelFault;
use crate::plan::state::State;
use crate::table::Table;
use crate::wording::{cell_name, plural};

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct ParallelArguments {
    /// Cells trained at a time, each by a worker process [default: one a core; on a GPU: 1]
    #[arg(long, value_name = "N", value_parser = parallel, allow_negative_numbers = true)]
    jobs: Option<NonZeroUsize>,
    /// Threads of each worker [default: cores divided by jobs]
    #[arg(long, value_name = "N", value_parser = parallel, allow_negative_numbers = true)]
    threads: Option<NonZeroUsize>,
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
        let states = states(study, folder, afresh);
        let to_run = states.iter().filter(|state| state.is_to_run()).count();
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        let jobs = parallel.jobs.map_or_else(|| default_jobs(study, cores), NonZeroUsize::get).min(to_run).max(1);
        let threads = parallel.threads.map_or((cores / jobs).max(1), NonZeroUsize::get);
        Self { study, folder, states, jobs, threads }
    }

    pub(crate) fn to_run(&self) -> Vec<&'s Cell> {
        self.cells(State::is_to_run).collect()
    }

    pub(crate) fn done(&self) -> impl Iterator<Item = &'s Cell> {
        self.cells(|state| matches!(state, State::Done(_)))
    }

    fn cells(&self, which: impl Fn(&State) -> bool) -> impl Iterator<Item = &'s Cell> {
        let cells = self.study.cells.iter().zip(&self.states);
        cells.filter(move |(_, state)| which(state)).map(|(cell, _)| cell)
    }

    /// `12 cells: 4 with results, 8 to run by 2 workers of 1 thread`.
    pub(crate) fn outline(&self) -> String {
        let count = |which: fn(&State) -> bool| self.states.iter().filter(|state| which(state)).count();
        let (all, to_run) = (self.states.len(), count(State::is_to_run));
        let (done, skipped) =
            (count(|state| matches!(state, State::Done(_))), count(|state| matches!(state, State::Skipped)));
        let cells = plural(all, "cell");
        let workers = format!("{} of {}", plural(self.jobs, "worker"), plural(self.threads, "thread"));
        if to_run == 0 {
            let unneeded = if skipped == 0 { String::new() } else { format!(" or not needed ({skipped})") };
            return format!("{cells}, all with results{unneeded}: nothing to train");
        }
        let look = self.next_look().map_or_else(String::new, |look| format!(" for {look}"));
        if to_run == all {
            return format!("{cells} to run{look} by {workers}");
        }
        let parts = [(done, "with results"), (skipped, "not needed"), (all - to_run - done - skipped, "perhaps later")];
        let parts: Vec<String> =
            parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect();
        format!("{cells}: {}, {to_run} to run{look} by {workers}", parts.join(", "))
    }

    /// `look 2 of at most 6`; none where the seeds are fixed.
    fn next_look(&self) -> Option<String> {
        let design = self.study.sequential?;
        let to_run = (0..self.states.len()).filter(|&index| self.states[index].is_to_run());
        let look = to_run.map(|index| looks::look_of(self.study, index)).max()?;
        Some(format!("look {} of at most {}", look + 1, design.looks().len()))
    }

    /// The whole plan, for people.
    pub(crate) fn text(&self) -> String {
        let Self { study, folder, .. } = self;
        let mut text = format!("{}: {}\n", study.name, study.question);
        let _ = writeln!(text, "device {}, {}", study.device(), study.dtype());
        let _ = writeln!(text, "results in {}", printable_path(folder.root()));
        text += &looks::bounds(study).map_or_else(String::new, |bounds| format!("{bounds}\n"));
        let _ = writeln!(text, "{}", self.outline());
        let mut table = Table::new(["index", "state", "cell"]).align_right(&[0]);
        for (index, (cell, state)) in study.cells.iter().zip(&self.states).enumerate() {
            table.push([index.to_string(), state.label(), cell.id.clone()]);
        }
        text + &table.text()
    }

    /// See [`warnings`].
    pub(crate) fn warnings(&self) -> Vec<String> {
        warnings(self.study, &self.states)
    }
}

/// A line for each result or model that cannot be used, and one for those without a model that is to be kept.
fn warnings(study: &Study, states: &[State]) -> Vec<String> {
    let warn = |(cell, state): (&Cell, &State)| match state {
        State::Unusable(why) => Some(format!("warning: {} is run again: {why}", cell_name(cell))),
        State::WithoutModel(ModelFault::Damaged(why)) => {
            Some(format!("warning: {} is trained again for its model: {why}", cell_name(cell)))
        }
        _ => None,
    };
    let bare = states.iter().filter(|state| **state == State::WithoutModel(ModelFault::Missing)).count();
    let line = (bare > 0).then(|| {
        let are = if bare == 1 { "is" } else { "are" };
        format!(
            "{} {are} finished without the model that train.save_model asks for, and trained again",
            plural(bare, "cell")
        )
    });
    study.cells.iter().zip(states).filter_map(warn).chain(line).collect()
}

/// The indices of the cells that are to run or may be, later, and why those that have a result are.
pub(crate) fn missing_cells(study: &Study, folder: &StudyFolder) -> (Vec<usize>, Vec<String>) {
    let states = states(study, folder, false);
    let missing = |state: &State| !matches!(state, State::Done(_) | State::Skipped);
    ((0..states.len()).filter(|&index| missing(&states[index])).collect(), warnings(study, &states))
}

/// The states of all cells; `afresh`: as if none had a result.
fn states(study: &Study, folder: &StudyFolder, afresh: bool) -> Vec<State> {
    let state = |cell| if afresh { State::ToRun } else { State::of(folder, cell) };
    let mut states: Vec<State> = study.cells.iter().map(state).collect();
    if let Some(looks) = looks::look_into(study, folder, afresh) {
        looks::hold_back(&mut states, study, &looks);
    }
    states
}

/// A GPU is one for all workers.
fn default_jobs(study: &Study, cores: usize) -> usize {
    let on_gpu = |cell: &Cell| matches!(cell.config.train.device, Device::Wgpu | Device::Cuda);
    if study.cells.iter().any(on_gpu) { 1 } else { cores }
}
