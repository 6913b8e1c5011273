//! `untied worker`: one cell of `untied run`, which starts this process, hears its events and ends it.

use std::io;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::Args;
use untied_study::{Event, StudyFolder};

use crate::arguments::{CheckpointArgument, parallel};
use crate::exit::Exit;
use crate::interrupt;
use crate::workers::cell::train;
use crate::workers::event_log::write_line;

#[derive(Debug, Args)]
pub(crate) struct WorkerArguments {
    /// The folder of the study's results
    folder: PathBuf,
    /// The id of the cell, described by cells/<ID>/cell.json
    id: String,
    /// Threads to compute with
    #[arg(long, value_name = "N", default_value = "1", value_parser = parallel)]
    threads: NonZeroUsize,
    #[command(flatten)]
    checkpoint: CheckpointArgument,
}

/// Writes events to stdout, one JSON object a line, and ends when stdin does.
///
/// The cell is all that it reads of the study, so that its start takes the same time in a grid of any size.
pub(crate) fn worker(arguments: &WorkerArguments) -> anyhow::Result<Exit> {
    interrupt::follow_parent()?;
    let folder = StudyFolder::new(arguments.folder.clone());
    let cell = folder.read_cell(&arguments.id)?;
    untied_trainer::limit_threads(arguments.threads.get())?;
    let mut tell = |event: &Event| write_line(&mut io::stdout().lock(), event).unwrap_or_default();
    let result = train(&cell, &folder, arguments.checkpoint.every(), &mut tell)?;
    Ok(if result.is_none_or(|result| result.status.is_done()) { Exit::Done } else { Exit::Incomplete })
}
