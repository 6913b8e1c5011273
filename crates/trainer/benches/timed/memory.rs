//! The memory of this process, as Linux counts it.

use std::fs;

/// Bytes.
#[derive(Clone, Copy)]
pub(crate) struct Memory {
    /// Before the first step.
    pub(crate) before: u64,
    /// The most since.
    pub(crate) peak: u64,
}

impl Memory {
    /// Forgets the peak so far.
    pub(crate) fn start() -> Option<Self> {
        fs::write("/proc/self/clear_refs", "5").ok()?;
        Some(Self { before: status("VmRSS:")?, peak: 0 })
    }

    pub(crate) fn end(self) -> Option<Self> {
        Some(Self { peak: status("VmHWM:")?, ..self })
    }
}

fn status(name: &str) -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let kibibytes = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(1024 * kibibytes.trim().strip_suffix(" kB")?.parse::<u64>().ok()?)
}
