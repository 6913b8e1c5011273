//! Ctrl-C, and its kin SIGTERM and SIGHUP.

use std::io::Read;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::Context;

use crate::exit::INTERRUPTED;
use crate::terminal::say;

static CAUGHT: AtomicBool = AtomicBool::new(false);
static INTERRUPT: AtomicBool = AtomicBool::new(false);

/// From now on an interrupt ends the program at once, with a line that says what that means.
pub(crate) fn end_with(line: &'static str) -> anyhow::Result<()> {
    handle(move || {
        let caught = CAUGHT.load(Ordering::SeqCst);
        if !caught {
            say(line);
        }
        if !caught || INTERRUPT.swap(true, Ordering::SeqCst) {
            process::exit(i32::from(INTERRUPTED));
        }
    })
}

/// After [`end_with`]: from now on an interrupt only raises a flag; a second one ends the program at once.
pub(crate) fn catch() {
    CAUGHT.store(true, Ordering::SeqCst);
}

pub(crate) fn happened() -> bool {
    INTERRUPT.load(Ordering::SeqCst)
}

/// Makes a worker end with its parent, and not before it.
///
/// Ctrl-C reaches the whole process group: the parent decides what becomes of its workers, and its end closes their
/// stdin. A worker that was sent a signal of its own waits for that a moment, in vain, and ends.
pub(crate) fn follow_parent() -> anyhow::Result<()> {
    let end = || process::exit(i32::from(INTERRUPTED));
    handle(move || {
        thread::sleep(Duration::from_secs(1));
        end();
    })?;
    let wait = move || {
        let _ = std::io::stdin().lock().read_to_end(&mut Vec::new());
        end();
    };
    thread::Builder::new().spawn(wait).context("cannot start a thread")?;
    Ok(())
}

/// Handles every signal that asks the program to end, but hangups where they are ignored: so `nohup` starts it.
fn handle(handler: impl FnMut() + Send + 'static) -> anyhow::Result<()> {
    #[cfg(unix)]
    if hangups::are_ignored() {
        return hangups::ignored_beside(|| Ok(ctrlc::set_handler(handler)?));
    }
    Ok(ctrlc::set_handler(handler)?)
}

/// Has the system refuse to write what is above a limit on file sizes, instead of ending the program without a word.
pub(crate) fn hear_of_file_sizes() {
    #[cfg(unix)]
    {
        use nix::sys::signal::{SigHandler, Signal, signal};
        // SAFETY: to ignore a signal installs no handler, which alone could do what a signal handler must not.
        let _ = unsafe { signal(Signal::SIGXFSZ, SigHandler::SigIgn) };
    }
}

#[cfg(unix)]
mod hangups {
    use std::fs;

    use nix::sys::signal::{SigHandler, SigSet, Signal, signal};

    pub(super) fn are_ignored() -> bool {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
        mask.is_some_and(|mask| mask & (1 << (Signal::SIGHUP as u32 - 1)) != 0)
    }

    /// Sets one handler for all signals, and ignores hangups again; one that comes in between waits, and is lost.
    pub(super) fn ignored_beside(set: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
        let hangup = SigSet::from(Signal::SIGHUP);
        hangup.thread_block()?;
        set()?;
        // SAFETY: to ignore a signal installs no handler, which alone could do what a signal handler must not.
        unsafe { signal(Signal::SIGHUP, SigHandler::SigIgn) }?;
        Ok(hangup.thread_unblock()?)
    }
}
