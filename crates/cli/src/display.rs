//! What people see of a run while it goes on, on stderr.

mod bars;
mod lines;
mod tally;

use std::io::IsTerminal;

use untied_study::Cell;

use crate::arguments::Verbosity;
use crate::runner::{Ending, RunEvent};
use crate::terminal::say;
use crate::wording::cell_name;

pub(crate) trait Display {
    fn show(&mut self, event: &RunEvent<'_>);
    /// The run is over; `interrupted` before its end.
    fn close(&mut self, interrupted: bool);
}

/// Bars on a terminal, lines elsewhere; if quiet, only what went wrong.
pub(crate) fn choose(verbosity: Verbosity, cells: &[&Cell]) -> Box<dyn Display> {
    if verbosity.quiet {
        Box::new(Quiet)
    } else if std::io::stderr().is_terminal() {
        Box::new(bars::Bars::new(verbosity.verbose, cells))
    } else {
        Box::new(lines::Lines::new(verbosity.verbose, cells))
    }
}

/// Only what went wrong.
struct Quiet;

impl Display for Quiet {
    fn show(&mut self, event: &RunEvent<'_>) {
        if let RunEvent::Ended(cell, Ending::Failed(reason), _) = event {
            say(&format!("error: {} failed: {reason}", cell_name(cell)));
        }
    }

    fn close(&mut self, _interrupted: bool) {}
}
