use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use untied_study::{Cell, Event, Status};

use crate::wording::{plural, time};
use crate::workers::event::{Ending, RunEvent};

/// Shorter than this, an estimate of the time left would be a guess.
const EARLIEST_ESTIMATE: Duration = Duration::from_secs(2);

/// The progress of a run, in epochs: cells may differ in theirs.
#[derive(Debug)]
pub(super) struct Tally {
    cells: usize,
    ended: usize,
    diverged: usize,
    failed: usize,
    epochs: f64,
    ended_epochs: f64,
    /// Trained by earlier runs.
    inherited: f64,
    /// The running cells, by id.
    running: BTreeMap<String, Running>,
    started: Instant,
    /// Warnings of the data that were said.
    warnings: BTreeSet<String>,
    /// Longest name of a cell, for columns.
    pub(super) width: usize,
}

#[derive(Debug, Default, Clone, Copy)]
struct Running {
    steps_per_epoch: usize,
    epochs: f64,
}

impl Running {
    fn epochs_of(self, step: usize) -> f64 {
        step as f64 / self.steps_per_epoch.max(1) as f64
    }
}

impl Tally {
    pub(super) fn new(cells: &[&Cell]) -> Self {
        Self {
            cells: cells.len(),
            ended: 0,
            diverged: 0,
            failed: 0,
            epochs: cells.iter().map(|cell| cell.config.train.epochs as f64).sum(),
            ended_epochs: 0.0,
            inherited: 0.0,
            running: BTreeMap::new(),
            started: Instant::now(),
            warnings: BTreeSet::new(),
            width: cells.iter().map(|cell| crate::wording::cell_name(cell).len()).max().unwrap_or(0),
        }
    }

    pub(super) fn note(&mut self, event: &RunEvent<'_>) {
        match event {
            RunEvent::Started(cell) => drop(self.running.insert(cell.id.clone(), Running::default())),
            RunEvent::Said(cell, event) => self.note_event(cell, event),
            RunEvent::Failed(cell, _) => drop(self.running.remove(&cell.id)),
            RunEvent::Ended(cell, ending, _) => self.note_end(cell, ending),
            RunEvent::Waited | RunEvent::Over { .. } => {}
        }
    }

    fn note_event(&mut self, cell: &Cell, event: &Event) {
        let Some(running) = self.running.get_mut(&cell.id) else { return };
        match *event {
            Event::Started { steps_per_epoch, .. } => running.steps_per_epoch = steps_per_epoch,
            Event::Progress { step, .. } | Event::Epoch { step, .. } => running.epochs = running.epochs_of(step),
            Event::Resumed { step, .. } => {
                running.epochs = running.epochs_of(step);
                self.inherited += running.epochs;
            }
            Event::Waiting { .. }
            | Event::Warning { .. }
            | Event::Stopped { .. }
            | Event::Diverged { .. }
            | Event::Measuring { .. }
            | Event::Finished { .. } => {}
        }
    }

    fn note_end(&mut self, cell: &Cell, ending: &Ending) {
        self.running.remove(&cell.id);
        self.ended += 1;
        self.ended_epochs += cell.config.train.epochs as f64;
        match ending {
            Ending::Failed(_) => self.failed += 1,
            Ending::Result(result) if result.status == Status::Diverged => self.diverged += 1,
            Ending::Result(_) => {}
        }
    }

    /// Whether a warning of the data is new; it is known from now on.
    pub(super) fn is_news(&mut self, warning: &str) -> bool {
        self.warnings.insert(warning.to_owned())
    }

    /// ` 3/12`, as wide as the last one will be.
    pub(super) fn counter(&self) -> String {
        let width = self.cells.to_string().len();
        format!("{:>width$}/{}", self.ended, self.cells)
    }

    /// The share of the work that is done, in [0, 1].
    pub(super) fn share(&self) -> f64 {
        let running: f64 = self.running.values().map(|running| running.epochs).sum();
        ((self.ended_epochs + running) / self.epochs.max(1.0)).min(1.0)
    }

    /// `3/12 cells, 1 failed, about 40 s left`.
    pub(super) fn text(&self) -> String {
        let mut parts = vec![format!("{}/{}", self.ended, plural(self.cells, "cell"))];
        for (count, name) in [(self.diverged, "diverged"), (self.failed, "failed")] {
            if count > 0 {
                parts.push(format!("{count} {name}"));
            }
        }
        parts.extend(self.left().map(|left| format!("about {left} left")));
        parts.join(", ")
    }

    /// The time left, in whole seconds: it is an estimate.
    fn left(&self) -> Option<String> {
        let (elapsed, share) = (self.started.elapsed(), self.share());
        let trained = share - self.inherited / self.epochs.max(1.0);
        let known = elapsed >= EARLIEST_ESTIMATE && trained > 0.0 && share < 1.0;
        let left = (elapsed.as_secs_f64() * (1.0 - share) / trained).ceil() as u64;
        known.then(|| if left < 60 { format!("{left} s") } else { time(Duration::from_secs(left)) })
    }
}
