use std::time::Duration;

use untied_study::{Cell, CellResult, Event, Status};

use super::tally::Tally;
use crate::terminal::say;
use crate::wording::{BEING_TRAINED, cell_name, time};
use crate::workers::event::{Ending, RunEvent};

/// One line per cell that ended; if verbose, one per epoch too.
#[derive(Debug)]
pub(super) struct Lines {
    verbose: bool,
    tally: Tally,
}

impl Lines {
    pub(super) fn new(verbose: bool, cells: &[&Cell]) -> Self {
        Self { verbose, tally: Tally::new(cells) }
    }

    pub(super) fn show(&mut self, event: &RunEvent<'_>) {
        self.tally.note(event);
        if let Some(line) = line(event, &self.tally, self.verbose) {
            say(&line);
        }
    }
}

/// The line that stays of an event, if any.
pub(super) fn line(event: &RunEvent<'_>, tally: &Tally, verbose: bool) -> Option<String> {
    let (cell, text) = match event {
        RunEvent::Said(cell, Event::Waiting { seconds: 0 }) => (cell, BEING_TRAINED.to_owned()),
        RunEvent::Said(cell, Event::Resumed { epoch, step }) => {
            (cell, format!("goes on with epoch {epoch}, after step {step}"))
        }
        RunEvent::Said(cell, Event::Warning { message }) => (cell, format!("warning: {message}")),
        RunEvent::Said(cell, event) if verbose => (cell, epoch(cell, event)?),
        RunEvent::Failed(cell, reason) => (cell, format!("failed, will be tried again: {reason}")),
        RunEvent::Ended(cell, ending, elapsed) => (cell, end(ending, *elapsed)),
        _ => return None,
    };
    Some(format!("{}  {:width$}  {text}", tally.counter(), cell_name(cell), width = tally.width))
}

fn epoch(cell: &Cell, event: &Event) -> Option<String> {
    let Event::Epoch { epoch, train_loss, test_accuracy, train_seconds, .. } = event else { return None };
    let time = time(Duration::from_secs_f64(*train_seconds));
    Some(format!(
        "epoch {epoch}/{}  loss {train_loss:.4}  accuracy {test_accuracy:.4}  {time}",
        cell.config.train.epochs
    ))
}

fn end(ending: &Ending, elapsed: Duration) -> String {
    match ending {
        Ending::Failed(reason) => format!("failed: {reason}"),
        Ending::Result(result) => format!("{}  {}", result_text(result), time(elapsed)),
    }
}

fn result_text(result: &CellResult) -> String {
    match (result.status, result.metrics.test_accuracy) {
        (Status::Finished, Some(accuracy)) => format!("accuracy {accuracy:.4}"),
        (status, _) => status.to_string(),
    }
}
