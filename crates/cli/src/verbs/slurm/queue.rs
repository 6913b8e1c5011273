//! The cells of the study that wait in Slurm's queue already.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Context;
use untied_study::read_text;

use super::site;

/// The file in which `submit.sh` notes each array that it submits: job id, first cell, number of the config.
pub(crate) const JOBS: &str = "jobs";

/// A line for each array; nobody has submitted as many.
const MOST_BYTES: u64 = 1 << 24;

/// The jobs submitted before that are still queued or run.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    /// Cells of the same config.
    cells: BTreeSet<usize>,
    /// Arrays of any config of the study.
    pub(crate) jobs: BTreeSet<u64>,
}

impl Queue {
    /// Asks Slurm where something was submitted; it cannot hold anything where nothing was.
    pub(crate) fn read(folder: &Path, config: usize) -> anyhow::Result<Self> {
        let path = folder.join(JOBS);
        let Some(text) = read_text(&path, MOST_BYTES)? else { return Ok(Self::default()) };
        let submitted = parse_jobs(&text).with_context(|| path.display().to_string())?;
        let tasks = site::queued_tasks().map_err(anyhow::Error::msg);
        let tasks = tasks.context("cannot tell which cells are queued already")?;
        Ok(Self::new(&submitted, &tasks, config))
    }

    fn new(submitted: &BTreeMap<u64, (usize, usize)>, tasks: &[(u64, usize)], config: usize) -> Self {
        let mut queue = Self::default();
        for (job, task) in tasks {
            let Some((first, number)) = submitted.get(job) else { continue };
            queue.jobs.insert(*job);
            if *number == config {
                queue.cells.extend(first.checked_add(*task));
            }
        }
        queue
    }

    pub(crate) fn holds(&self, cell: usize) -> bool {
        self.cells.contains(&cell)
    }
}

/// First cell and config of each job. A later line of one id counts: Slurm may start its ids again.
///
/// What cannot be read may be a job that is queued, whose cells would be submitted a second time.
fn parse_jobs(text: &str) -> anyhow::Result<BTreeMap<u64, (usize, usize)>> {
    let parse = |line: &str| {
        let mut words = line.split_whitespace();
        let job = (words.next()?.parse().ok()?, (words.next()?.parse().ok()?, words.next()?.parse().ok()?));
        words.next().is_none().then_some(job)
    };
    let read = |(number, line): (usize, &str)| {
        parse(line).with_context(|| {
            format!(
                "line {}: expected job id, first cell and number of the config, found {line:?}; delete the line once that \
                 job is no longer queued",
                number + 1
            )
        })
    };
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tasks_of_the_study_and_its_config_hold_cells() {
        let submitted = parse_jobs("12 0 1\n13 100 1\n\n14 0 2\n15 18446744073709551615 1\n").unwrap();
        let queue = Queue::new(&submitted, &[(12, 3), (13, 3), (14, 4), (99, 5)], 1);
        let held: Vec<usize> = (0..200).filter(|cell| queue.holds(*cell)).collect();
        assert_eq!((held, queue.jobs), (vec![3, 103], BTreeSet::from([12, 13, 14])));
    }

    #[test]
    fn a_line_that_cannot_be_read_may_be_a_job() {
        for line in ["nonsense", "Welcome to the cluster", "12 0", "12 0 1 2", "-1 0 1", "99999999999999999999999 0 1"]
        {
            let error = parse_jobs(&format!("12 0 1\n{line}\n")).unwrap_err().to_string();
            assert!(
                error.starts_with("line 2: expected job id") && error.contains(&format!("found {line:?}")),
                "{error}"
            );
        }
    }

    #[test]
    fn a_task_beyond_all_numbers_is_no_cell() {
        let submitted = parse_jobs("15 18446744073709551615 1").unwrap();
        assert!(Queue::new(&submitted, &[(15, 7)], 1).cells.is_empty());
    }
}
