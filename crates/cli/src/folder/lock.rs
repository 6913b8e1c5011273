//! One `run` at a time in a study's folder.

use std::fs::{self, File, TryLockError};
use std::io::{Seek, Write};
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail};
use serde_json::{Value, json};
use untied_study::{StudyFolder, open_to_change, printable_path, read_text};

use crate::terminal::say;
use crate::wording::time;

/// Time between two tries of one that waits.
const AGAIN: Duration = Duration::from_millis(200);

/// Far more than what a holder writes.
const MOST_HOLDER: u64 = 1 << 12;

/// Held until it is dropped; the system releases it too when the process ends in any way.
///
/// The file stays: to delete it would let a third process lock a new one while a second still holds this one.
#[derive(Debug)]
pub(crate) struct Lock(#[expect(dead_code, reason = "an open file holds the lock")] File);

impl Lock {
    /// Takes the lock of a study's folder, which it makes where there is none; an error says who holds it.
    pub(crate) fn take(folder: &StudyFolder) -> anyhow::Result<Self> {
        match Self::try_take(folder)? {
            Some(lock) => Ok(lock),
            None => bail!("{}: wait until it ends (--wait), or give --out another folder", held(folder)),
        }
    }

    /// Takes the lock as [`take`](Self::take) does, but waits until nobody holds it.
    pub(crate) fn wait(folder: &StudyFolder) -> anyhow::Result<Self> {
        let mut told = false;
        loop {
            if let Some(lock) = Self::try_take(folder)? {
                return Ok(lock);
            }
            if !std::mem::replace(&mut told, true) {
                say(&format!("{}: waiting until it ends", held(folder)));
            }
            thread::sleep(AGAIN);
        }
    }

    fn try_take(folder: &StudyFolder) -> anyhow::Result<Option<Self>> {
        let cells = folder.cells();
        fs::create_dir_all(&cells).with_context(|| format!("cannot make {}", cells.display()))?;
        let path = cells.join(".lock");
        let mut file = open_to_change(&path).with_context(|| format!("cannot write {}", path.display()))?;
        if !is_free(&path, &file.try_lock()) {
            return Ok(None);
        }
        let holder = json!({ "pid": std::process::id(), "host": host(), "since": now().as_secs() }).to_string();
        write(&mut file, &holder).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(is_at(&path, &holder).then_some(Self(file)))
    }
}

/// Whether nobody else holds the lock, as far as can be told: some network file systems have none.
fn is_free(path: &Path, tried: &Result<(), TryLockError>) -> bool {
    if let Err(TryLockError::Error(error)) = tried {
        let path = printable_path(path);
        say(&format!("warning: cannot lock {path}, so that a second run would not be noticed: {error}"));
    }
    !matches!(tried, Err(TryLockError::WouldBlock))
}

fn write(file: &mut File, text: &str) -> std::io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(text.as_bytes())
}

/// Whether the locked file still lies there: `--fresh` may have moved it aside before it was locked.
fn is_at(path: &Path, holder: &str) -> bool {
    read_text(path, MOST_HOLDER).is_ok_and(|there| there.as_deref() == Some(holder))
}

/// `out is in use by process 17 on alpha for 3 min 05 s`.
fn held(folder: &StudyFolder) -> String {
    let text = read_text(&folder.cells().join(".lock"), MOST_HOLDER).ok().flatten().unwrap_or_default();
    let by = holder(&text).unwrap_or_else(|| "another process".to_owned());
    format!("{} is in use by {by}", printable_path(folder.root()))
}

fn holder(text: &str) -> Option<String> {
    let holder: Value = serde_json::from_str(text).ok()?;
    let (pid, host) = (holder["pid"].as_u64()?, holder["host"].as_str()?);
    let since = Duration::from_secs(holder["since"].as_u64()?);
    Some(format!("process {pid} on {host} for {}", time(now().saturating_sub(since))))
}

fn host() -> String {
    hostname::get().map_or_else(|_| "an unknown host".to_owned(), |name| name.to_string_lossy().into_owned())
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_told_who_holds_the_folder_since_when() {
        let folder = tempfile::tempdir().unwrap();
        let folder = StudyFolder::new(folder.path().join("study"));
        let first = Lock::take(&folder).unwrap();
        let error = Lock::take(&folder).unwrap_err().to_string();
        let expected = format!("is in use by process {} on {} for ", std::process::id(), host());
        assert!(error.contains(&expected), "{error}");
        drop(first);
        Lock::take(&folder).unwrap();
    }

    #[test]
    fn without_locks_the_folder_is_used_all_the_same() {
        let none = std::io::ErrorKind::Unsupported.into();
        let tried = [Ok(()), Err(TryLockError::Error(none)), Err(TryLockError::WouldBlock)];
        assert_eq!(tried.map(|tried| is_free(Path::new("cells/.lock"), &tried)), [true, true, false]);
    }

    #[test]
    fn a_lock_that_was_moved_aside_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(".lock");
        let mut file = File::create(&path).unwrap();
        write(&mut file, "me").unwrap();
        assert!(is_at(&path, "me"));
        fs::rename(&path, folder.path().join("aside")).unwrap();
        assert!(!is_at(&path, "me"));
        fs::write(&path, "another").unwrap();
        assert!(!is_at(&path, "me"));
    }
}
