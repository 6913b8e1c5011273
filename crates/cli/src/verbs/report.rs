//! `untied report`: the report again, from what lies in a study's folder.

use std::collections::HashSet;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use untied_report::{Failures, assemble, look, recompare, write};
use untied_study::{Results, Status, Study, StudyFolder};

use crate::exit::Exit;
use crate::folder;
use crate::summary::{Counts, unfinished, verdicts};
use crate::terminal::{print, say};

#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// The folder of a study's results: it holds config.toml, and cells/ or results.json
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

pub(crate) fn report(arguments: &ReportArguments) -> anyhow::Result<Exit> {
    let folder = StudyFolder::new(arguments.folder.clone());
    let study = load(&folder)?;
    folder::check_owner(&folder, &study)?;
    let results = if folder.cells().is_dir() {
        assemble(&study, &folder, folder::stored_results(&folder)?.as_ref(), &Failures::new())
    } else {
        from_results(&study, &folder)?
    };
    write(&study, &folder, &results)?;
    let counts = Counts::of(&results);
    print(&format!("{}report: {}\n{counts}\n", verdicts(&study, &results), folder.report_html().display()))?;
    unfinished(&results, &[Status::Failed, Status::Missing]).for_each(|line| say(&line));
    match without_cells(&study, &folder, &results) {
        0 => {}
        1 => say("1 cell is known from results.json alone"),
        cells => say(&format!("{cells} cells are known from results.json alone")),
    }
    Ok(counts.exit())
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

/// All that is left of a study whose cells were deleted, or were never here.
fn from_results(study: &Study, folder: &StudyFolder) -> anyhow::Result<Results> {
    let root = folder.root().display();
    let stored = folder.read_results()?;
    let mut results = stored.with_context(|| format!("{root} has no results yet: neither cells/ nor results.json"))?;
    if let Some(compare) = &study.compare {
        results.comparisons = recompare(&results, compare);
        if let Some(design) = results.sequential {
            look(&results.cells, &[], compare, design).mark(&mut results.cells);
        }
    }
    Ok(results)
}

/// Number of cells that ended, but have no `result.json` that shows it.
fn without_cells(study: &Study, folder: &StudyFolder, results: &Results) -> usize {
    let shown: HashSet<&str> =
        study.cells.iter().filter(|cell| folder.result(cell).exists()).map(|cell| cell.id.as_str()).collect();
    results.cells.iter().filter(|record| record.status.is_done() && !shown.contains(record.id.as_str())).count()
}
