//! Portions of a batch that tasks sum up.

use std::ops::Range;

use crate::ConvSpec;

/// Multiplications that are worth a task of their own. Part of the result, like all that says how work is cut
/// into tasks: sums are added by tasks.
const TASK_WORK: usize = 1 << 20;
/// Tasks, at most.
const TASKS: usize = 16;

/// Images and locations of one task.
#[derive(Debug, Clone)]
pub(crate) struct Portion {
    pub(crate) images: Range<usize>,
    pub(crate) locations: Range<usize>,
}

/// The portions of all tasks, in the order in which their sums are added.
pub(crate) fn portions(spec: &ConvSpec) -> Vec<Portion> {
    let (images, locations) = (spec.images, spec.locations());
    let work = images * locations * spec.groups * spec.channels_out * spec.patch();
    let tasks = (work / TASK_WORK).clamp(1, TASKS);
    // Whole images, or parts of one.
    let together = images.div_ceil(tasks);
    let length = if images >= tasks { locations } else { locations.div_ceil(tasks.div_ceil(images)) };
    let mut portions = Vec::new();
    for image in (0..images).step_by(together) {
        for location in (0..locations).step_by(length) {
            portions.push(Portion {
                images: image..images.min(image + together),
                locations: location..locations.min(location + length),
            });
        }
    }
    portions
}
