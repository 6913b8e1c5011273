//! How many tasks a product is cut into.

/// Multiplications that are worth a task of their own.
const TASK_WORK: usize = 1 << 20;

/// Tasks for so many multiplications.
pub(super) fn tasks(work: usize) -> usize {
    (work / TASK_WORK).clamp(1, 4 * rayon::current_num_threads())
}
