//! The owner of an output folder, and how its old results are moved aside.

pub(crate) mod lock;
pub(crate) mod model;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use untied_study::{MOST_CONFIG, Results, Study, StudyFolder, free_name, read_text};

/// The files and folders that a study leaves; nothing else is ever moved, `slurm` neither: queued jobs need it.
const ENTRIES: [&str; 7] = ["config.toml", "cells", "results.json", "curves.json", "report.md", "report.html", "plots"];

/// An error where the folder belongs to something else than this study.
pub(crate) fn check_owner(folder: &StudyFolder, study: &Study) -> anyhow::Result<()> {
    let root = folder.root();
    if root.exists() && !root.is_dir() {
        bail!("{} is a file, not an output folder", root.display());
    }
    check_config(&folder.config(), study)?;
    match stored_results(folder)? {
        Some(results) if results.study != study.name => bail!(
            "{} holds the results of `{}`, not of `{}`: give --out another folder",
            root.display(),
            results.study,
            study.name
        ),
        _ => check_name(&folder.config(), study),
    }
}

/// The folder of a study that has no results yet is another one's all the same.
fn check_name(path: &Path, study: &Study) -> anyhow::Result<()> {
    let config = read_text(path, MOST_CONFIG)?.and_then(|text| toml::from_str::<toml::Table>(&text).ok());
    match config.as_ref().and_then(|config| config.get("name")?.as_str()) {
        Some(name) if name != study.name => {
            bail!("{} is of the study `{name}`, not of `{}`: give --out another folder", path.display(), study.name)
        }
        _ => Ok(()),
    }
}

/// A config that someone wrote by hand must not be overwritten by a resolved one.
fn check_config(path: &Path, study: &Study) -> anyhow::Result<()> {
    let Some(text) = read_text(path, MOST_CONFIG)? else { return Ok(()) };
    if text.lines().next() == study.resolved_toml().lines().next() {
        return Ok(());
    }
    bail!("{} was not written by this program and would be overwritten: give --out another folder", path.display())
}

/// `results.json`; none where it is damaged, since the cells hold all that it says and it is written again.
pub(crate) fn stored_results(folder: &StudyFolder) -> anyhow::Result<Option<Results>> {
    match folder.read_results_by_id() {
        Err(untied_study::StoreError::Damaged { .. }) => Ok(None),
        other => Ok(other?),
    }
}

/// Moves the study's results to `<folder>.old-<n>`, if there are any.
pub(crate) fn move_aside(folder: &StudyFolder) -> anyhow::Result<Option<PathBuf>> {
    let root = folder.root();
    let entries: Vec<&str> = ENTRIES.into_iter().filter(|entry| root.join(entry).exists()).collect();
    if entries.is_empty() {
        return Ok(None);
    }
    let root = fs::canonicalize(root).with_context(|| format!("cannot read {}", root.display()))?;
    let aside = free_name(&root);
    fs::create_dir(&aside).with_context(|| format!("cannot make {}", aside.display()))?;
    for entry in entries {
        let (from, to) = (root.join(entry), aside.join(entry));
        fs::rename(&from, &to).with_context(|| format!("cannot move {} to {}", from.display(), to.display()))?;
    }
    Ok(Some(aside))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_results_are_moved_and_each_time_to_a_new_folder() {
        let parent = tempfile::tempdir().unwrap();
        let root = parent.path().join("study");
        let folder = StudyFolder::new(root.clone());
        assert_eq!(move_aside(&folder).unwrap(), None);
        for n in 1..3 {
            fs::create_dir_all(root.join("cells")).unwrap();
            fs::create_dir_all(root.join("slurm")).unwrap();
            fs::write(root.join("results.json"), "{}").unwrap();
            fs::write(root.join("notes.txt"), "mine").unwrap();
            let aside = move_aside(&folder).unwrap().unwrap();
            assert_eq!(aside.file_name().unwrap(), format!("study.old-{n}").as_str());
            assert!(aside.join("cells").is_dir() && aside.join("results.json").is_file());
            assert!(root.join("notes.txt").is_file() && root.join("slurm").is_dir() && !root.join("cells").exists());
        }
    }
}
