//! What a process left half written when it was killed, and the locks under which that is certain.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::{Cell, StoreError, StudyFolder};

/// The files of a cell that are replaced whole.
const OF_CELL: [&str; 4] = ["checkpoint", "model.safetensors", "result.json", "cell.json"];

/// Those of a study, beside its cells.
const OF_STUDY: [&str; 5] = ["config.toml", "results.json", "curves.json", "report.md", "report.html"];

/// Held while files of the study beside its cells are written; where the system has no locks, it holds nobody off.
#[derive(Debug)]
pub struct Writing(#[expect(dead_code, reason = "an open folder holds the lock")] Option<File>);

impl StudyFolder {
    /// Waits until no other process writes in the folder, and clears away what one that was killed left half written:
    /// beside the results, the plots and the scripts. Not to be held twice.
    ///
    /// What cannot be cleared away is left: to write will say why.
    #[must_use]
    pub fn begin_writing(&self) -> Writing {
        let lock = || {
            fs::create_dir_all(self.root())?;
            let folder = File::open(self.root())?;
            folder.lock().map(|()| folder)
        };
        let locked = lock().ok();
        if locked.is_some() {
            let ends = |name: &str, ending: &str| Path::new(name).extension().is_some_and(|found| found == ending);
            let is_plot = |name: &str| ends(name, "svg");
            let is_script = |name: &str| ends(name, "sh") || ends(name, "toml");
            let _ = clear(self.root(), |name| OF_STUDY.contains(&name));
            let _ = clear(&self.plots(), is_plot);
            let _ = clear(&self.slurm(), is_script);
        }
        Writing(locked)
    }

    /// Deletes what a process left half written in a cell's folder; whoever holds the cell's lock may.
    ///
    /// # Errors
    /// If the folder cannot be read or a file cannot be deleted.
    pub fn remove_leftovers(&self, cell: &Cell) -> Result<(), StoreError> {
        let path = self.cell(cell);
        clear(&path, |name| OF_CELL.contains(&name)).map_err(|cause| StoreError::Write { path, cause })
    }
}

/// Deletes the temporary files of files with such names.
fn clear(folder: &Path, is_ours: impl Fn(&str) -> bool) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if written(&entry.file_name().to_string_lossy()).is_some_and(&is_ours) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// The file for which a temporary file stands: `.checkpoint.a1B2c3`, its name between a dot and six random letters or
/// digits.
fn written(name: &str) -> Option<&str> {
    let (name, random) = name.strip_prefix('.')?.rsplit_once('.')?;
    (random.len() == 6 && random.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some(name)
}
