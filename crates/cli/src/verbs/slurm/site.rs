//! The limits and the queue of the site's Slurm, as its own programs tell them.

use std::process::{Command, Stdio};

/// Slurm's own default: tasks 0 to 1000.
pub(crate) const USUAL_ARRAY_SIZE: usize = 1001;

/// The most tasks that an array may have; the error says why that is not known.
pub(crate) fn array_size() -> Result<usize, String> {
    let config = ask("scontrol", &["show", "config"])?;
    parse_array_size(&config).ok_or_else(|| "scontrol names no MaxArraySize".to_owned())
}

/// Job id and task of every array task of this user that is queued or runs.
pub(crate) fn queued_tasks() -> Result<Vec<(u64, usize)>, String> {
    Ok(ask("squeue", &["--me", "--noheader", "--array", "--format=%F %K"])?.lines().filter_map(parse_task).collect())
}

fn ask(program: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("cannot ask {program}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    Err(format!("{program} fails: {}", words.lines().next().unwrap_or("no reason given")))
}

/// Indices end below MaxArraySize, and the scheduler may allow fewer tasks still.
fn parse_array_size(config: &str) -> Option<usize> {
    let value = |key: &str| {
        let mut pairs = config.lines().filter_map(|line| line.split_once('='));
        pairs.find(|(name, _)| name.trim() == key).map(|(_, value)| value.trim())
    };
    let size = value("MaxArraySize")?.parse().ok()?;
    let parameters = value("SchedulerParameters").unwrap_or_default().split(',');
    let fewer = parameters.filter_map(|parameter| parameter.trim().strip_prefix("max_array_tasks=")?.parse().ok());
    Some(fewer.fold(size, usize::min))
}

/// `12 7`; jobs that are no array have `N/A` for a task.
fn parse_task(line: &str) -> Option<(u64, usize)> {
    let (job, task) = line.trim().split_once(' ')?;
    Some((job.parse().ok()?, task.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smaller_limit_counts() {
        let config = |parameters: &str| format!("MaxArraySize            = 1001\nSchedulerParameters = {parameters}\n");
        assert_eq!(parse_array_size(&config("(null)")), Some(1001));
        assert_eq!(parse_array_size(&config("bf_window=1,max_array_tasks=500,x=1")), Some(500));
        assert_eq!(parse_array_size("MaxArraySizes = 3"), None);
    }

    #[test]
    fn jobs_that_are_no_array_are_left_out() {
        let tasks: Vec<_> = ["12 7", "13 N/A", "", "14"].into_iter().filter_map(parse_task).collect();
        assert_eq!(tasks, [(12, 7)]);
    }
}
