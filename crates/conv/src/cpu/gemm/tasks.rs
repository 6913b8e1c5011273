//! How products are cut into tasks, and tasks into parts.

/// Multiplications that are worth a task of their own.
const TASK_WORK: usize = 1 << 20;

/// Elements of images and outputs that several products take in and write before the next ones, so that they stay in the
/// cache.
const TOGETHER: usize = 1 << 16;

/// Tasks for so many multiplications.
pub(super) fn tasks(work: usize) -> usize {
    (work / TASK_WORK).clamp(1, 4 * rayon::current_num_threads())
}

/// Images that several products take in one after the other, before the next ones: whole periods of those that have so many
/// elements, with their outputs.
pub(super) fn images_together(elements: usize, period: usize) -> usize {
    (TOGETHER / elements.max(1)).max(1).next_multiple_of(period)
}
