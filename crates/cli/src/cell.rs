//! `untied cell`: one training run, in this process.

use std::fs::{self, File};
use std::io::{self, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use untied_study::{Cell, CellResult, Event, Status, StoreError, Study, StudyFolder};

use crate::arguments::CellArguments;
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
    let here = folder.cell(cell);
    if let Some(result) = done(&folder, cell)? {
        say(&format!("{} is {} already: {}", cell_name(cell), result.status, here.display()));
        return Ok(Exit::Done);
    }
    if !arguments.events {
        check::check_cell(&study, cell, arguments.config.path())?;
        prepare(&study, cell, &folder, arguments.config.path())?;
    }
    let cores = available_parallelism().unwrap_or(NonZeroUsize::MIN);
    untied_trainer::limit_threads(arguments.threads.unwrap_or(cores).get());
    folder.write_cell(cell)?;
    train(cell, &folder, arguments.events)
}

fn pick(study: &Study, index: usize) -> anyhow::Result<&Cell> {
    let cells = study.cells.len();
    let cell = study.cells.get(index);
    cell.with_context(|| {
        format!("--index {index}: {} has {}, --index 0 to {}", study.name, plural(cells, "cell"), cells - 1)
    })
}

/// The result that the cell has already; a damaged one is none.
fn done(folder: &StudyFolder, cell: &Cell) -> anyhow::Result<Option<CellResult>> {
    match folder.read_result(cell) {
        Err(StoreError::Damaged { .. } | StoreError::Mismatch { .. }) => Ok(None),
        other => Ok(other?.filter(is_done)),
    }
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

fn train(cell: &Cell, folder: &StudyFolder, events: bool) -> anyhow::Result<Exit> {
    let started = Instant::now();
    let mut log = EventLog::open(&folder.events(cell), cell)?;
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

/// `events.jsonl`, locked while it is written: two processes that train one cell would mix their lines.
struct EventLog {
    file: File,
    failure: Option<io::Error>,
}

impl EventLog {
    fn open(path: &Path, cell: &Cell) -> anyhow::Result<Self> {
        let file = File::options().write(true).create(true).truncate(false).open(path);
        let file = file.with_context(|| format!("cannot write {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => bail!("{} is being trained by another process", cell_name(cell)),
            Err(fs::TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()));
            }
        }
        file.set_len(0).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { file, failure: None })
    }

    /// A failure waits for the end: training is not lost for a line.
    fn write(&mut self, event: &Event) {
        if let Err(error) = write_line(&mut self.file, event) {
            self.failure.get_or_insert(error);
        }
    }

    fn end(self) -> anyhow::Result<()> {
        match self.failure {
            Some(error) => Err(error).context("cannot write events.jsonl"),
            None => Ok(()),
        }
    }
}

/// In one piece, so that readers see whole lines.
fn write_line(out: &mut impl Write, event: &Event) -> io::Result<()> {
    let mut line = serde_json::to_vec(event)?;
    line.push(b'\n');
    out.write_all(&line)?;
    out.flush()
}
