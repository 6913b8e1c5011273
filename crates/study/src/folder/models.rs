//! The trained models that lie in a folder, for who names the folder in place of one.

use std::fs;
use std::path::{Path, PathBuf};

use crate::printable_path;

/// Models that are named.
const NAMED: usize = 3;

/// What to name in place of a folder, where a file is expected: the models that lie in it, in a study's cells or in a cell's
/// folder, or how a study keeps them.
#[must_use]
pub fn models_in(folder: &Path) -> String {
    let mut found = models(folder);
    for entry in entries(&folder.join("cells")).into_iter().chain(entries(folder)) {
        found.extend(models(&entry));
    }
    found.sort();
    found.dedup();
    let names: Vec<String> = found.iter().take(NAMED).map(|path| printable_path(path)).collect();
    match found.len() {
        0 => "it is a folder, and no model lies in it; a study keeps those of its cells with train.save_model = true"
            .to_owned(),
        1 => format!("it is a folder; the model in it: {}", names.join(", ")),
        all if all > NAMED => format!("it is a folder; models in it: {}, and {} more", names.join(", "), all - NAMED),
        _ => format!("it is a folder; models in it: {}", names.join(", ")),
    }
}

fn models(folder: &Path) -> Vec<PathBuf> {
    let is_model = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "safetensors") && path.is_file();
    entries(folder).into_iter().filter(is_model).collect()
}

/// None where the folder cannot be read.
fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).map(|entries| entries.flatten().map(|entry| entry.path()).collect()).unwrap_or_default()
}
