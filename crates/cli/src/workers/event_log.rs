//! `events.jsonl`: the events of a training run. Its lock is the cell's.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context;
use untied_study::{Event, open_to_change, printable_path};

use crate::terminal::say;

/// Time between two tries of one that waits.
const AGAIN: Duration = Duration::from_secs(1);

/// The event log of a cell, locked until it is dropped or the process ends in any way.
#[derive(Debug)]
pub(crate) struct EventLog {
    path: PathBuf,
    file: File,
    failure: Option<io::Error>,
}

impl EventLog {
    /// Waits as long as another process has the cell, such as the task that a cluster believes dead and has requeued,
    /// and tells so with every try: who waits does not hang.
    pub(crate) fn lock(path: &Path, tell: &mut dyn FnMut(&Event)) -> anyhow::Result<Self> {
        let file = open(path)?;
        let start = Instant::now();
        let mut locked = file.try_lock();
        while let Err(TryLockError::WouldBlock) = locked {
            tell(&Event::Waiting { seconds: start.elapsed().as_secs() });
            thread::sleep(AGAIN);
            locked = file.try_lock();
        }
        if let Err(error) = locked {
            // Some network file systems have no locks. Results are equal and written whole whoever writes them.
            say(&format!("warning: cannot lock {}, so that two processes may train it: {error}", printable_path(path)));
        }
        Ok(Self { path: path.to_owned(), file, failure: None })
    }

    /// The lock of a cell, for a moment; none where another process has it.
    pub(crate) fn try_lock(path: &Path) -> anyhow::Result<Option<File>> {
        let file = open(path)?;
        let is_held = matches!(file.try_lock(), Err(TryLockError::WouldBlock));
        Ok((!is_held).then_some(file))
    }

    /// Empties the log, or goes on behind its last whole line.
    pub(crate) fn begin(&mut self, goes_on: bool) -> anyhow::Result<()> {
        let mut begin = || {
            let mut text = Vec::new();
            if goes_on {
                self.file.read_to_end(&mut text)?;
            }
            let end = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |last| last as u64 + 1);
            self.file.set_len(end)?;
            self.file.seek(SeekFrom::Start(end))
        };
        begin().with_context(|| format!("cannot write {}", self.path.display()))?;
        Ok(())
    }

    /// A failure waits for the end: training is not lost for a line.
    pub(crate) fn write(&mut self, event: &Event) {
        if let Err(error) = write_line(&mut self.file, event) {
            self.failure.get_or_insert(error);
        }
    }

    pub(crate) fn end(self) -> anyhow::Result<()> {
        match self.failure {
            Some(error) => Err(error).with_context(|| format!("cannot write {}", self.path.display())),
            None => Ok(()),
        }
    }
}

fn open(path: &Path) -> anyhow::Result<File> {
    let open = || {
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        open_to_change(path)
    };
    open().with_context(|| format!("cannot write {}", path.display()))
}

/// Writes an event in one piece, so that readers see whole lines.
pub(crate) fn write_line(out: &mut impl Write, event: &Event) -> io::Result<()> {
    let mut line = serde_json::to_vec(event)?;
    line.push(b'\n');
    out.write_all(&line)?;
    out.flush()
}
