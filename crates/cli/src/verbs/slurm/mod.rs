//! `untied slurm`: the missing cells of a study as Slurm job arrays, and the report after them.

mod arguments;
mod job_array;
mod options;
mod queue;
mod quote;
mod scripts;
mod site;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use untied_study::{MOST_CONFIG, Study, StudyFolder, printable_path, read_text, write_text};

pub(crate) use self::arguments::SlurmArguments;
use self::job_array::{JobArray, job_arrays};
use self::queue::Queue;
use self::scripts::Scripts;
use crate::exit::Exit;
use crate::folder::lock::Lock;
use crate::plan::looks::{bounds, look_of};
use crate::plan::missing_cells;
use crate::terminal::{print, say};
use crate::wording::plural;
use crate::{check, folder};

pub(crate) fn slurm(arguments: &SlurmArguments) -> anyhow::Result<Exit> {
    let study = arguments.config.load(arguments.device.get())?;
    let mut folder = StudyFolder::new(absolute(&arguments.out.folder(&study))?);
    check::check_study(&study, arguments.config.path(), &mut folder)?;
    let options = options::directives(arguments)?;
    folder::check_owner(&folder, &study)?;
    // A run in this folder would train the same cells.
    let _lock = Lock::take(&folder)?;
    // An older one stays as it is until something is submitted: `submit.sh` sees to it.
    if !folder.config().exists() {
        folder.write_config(&study)?;
    }

    let here = folder.slurm();
    let text = study.resolved_toml();
    let config = config_number(&here, &text)?;
    let (missing, warnings) = missing_cells(&study, &folder);
    let queue = Queue::read(&here, config)?;
    let cells: Vec<usize> = missing.iter().copied().filter(|index| !queue.holds(*index)).collect();
    let (all, queued) = (study.cells.len(), missing.len() - cells.len());
    if cells.is_empty() {
        print(&nothing_to_submit(&study, &folder, arguments.config.path(), queued))?;
        return Ok(Exit::Done);
    }
    for warning in &warnings {
        say(warning);
    }
    let writing = folder.begin_writing();
    write_text(&here.join(scripts::config_name(config)), &text)?;
    let arrays = arrays_by_look(&study, &cells, array_size(arguments));
    let program = std::env::current_exe()?;
    let (name, root) = (study.name.as_str(), folder.root());
    let scripts =
        Scripts { study: name, program: &program, folder: root, config, arrays: &arrays, queue: &queue, options };
    scripts.write(&here)?;
    drop(writing);
    print(&outline(name, all, all - missing.len(), queued, &arrays))?;
    if let Some(bounds) = bounds(&study) {
        print(&format!("{bounds}\n"))?;
    }
    if arguments.submit {
        return submit(&here);
    }
    print(&format!("submit them: sh {}\n", quote::shell(&here.join("submit.sh").display().to_string())))?;
    Ok(Exit::Done)
}

/// The arrays of the looks, one look after the other.
fn arrays_by_look(study: &Study, cells: &[usize], size: usize) -> Vec<JobArray> {
    let looks = study.sequential.map_or(1, |design| design.looks().len());
    let of_look = |look: usize| {
        let cells: Vec<usize> = cells.iter().copied().filter(|&cell| look_of(study, cell) == look).collect();
        job_arrays(&cells, size, look)
    };
    (0..looks).flat_map(of_look).collect()
}

/// Jobs start elsewhere, and Slurm takes `%` and `\` in the paths of logs for patterns.
fn absolute(out: &Path) -> anyhow::Result<PathBuf> {
    let path = std::path::absolute(out).with_context(|| format!("cannot find {}", out.display()))?;
    let bad = |c: char| matches!(c, '%' | '\\') || c.is_control();
    match path.to_str() {
        Some(text) if !text.contains(bad) => Ok(path),
        _ => bail!(
            "{}: expected a folder without `%`, `\\` and control characters, which Slurm cannot write logs to; give \
             --out another one",
            path.display()
        ),
    }
}

/// The number of the config's copy for the jobs: a study that changes must not change what is queued.
fn config_number(here: &Path, text: &str) -> anyhow::Result<usize> {
    let is_free = |number: &usize| match read_text(&here.join(scripts::config_name(*number)), MOST_CONFIG) {
        Ok(Some(there)) => there == text,
        Ok(None) => true,
        // Of another config, or whatever lies there.
        Err(_) => false,
    };
    (1..usize::MAX).find(is_free).with_context(|| format!("{}: no free name for the config", here.display()))
}

fn array_size(arguments: &SlurmArguments) -> usize {
    if let Some(size) = arguments.max_array_size {
        return size.get();
    }
    site::array_size().unwrap_or_else(|why| {
        say(&format!("{why}: taking arrays of {} tasks, or give --max-array-size", site::USUAL_ARRAY_SIZE));
        site::USUAL_ARRAY_SIZE
    })
}

/// The report is by the folder's config: where that is an older one of the study, `run` takes the new one there first.
fn nothing_to_submit(study: &Study, folder: &StudyFolder, config: &Path, queued: usize) -> String {
    let Study { name, cells, .. } = study;
    let cells = plural(cells.len(), "cell");
    let there = read_text(&folder.config(), MOST_CONFIG).ok().flatten();
    let report = if there == Some(study.resolved_toml()) {
        format!("`untied report {}`", printable_path(folder.root()))
    } else {
        format!("`untied run {} --out {}`", printable_path(config), printable_path(folder.root()))
    };
    match queued {
        0 if study.sequential.is_some() => {
            format!("{name}: {cells}, all with results or not needed; {report} reports them\n")
        }
        0 => format!("{name}: {cells}, all with results; {report} reports them\n"),
        _ => format!("{name}: {cells}; the {queued} without results are queued already\n"),
    }
}

fn outline(name: &str, all: usize, done: usize, queued: usize, arrays: &[JobArray]) -> String {
    let cells = arrays.iter().map(|array| array.cells).sum::<usize>();
    let parts = [(done, "with results"), (queued, "queued already"), (cells, "to submit")];
    let parts = parts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}"));
    let (cells, parts) = (plural(all, "cell"), parts.collect::<Vec<_>>().join(", "));
    format!("{name}: {cells}: {parts} in {}, and the report after them\n", plural(arrays.len(), "job array"))
}

/// The same as a person would do; the script says on stdout what it submitted.
fn submit(here: &Path) -> anyhow::Result<Exit> {
    let script = here.join("submit.sh");
    let output = Command::new("sh").arg(&script).stdin(Stdio::null()).stdout(Stdio::inherit()).output();
    let output = output.with_context(|| format!("cannot run {}", script.display()))?;
    let words = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("{}: not everything was submitted: {}", script.display(), words.trim());
    }
    if !words.trim().is_empty() {
        say(words.trim());
    }
    Ok(Exit::Done)
}
