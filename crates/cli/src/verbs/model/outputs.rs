//! The files that a verb was told to write: none of them is what it reads, or another one of them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::bail;

/// The files that are in use so far, each with how a message calls it.
pub(crate) struct Outputs {
    used: Vec<(String, PathBuf)>,
}

impl Outputs {
    /// Of a verb that reads this file, under its own name and under that of what it may link to.
    pub(crate) fn of(input: &Path) -> Self {
        let paths = [Some(entry(input)), fs::canonicalize(input).ok()];
        Self { used: paths.into_iter().flatten().map(|path| (input.display().to_string(), path)).collect() }
    }

    /// And of an option's file, if it was given.
    ///
    /// # Errors
    /// If it is in use already.
    pub(crate) fn and(mut self, option: &str, output: Option<&Path>) -> anyhow::Result<Self> {
        let Some(output) = output else { return Ok(self) };
        let entry = entry(output);
        if let Some((user, _)) = self.used.iter().find(|(_, used)| *used == entry) {
            bail!("{option} {}: expected another file than {user}, which it would replace", output.display());
        }
        self.used.push((format!("that of {option}"), entry));
        Ok(self)
    }
}

/// The entry of a folder that a path names, however it names the folder. What is written replaces the entry: it follows no
/// link there.
fn entry(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    folder.join(path.file_name().unwrap_or_default())
}
