//! The training of one cell, with the files that it leaves: events, checkpoint, model, result.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::bail;
use untied_study::{Cell, CellResult, Event, StoreError, StudyFolder, printable_path, write_bytes};
use untied_trainer::{Checkpoints, Trained};

use crate::folder::model::{ModelFault, model_fault};
use crate::terminal::say;
use crate::wording::cell_name;
use crate::workers::event_log::EventLog;

/// The commit of this program's sources, where `build.rs` found one.
pub(crate) const COMMIT: Option<&str> = option_env!("UNTIED_COMMIT");

/// Longest time that whoever takes a cell's lock needs to describe the cell.
const DESCRIBED_AFTER: Duration = Duration::from_secs(10);

/// Whether the cell has a result of the data as they are now, with its model where that is to be kept, and says so. Where the
/// data are gone, what was trained on them still counts.
pub(crate) fn is_done_already(folder: &StudyFolder, cell: &Cell) -> Result<bool, StoreError> {
    let is_whole = |result: &CellResult| result.status.is_done() && model_fault(folder, cell, result).is_none();
    let read = |folder: &StudyFolder| Ok(folder.read_result(cell)?.filter(is_whole));
    let mut result = read(folder)?;
    if result.is_some()
        && let Ok(checksums) = untied_trainer::checksums(&cell.config)
    {
        let mut folder = folder.clone();
        folder.expect_data(&cell.config.data, checksums);
        result = read(&folder)?;
    }
    if let Some(result) = &result {
        say(&format!("{} is {} already: {}", cell_name(cell), result.status, printable_path(&folder.cell(cell))));
    }
    Ok(result.is_some())
}

/// Whether `cell.json` tells of the cell as it is to be trained.
fn is_described(folder: &StudyFolder, cell: &Cell) -> bool {
    folder.read_cell(&cell.id).is_ok_and(|there| there.config == cell.config)
}

/// Writes `cell.json` for a worker, where it is not there yet: under the lock of the cell, whose holder clears away what
/// others left half written. One that trains the cell already has written the file, first of all.
pub(crate) fn describe(folder: &StudyFolder, cell: &Cell) -> anyhow::Result<()> {
    let started = Instant::now();
    while !is_described(folder, cell) {
        if let Some(_lock) = EventLog::try_lock(&folder.events(cell))? {
            return Ok(folder.write_cell(cell)?);
        }
        // It is being trained with or without its model, as another config had it.
        if folder.read_cell(&cell.id).is_ok() {
            return Ok(());
        }
        if started.elapsed() > DESCRIBED_AFTER {
            bail!("another process holds {} and does not write cell.json", folder.events(cell).display());
        }
        thread::sleep(DESCRIBED_AFTER / 1000);
    }
    Ok(())
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
    if !is_described(folder, cell) {
        folder.write_cell(cell)?;
    }
    let warning = match is_done_already(folder, cell) {
        // By the process that had the lock, which may have been killed behind the result.
        Ok(true) => {
            clear_away(folder, cell)?;
            return Ok(None);
        }
        Ok(false) => keep_damaged_model(folder, cell)?,
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
        tell(&Event::Warning { message: format!("it starts again: {error}"), of_data: false });
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

/// Deletes what a process that was killed behind its result left of a cell that is done, unless another one has the cell.
/// What cannot be deleted is left: the result counts.
pub(crate) fn tidy_up(folder: &StudyFolder, cell: &Cell) {
    if let Ok(Some(_lock)) = EventLog::try_lock(&folder.events(cell)) {
        let _ = clear_away(folder, cell);
    }
}

/// Of whoever has the cell's lock.
fn clear_away(folder: &StudyFolder, cell: &Cell) -> Result<(), StoreError> {
    folder.remove_leftovers(cell)?;
    folder.remove_spent_checkpoint(cell)
}

/// Moves it aside, as an unusable result: its result stays until the new one is there.
fn keep_damaged_model(folder: &StudyFolder, cell: &Cell) -> Result<Option<Event>, StoreError> {
    let fault = folder.read_result(cell)?.and_then(|result| model_fault(folder, cell, &result));
    let Some(ModelFault::Damaged(why)) = fault else { return Ok(None) };
    let aside = folder.move_model_aside(cell)?;
    let message = |aside: &Path| format!("{why}; it is kept as {}", printable_path(aside));
    Ok(aside.map(|aside| Event::Warning { message: message(&aside), of_data: false }))
}

/// Moves it aside: it may be another program's, and only unreadable to this one.
fn keep_unusable_result(folder: &StudyFolder, cell: &Cell, error: &StoreError) -> Result<Option<Event>, StoreError> {
    let aside = folder.move_result_aside(cell)?;
    let message = |aside: &Path| format!("{error}; it is kept as {}", printable_path(aside));
    Ok(aside.map(|aside| Event::Warning { message: message(&aside), of_data: false }))
}
