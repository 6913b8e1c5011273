//! One `run` at a time in a study's folder.

use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use anyhow::{Context, bail};
use untied_study::StudyFolder;

/// Held until it is dropped; the system releases it too when the process ends in any way.
///
/// The file stays: to delete it would let a third process lock a new one while a second still holds this one.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "an open file holds the lock")] File);

impl Lock {
    /// Takes the lock of a study's folder, which it makes where there is none.
    pub(crate) fn take(folder: &StudyFolder) -> anyhow::Result<Self> {
        let cells = folder.cells();
        fs::create_dir_all(&cells).with_context(|| format!("cannot make {}", cells.display()))?;
        let path = cells.join(".lock");
        let mut file = open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!("{}", held(folder.root(), &mut file)),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()));
            }
        }
        write_pid(&mut file).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self(file))
    }
}

fn open(path: &Path) -> anyhow::Result<File> {
    let options = File::options().read(true).write(true).create(true).truncate(false).open(path);
    options.with_context(|| format!("cannot write {}", path.display()))
}

fn write_pid(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    write!(file, "{}", std::process::id())?;
    file.flush()
}

fn held(root: &Path, file: &mut File) -> String {
    let mut pid = String::new();
    let by = match file.read_to_string(&mut pid) {
        Ok(_) if !pid.trim().is_empty() => format!("by process {}", pid.trim()),
        _ => "by another process".to_owned(),
    };
    format!("{} is in use {by}: wait until it ends, or give --out another folder", root.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_holds_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let folder = StudyFolder::new(folder.path().join("study"));
        let first = Lock::take(&folder).unwrap();
        let error = Lock::take(&folder).unwrap_err().to_string();
        assert!(error.contains(&format!("by process {}", std::process::id())), "{error}");
        drop(first);
        Lock::take(&folder).unwrap();
    }
}
