//! The display of a run while it goes on, on stderr.

mod bars;
mod lines;
pub(crate) mod pace;
mod tally;

use untied_study::Cell;

use self::bars::Bars;
use self::lines::Lines;
use crate::workers::event::RunEvent;

/// Bars on a terminal that can draw them, lines elsewhere; if quiet, nothing: failures are listed at the end.
pub(crate) fn choose(quiet: bool, verbose: bool, cells: &[&Cell]) -> Box<dyn FnMut(&RunEvent<'_>)> {
    if quiet {
        Box::new(|_| ())
    } else if let Some(mut bars) = Bars::new(verbose, cells) {
        Box::new(move |event| bars.show(event))
    } else {
        let mut lines = Lines::new(verbose, cells);
        Box::new(move |event| lines.show(event))
    }
}
