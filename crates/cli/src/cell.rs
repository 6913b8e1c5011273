//! `untied cell`: one training run, in this process.

use std::io;
use std::num::NonZeroUsize;
use std::path::Path;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use anyhow::Context;
use untied_study::{Cell, CellResult, Event, Status, StoreError, Study, StudyFolder};

use crate::arguments::CellArguments;
use crate::event_log::{EventLog, write_line};
use crate::exit::{Exit, message};
use crate::plan::is_done;
use crate::terminal::{print, say};
use crate::wording::{cell_name, plural, time};
use crate::{check, folder, interrupt};

pub(crate) fn cell(arguments: &CellArguments) -> anyhow::Result<Exit> {
    if arguments.events {
        interrupt::follow_parent()?;
    }
    let study = arguments.config.load(arguments.device.get())?;
    let cell = pick(&study, arguments.index)?;
    let folder = StudyFolder::new(arguments.out.folder(&study));
    if is_done_already(&folder, cell)? {
        return Ok(Exit::Done);
    }
    if !arguments.events {
        check::check_cell(&study, cell, arguments.config.path())?;
        prepare(&study, cell, &folder, arguments.config.path())?;
    }
    let cores = available_parallelism().unwrap_or(NonZeroUsize::MIN);
    untied_trainer::limit_threads(arguments.threads.unwrap_or(cores).get());
    folder.write_cell(cell)?;
    let log = EventLog::lock(&folder.events(cell), cell)?;
    // By the process that had the lock.
    if is_done_already(&folder, cell)? {
        return Ok(Exit::Done);
    }
    train(cell, &folder, log, arguments.events)
}

fn pick(study: &Study, index: usize) -> anyhow::Result<&Cell> {
    let cells = study.cells.len();
    let cell = study.cells.get(index);
    cell.with_context(|| {
        format!("--index {index}: {} has {}, --index 0 to {}", study.name, plural(cells, "cell"), cells - 1)
    })
}

/// Says so where the cell has a result; a damaged one is none.
fn is_done_already(folder: &StudyFolder, cell: &Cell) -> anyhow::Result<bool> {
    let result = match folder.read_result(cell) {
        Err(StoreError::Damaged { .. } | StoreError::Mismatch { .. }) => None,
        other => other?.filter(is_done),
    };
    if let Some(result) = &result {
        say(&format!("{} is {} already: {}", cell_name(cell), result.status, folder.cell(cell).display()));
    }
    Ok(result.is_some())
}

/// The tasks of a job array share one folder: the first writes its config, the others find it there.
fn prepare(study: &Study, cell: &Cell, folder: &StudyFolder, config: &Path) -> anyhow::Result<()> {
    folder::check_owner(folder, study)?;
    let there = folder.config();
    if !there.exists() {
        return Ok(folder.write_config(study)?);
    }
    let listed = Study::load(&there, &[])?.cells.iter().any(|other| other.id == cell.id);
    if !listed {
        let (there, config) = (there.display(), config.display());
        say(&format!("warning: {there} has no such cell, so that `untied report` leaves it out; {config} differs"));
    }
    Ok(())
}

fn train(cell: &Cell, folder: &StudyFolder, mut log: EventLog, events: bool) -> anyhow::Result<Exit> {
    let started = Instant::now();
    log.begin()?;
    let mut tell = |event: &Event| {
        log.write(event);
        if events {
            write_line(&mut io::stdout().lock(), event).unwrap_or_default();
        } else if let Some(line) = progress(cell, event) {
            say(&line);
        }
    };
    let result = match untied_trainer::train(&cell.config, &mut tell) {
        Ok(result) => result,
        Err(error) => {
            say(&format!("error: {}", message(&error.into())));
            return Ok(Exit::Incomplete);
        }
    };
    folder.write_result(cell, &result)?;
    log.end()?;
    if !events {
        print(&outcome(cell, &result, started.elapsed(), &folder.cell(cell)))?;
    }
    Ok(if is_done(&result) { Exit::Done } else { Exit::Incomplete })
}

fn progress(cell: &Cell, event: &Event) -> Option<String> {
    match event {
        Event::Started { train_images, test_images, .. } => {
            Some(format!("{}: {train_images} images to train on, {test_images} to test with", cell_name(cell)))
        }
        Event::Epoch { epoch, train_loss, test_loss, test_accuracy, .. } => Some(format!(
            "epoch {epoch}/{}  loss {train_loss:.4}  test loss {test_loss:.4}  accuracy {test_accuracy:.4}",
            cell.config.train.epochs
        )),
        Event::Diverged { epoch, step } => Some(format!("diverged in epoch {epoch}, at step {step}")),
        Event::Progress { .. } | Event::Finished { .. } => None,
    }
}

fn outcome(cell: &Cell, result: &CellResult, elapsed: Duration, folder: &Path) -> String {
    let numbers = match (result.status, result.metrics.test_accuracy) {
        (Status::Finished, Some(accuracy)) => {
            format!(", accuracy {accuracy:.4}, {:.0} images/s", result.images_per_second)
        }
        _ => result.reason.as_ref().map(|reason| format!(", {reason}")).unwrap_or_default(),
    };
    let name = cell_name(cell);
    format!("{name}: {}{numbers}, {}\n{}\n", result.status, time(elapsed), folder.display())
}
