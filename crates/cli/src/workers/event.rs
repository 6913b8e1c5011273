//! The events of a run: those of its cells' training, and how each cell ends.

use std::time::Duration;

use untied_study::{Cell, CellResult, Event};

#[derive(Debug)]
pub(crate) enum RunEvent<'e> {
    Started(&'e Cell),
    Said(&'e Cell, &'e Event),
    /// Its worker failed, and another one will try.
    Failed(&'e Cell, &'e str),
    Ended(&'e Cell, &'e Ending, Duration),
    /// Some time passed.
    Waited,
    /// The run ended, by a signal or by itself.
    Over {
        interrupted: bool,
    },
}

/// The end of a worker's cell.
#[derive(Debug)]
pub(crate) enum Ending {
    /// Finished or diverged.
    Result(Box<CellResult>),
    Failed(String),
}
