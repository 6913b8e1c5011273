//! Ctrl-C, and its kin SIGTERM and SIGHUP.

use std::fs;
use std::io::Read;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::exit::INTERRUPTED;
use crate::terminal::say;

static CAUGHT: AtomicBool = AtomicBool::new(false);
static INTERRUPT: AtomicBool = AtomicBool::new(false);

/// From now on an interrupt ends the program at once, with a line that says what that means.
pub(crate) fn end_with(line: &'static str) -> anyhow::Result<()> {
    if hangups_are_ignored() {
        return Ok(());
    }
    ctrlc::set_handler(move || {
        let caught = CAUGHT.load(Ordering::SeqCst);
        if !caught {
            say(line);
        }
        if !caught || INTERRUPT.swap(true, Ordering::SeqCst) {
            process::exit(i32::from(INTERRUPTED));
        }
    })?;
    Ok(())
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
    if !hangups_are_ignored() {
        ctrlc::set_handler(move || {
            thread::sleep(Duration::from_secs(1));
            end();
        })?;
    }
    thread::spawn(move || {
        let _ = std::io::stdin().lock().read_to_end(&mut Vec::new());
        end();
    });
    Ok(())
}

/// Started by `nohup`, which a handler would undo: one handler serves all signals. Without it, Ctrl-C ends the program
/// at once, and its workers after it.
fn hangups_are_ignored() -> bool {
    const SIGHUP: u64 = 1;
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & SIGHUP != 0)
}
