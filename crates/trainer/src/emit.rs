//! The listener of a run.

use untied_study::Event;

/// Hears of every epoch and, a few times a second, of progress.
pub type Emit<'e> = dyn FnMut(&Event) + Send + 'e;
