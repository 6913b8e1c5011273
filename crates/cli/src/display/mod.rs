//! What people see of a run while it goes on, on stderr.

mod bars;
mod lines;
mod tally;

use std::io::IsTerminal;

use untied_study::Cell;

use crate::arguments::Verbosity;
use crate::workers::runner::RunEvent;

pub(crate) trait Display {
    fn show(&mut self, event: &RunEvent<'_>);
    /// The run is over; `interrupted` before its end.
    fn close(&mut self, interrupted: bool);
}

/// Bars on a terminal, lines elsewhere; if quiet, nothing.
pub(crate) fn choose(verbosity: Verbosity, cells: &[&Cell]) -> Box<dyn Display> {
    if verbosity.quiet {
        Box::new(Quiet)
    } else if std::io::stderr().is_terminal() {
        Box::new(bars::Bars::new(verbosity.verbose, cells))
    } else {
        Box::new(lines::Lines::new(verbosity.verbose, cells))
    }
}

/// Failures are listed at the end.
struct Quiet;

impl Display for Quiet {
    fn show(&mut self, _event: &RunEvent<'_>) {}

    fn close(&mut self, _interrupted: bool) {}
}
