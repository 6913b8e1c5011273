//! The training of one cell, with the files that it leaves: events, checkpoint, model, result.

use std::time::Duration;

use untied_study::{Cell, CellResult, Event, StoreError, StudyFolder, write_bytes};
use untied_trainer::{Checkpoints, Trained};

use crate::terminal::say;
use crate::wording::cell_name;
use crate::workers::event_log::EventLog;

/// The commit of this program's sources, where `build.rs` found one.
const COMMIT: Option<&str> = option_env!("UNTIED_COMMIT");

/// Whether the cell has a result, and says so.
pub(crate) fn is_done_already(folder: &StudyFolder, cell: &Cell) -> Result<bool, StoreError> {
    let result = folder.read_result(cell)?.filter(|result| result.status.is_done());
    if let Some(result) = &result {
        say(&format!("{} is {} already: {}", cell_name(cell), result.status, folder.cell(cell).display()));
    }
    Ok(result.is_some())
}

/// Trains a cell from its last checkpoint on, keeps a checkpoint `every` so often, and writes the model, if it is to be
/// kept, and the result; `None` where another process has done so.
pub(crate) fn train(
    cell: &Cell,
    folder: &StudyFolder,
    every: Duration,
    tell: &mut (dyn FnMut(&Event) + Send),
) -> anyhow::Result<Option<CellResult>> {
    let mut log = EventLog::lock(&folder.events(cell), tell)?;
    let warning = match is_done_already(folder, cell) {
        // By the process that had the lock.
        Ok(true) => return Ok(None),
        Ok(false) => None,
        Err(error) => keep_unusable_result(folder, cell, &error)?,
    };
    folder.remove_leftovers(cell)?;
    let last = folder.read_checkpoint(cell);
    log.begin(matches!(last, Ok(Some(_))))?;
    let mut tell = |event: &Event| {
        log.write(event);
        tell(event);
    };
    warning.iter().for_each(&mut tell);
    let last = last.unwrap_or_else(|error| {
        tell(&Event::Warning { message: format!("it starts again: {error}") });
        None
    });
    let mut keep = |state: &[u8]| folder.write_checkpoint(cell, state).map_err(|error| error.to_string());
    let checkpoints = Checkpoints { last, commit: COMMIT, every, keep: &mut keep };
    let Trained { mut result, model } = untied_trainer::resume(&cell.config, checkpoints, &mut tell)?;
    result.provenance.commit = COMMIT.map(str::to_owned);
    if let Some(model) = model {
        write_bytes(&folder.model(cell), &[&model])?;
    }
    folder.write_result(cell, &result)?;
    folder.remove_checkpoint(cell)?;
    log.end()?;
    Ok(Some(result))
}

/// Moves it aside: it may be another program's, and only unreadable to this one.
fn keep_unusable_result(folder: &StudyFolder, cell: &Cell, error: &StoreError) -> Result<Option<Event>, StoreError> {
    let aside = folder.move_result_aside(cell)?;
    Ok(aside.map(|aside| Event::Warning { message: format!("{error}; it is kept as {}", aside.display()) }))
}
