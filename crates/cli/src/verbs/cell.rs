//! `untied cell`: one training run, in this process.

use std::num::NonZeroUsize;
use std::path::Path;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use untied_report::Looks;
use untied_study::{Cell, CellResult, Event, Status, Study, StudyFolder, printable_path};

use crate::arguments::{CheckpointArgument, ConfigArguments, DeviceArgument, OutArgument, parallel};
use crate::display::pace::Pace;
use crate::exit::Exit;
use crate::folder::model::{ModelFault, model_fault};
use crate::plan::looks::{look_into, look_of};
use crate::terminal::{print, say};
use crate::wording::{BEING_TRAINED, cell_name, plural, stopped, time};
use crate::workers::cell::{is_done_already, tidy_up, train};
use crate::{check, folder, interrupt};

#[derive(Debug, Args)]
pub(crate) struct CellArguments {
    #[command(flatten)]
    config: ConfigArguments,
    #[command(flatten)]
    device: DeviceArgument,
    /// Which cell, from 0; `untied run CONFIG --dry-run` lists them
    #[arg(long, value_name = "I", value_parser = index, allow_negative_numbers = true)]
    index: usize,
    #[command(flatten)]
    out: OutArgument,
    /// Threads to compute with [default: one a core]
    #[arg(long, value_name = "N", value_parser = parallel, allow_negative_numbers = true)]
    threads: Option<NonZeroUsize>,
    #[command(flatten)]
    checkpoint: CheckpointArgument,
}

fn index(text: &str) -> Result<usize, &'static str> {
    text.parse().map_err(|_| "expected a whole number, 0 or more")
}

pub(crate) fn cell(arguments: &CellArguments) -> anyhow::Result<Exit> {
    interrupt::end_with("interrupted: the same command goes on from the last checkpoint")?;
    let study = arguments.config.load(arguments.device.get())?;
    let cell = pick(&study, arguments.index)?;
    let folder = StudyFolder::new(arguments.out.folder(&study));
    if is_done_already(&folder, cell).unwrap_or(false) {
        tidy_up(&folder, cell);
        return Ok(Exit::Done);
    }
    if let Some(why) = lacks_only_its_model(&folder, cell) {
        say(&format!("{} is finished{why}: trained again", cell_name(cell)));
    } else if let Some(exit) = unneeded_now(&study, arguments.index, &folder) {
        return Ok(exit);
    }
    check::check_cell(&study, cell, arguments.config.path())?;
    prepare(&study, cell, &folder, arguments.config.path())?;
    let cores = available_parallelism().unwrap_or(NonZeroUsize::MIN);
    untied_trainer::limit_threads(arguments.threads.unwrap_or(cores).get())?;
    let started = Instant::now();
    let mut pace = Pace::default();
    pace.start(cell, started);
    let mut tell = |event: &Event| said(&mut pace, cell, event).iter().for_each(|line| say(line));
    let Some(result) = train(cell, &folder, arguments.checkpoint.every(), &mut tell)? else { return Ok(Exit::Done) };
    print(&outcome(cell, &result, started.elapsed(), &folder.cell(cell)))?;
    Ok(if result.status.is_done() { Exit::Done } else { Exit::Incomplete })
}

/// Why a finished cell is trained again for its model, behind "is finished".
fn lacks_only_its_model(folder: &StudyFolder, cell: &Cell) -> Option<String> {
    let result = folder.read_result(cell).ok().flatten()?;
    Some(match model_fault(folder, cell, &result)? {
        ModelFault::Missing => " without the model that train.save_model asks for".to_owned(),
        ModelFault::Damaged(why) => format!(", but {why}"),
    })
}

fn pick(study: &Study, index: usize) -> anyhow::Result<&Cell> {
    let cells = study.cells.len();
    let cell = study.cells.get(index);
    cell.with_context(|| {
        format!("--index {index}: {} has {}, --index 0 to {}", study.name, plural(cells, "cell"), cells - 1)
    })
}

/// The end of a task whose cell no look needs any more, or whose look is not the next one; none where it is to be trained.
fn unneeded_now(study: &Study, index: usize, folder: &StudyFolder) -> Option<Exit> {
    let look = look_of(study, index);
    if look == 0 {
        return None;
    }
    let Looks { waiting, skipped, .. } = look_into(study, folder, false)?;
    let name = cell_name(&study.cells[index]);
    if skipped.binary_search(&index).is_ok() {
        say(&format!("{name} is not needed: its comparisons have their verdicts without it"));
        return Some(Exit::Done);
    }
    let [first, others @ ..] = waiting.as_slice() else { return None };
    if waiting.binary_search(&index).is_ok() {
        return None;
    }
    let more = if others.is_empty() { String::new() } else { format!(" and {}", plural(others.len(), "other")) };
    let first = cell_name(&study.cells[*first]);
    say(&format!(
        "{name} belongs to look {}, which comes after {first} (--index {}){more}, without results yet: nothing was \
         trained; run it again after them",
        look + 1,
        waiting[0]
    ));
    Some(Exit::Incomplete)
}

/// Writes the study's config where there is none: the tasks of a job array share one folder.
fn prepare(study: &Study, cell: &Cell, folder: &StudyFolder, config: &Path) -> anyhow::Result<()> {
    folder::check_owner(folder, study)?;
    let there = folder.config();
    if !there.exists() {
        folder.write_config(study)?;
    } else if !Study::load(&there, &[])?.cells.iter().any(|other| other.id == cell.id) {
        let (there, config) = (printable_path(&there), printable_path(config));
        say(&format!("warning: {there} has no such cell, so that `untied report` leaves it out; {config} differs"));
    }
    Ok(())
}

/// The lines for an event, or how far training is where it has been silent for too long.
fn said(pace: &mut Pace, cell: &Cell, event: &Event) -> Vec<String> {
    let now = Instant::now();
    pace.note(cell, event, now);
    let line = progress(cell, event);
    if line.is_some() {
        pace.spoke(cell, now);
    }
    line.into_iter().chain(pace.due(now).into_iter().map(|(_, text)| text)).collect()
}

fn progress(cell: &Cell, event: &Event) -> Option<String> {
    match event {
        Event::Waiting { seconds: 0 } => Some(format!("{} {BEING_TRAINED}", cell_name(cell))),
        Event::Started { train_images, test_images, .. } => {
            Some(format!("{}: {train_images} images to train on, {test_images} to test with", cell_name(cell)))
        }
        Event::Epoch { epoch, train_loss, test_loss, test_accuracy, validation_accuracy, .. } => {
            let validation = validation_accuracy.map(|accuracy| format!("  validation {accuracy:.4}"));
            Some(format!(
                "epoch {epoch}/{}  loss {train_loss:.4}  test loss {test_loss:.4}  accuracy {test_accuracy:.4}{}",
                cell.config.train.epochs,
                validation.unwrap_or_default()
            ))
        }
        Event::Stopped { epoch } => Some(stopped(*epoch)),
        Event::Diverged { epoch, step } => Some(format!("diverged in epoch {epoch}, at step {step}")),
        Event::Resumed { epoch, step } => Some(format!("goes on with epoch {epoch}, after step {step}")),
        Event::Warning { message, .. } => Some(format!("warning: {message}")),
        Event::Measuring { what } => Some(format!("measuring: {what}")),
        Event::Waiting { .. } | Event::Progress { .. } | Event::Finished { .. } => None,
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
    format!("{name}: {}{numbers}, {}\n{}\n", result.status, time(elapsed), printable_path(folder))
}
