//! Cells as the tasks of job arrays.

use std::ops::RangeInclusive;

/// Lists of tasks are arguments of sbatch; those of longer arrays might not fit.
const MOST_TASKS: usize = 10_000;

/// One job array: task t stands for cell `first + t`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct JobArray {
    pub(crate) first: usize,
    /// The list as sbatch reads it: `0-5,7`.
    pub(crate) tasks: String,
    pub(crate) cells: usize,
    /// The look, from 0, that needs the cells.
    pub(crate) look: usize,
}

/// The cells, in ascending order, in as few arrays of tasks 0 to `size − 1` as there can be.
pub(crate) fn job_arrays(cells: &[usize], size: usize, look: usize) -> Vec<JobArray> {
    let size = size.clamp(1, MOST_TASKS);
    let mut rest = cells;
    let mut arrays = Vec::new();
    while let [first, ..] = *rest {
        let (these, others) = rest.split_at(rest.partition_point(|cell| cell - first < size));
        arrays.push(JobArray { first, tasks: tasks(first, these), cells: these.len(), look });
        rest = others;
    }
    arrays
}

fn tasks(first: usize, cells: &[usize]) -> String {
    let mut ranges: Vec<RangeInclusive<usize>> = Vec::new();
    for task in cells.iter().map(|cell| cell - first) {
        match ranges.last_mut() {
            Some(range) if range.end() + 1 == task => *range = *range.start()..=task,
            _ => ranges.push(task..=task),
        }
    }
    let text = |range: &RangeInclusive<usize>| match (range.start(), range.end()) {
        (start, end) if start == end => start.to_string(),
        (start, end) => format!("{start}-{end}"),
    };
    ranges.iter().map(text).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(cells: &[usize], size: usize) -> Vec<(usize, String, usize)> {
        job_arrays(cells, size, 0).into_iter().map(|array| (array.first, array.tasks, array.cells)).collect()
    }

    #[test]
    fn tasks_start_at_the_first_missing_cell() {
        assert_eq!(shown(&[3, 4, 5, 9, 11, 12], 1001), [(3, "0-2,6,8-9".to_owned(), 6)]);
        assert_eq!(shown(&[], 1001), []);
    }

    #[test]
    fn no_task_reaches_the_size() {
        assert_eq!(shown(&[0, 1, 2, 3, 4], 2), [(0, "0-1".into(), 2), (2, "0-1".into(), 2), (4, "0".into(), 1)]);
        assert_eq!(shown(&[0, 9, 10, 11], 10), [(0, "0,9".into(), 2), (10, "0-1".into(), 2)]);
        let all: Vec<usize> = (0..10_000).collect();
        let arrays = job_arrays(&all, 1001, 0);
        assert_eq!((arrays.len(), arrays[9].first, arrays[9].tasks.as_str()), (10, 9009, "0-990"));
    }

    #[test]
    fn lists_fit_on_a_command_line() {
        let scattered: Vec<usize> = (0..100_000).step_by(2).collect();
        assert!(job_arrays(&scattered, 4_000_001, 0).iter().all(|array| array.tasks.len() < 65_536));
    }
}
