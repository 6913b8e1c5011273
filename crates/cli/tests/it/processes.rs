//! Processes that tests send signals to.

use std::fs;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Sends `-KILL` and its like to a process; to a whole group where the id is negative.
pub(crate) fn signal(name: &str, id: i64) {
    let status = Command::new("kill").args([name, "--", &id.to_string()]).status().unwrap();
    assert!(status.success(), "kill {name} {id}");
}

/// The processes that a process started, as Linux lists them: the workers of a run.
pub(crate) fn children(id: u32) -> Vec<i64> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{id}/task")) else { return Vec::new() };
    let lists = tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>()).collect()
}

/// Whether a process is gone, or only waits for its parent to ask how it ended.
pub(crate) fn has_ended(id: i64) -> bool {
    // The state follows the name, which stands in parentheses.
    let status = fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
    status.rsplit_once(") ").is_none_or(|(_, state)| state.starts_with('Z'))
}

pub(crate) fn wait_until(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_mins(1), "it takes too long");
        sleep(Duration::from_millis(20));
    }
}
