//! Portions of a batch that are summed up apart.

use std::ops::Range;

use crate::ConvSpec;

/// Multiplications that are worth a portion of their own. Part of the result, like all that says how a batch is cut: sums
/// are added portion by portion.
const WORK: usize = 1 << 20;
/// Portions, at most.
const PORTIONS: usize = 16;

/// Some images, and some of their locations.
#[derive(Debug, Clone)]
pub(crate) struct Portion {
    pub(crate) images: Range<usize>,
    pub(crate) locations: Range<usize>,
}

/// All portions, in the order in which their sums are added.
pub(crate) fn portions(spec: &ConvSpec) -> Vec<Portion> {
    let (images, locations) = (spec.images, spec.locations());
    let work = images * locations * spec.groups * spec.channels_out * spec.patch();
    let count = (work / WORK).clamp(1, PORTIONS);
    // Whole images, or parts of one.
    let together = images.div_ceil(count);
    let length = if images >= count { locations } else { locations.div_ceil(count.div_ceil(images)) };
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
