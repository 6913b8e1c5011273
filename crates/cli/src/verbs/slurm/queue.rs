//! The cells of the study that wait in Slurm's queue already.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::Context;

use super::site;

/// The file in which `submit.sh` notes each array that it submits: job id, first cell, number of the config.
pub(crate) const JOBS: &str = "jobs";

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
        let submitted = match fs::read_to_string(&path) {
            Ok(text) => parse_jobs(&text),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
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
                queue.cells.insert(first + task);
            }
        }
        queue
    }

    pub(crate) fn holds(&self, cell: usize) -> bool {
        self.cells.contains(&cell)
    }
}

/// First cell and config of each job. A later line of one id counts: Slurm may start its ids again.
fn parse_jobs(text: &str) -> BTreeMap<u64, (usize, usize)> {
    let parse = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.parse().ok()?, (words.next()?.parse().ok()?, words.next()?.parse().ok()?)))
    };
    text.lines().filter_map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tasks_of_the_study_and_its_config_hold_cells() {
        let submitted = parse_jobs("12 0 1\n13 100 1\nnonsense\n14 0 2\n");
        let queue = Queue::new(&submitted, &[(12, 3), (13, 3), (14, 4), (99, 5)], 1);
        let held: Vec<usize> = (0..200).filter(|cell| queue.holds(*cell)).collect();
        assert_eq!((held, queue.jobs), (vec![3, 103], BTreeSet::from([12, 13, 14])));
    }
}
