//! The training of cells: one in this process, many in worker processes.

pub(crate) mod cell;
pub(crate) mod event;
pub(crate) mod event_log;
pub(crate) mod runner;
pub(crate) mod worker;
