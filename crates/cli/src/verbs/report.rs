//! `untied report`: the report again, from what lies in a study's folder.

use std::collections::HashSet;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use untied_report::{Failures, assemble, write};
use untied_study::{Results, Status, Study, StudyFolder, printable_path};

use crate::arguments::TensorboardArgument;
use crate::exit::Exit;
use crate::folder;
use crate::summary::{Counts, programs, unfinished, verdicts};
use crate::terminal::{open, print, say};
use crate::wording::plural;

#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// The folder of a study's results: it holds config.toml, and cells/ or results.json
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    #[command(flatten)]
    tensorboard: TensorboardArgument,
    /// Open it in the browser
    #[arg(long)]
    open: bool,
}

pub(crate) fn report(arguments: &ReportArguments) -> anyhow::Result<Exit> {
    let folder = StudyFolder::new(arguments.folder.clone());
    let study = load(&folder)?;
    folder::check_owner(&folder, &study)?;
    let stored = stored(&folder)?;
    let results = assemble(&study, &folder, stored.as_ref(), &Failures::new());
    let written = write(&study, &folder, &results);
    let curves = arguments.tensorboard.write(&results);
    print(&text(&study, &folder, &results, written.is_ok()))?;
    unfinished(&results, &[Status::Failed, Status::Missing]).chain(programs(&results)).for_each(|line| say(&line));
    for line in notes(&study, &folder, &results, stored.as_ref()) {
        say(&line);
    }
    written.and(curves)?;
    if arguments.open {
        open(&folder.report_html());
    }
    Ok(Counts::of(&results).exit())
}

fn text(study: &Study, folder: &StudyFolder, results: &Results, written: bool) -> String {
    let report = if written { format!("report: {}\n", printable_path(&folder.report_html())) } else { String::new() };
    format!("{}{report}{}\n", verdicts(study, results), Counts::of(results))
}

/// `results.json`, which may be all that is left of a study whose cells were deleted, or were never here: only then its
/// damage is an error.
fn stored(folder: &StudyFolder) -> anyhow::Result<Option<Results>> {
    if folder.cells().is_dir() {
        return folder::stored_results(folder);
    }
    let stored = folder.read_results_by_id()?;
    let root = folder.root().display();
    stored.with_context(|| format!("{root} has no results yet: neither cells/ nor results.json")).map(Some)
}

/// What the results are known from, and what was not asked for.
fn notes(study: &Study, folder: &StudyFolder, results: &Results, stored: Option<&Results>) -> Vec<String> {
    let own: HashSet<&str> = study.cells.iter().map(|cell| cell.id.as_str()).collect();
    let foreign = stored.map_or(0, |stored| stored.cells.iter().filter(|cell| !own.contains(cell.id.as_str())).count());
    let alone = without_cells(study, folder, results);
    let mut notes = Vec::new();
    if alone > 0 {
        let are = if alone == 1 { "is" } else { "are" };
        notes.push(format!("{} {are} known from results.json alone", plural(alone, "cell")));
    }
    if foreign > 0 {
        let are = if foreign == 1 { "is" } else { "are" };
        notes.push(format!("{} of results.json {are} not of config.toml, and left out", plural(foreign, "cell")));
    }
    notes
}

fn load(folder: &StudyFolder) -> anyhow::Result<Study> {
    let (root, config) = (folder.root(), folder.config());
    if !root.is_dir() {
        bail!("{} is no folder", root.display());
    }
    if !config.is_file() {
        bail!("{} is no folder of a study: it has no config.toml", root.display());
    }
    Ok(Study::load(&config, &[])?)
}

/// Number of cells that ended, but have no `result.json` that shows it.
fn without_cells(study: &Study, folder: &StudyFolder, results: &Results) -> usize {
    let shown: HashSet<&str> =
        study.cells.iter().filter(|cell| folder.result(cell).exists()).map(|cell| cell.id.as_str()).collect();
    results.cells.iter().filter(|record| record.status.is_done() && !shown.contains(record.id.as_str())).count()
}
