//! What an interval or a verdict holds for: these test images, or new ones of the same kind.

use untied_study::{Comparison, Over, Verdict};

use crate::document::number::signed_interval;

/// The interval that the verdict rests on.
pub(crate) fn judged_interval(one: &Comparison) -> Option<[f64; 2]> {
    match one.over {
        Over::Seeds => one.ci95,
        Over::SeedsAndImages => one.ci95_images,
    }
}

/// What a verdict adds where it holds for more than these test images.
pub(super) fn claimed(over: Over) -> &'static str {
    match over {
        Over::Seeds => "",
        Over::SeedsAndImages => " on new images of the same kind",
    }
}

/// The other interval in a sentence, where there is one. A verdict on these images that it does not bear out is called what
/// it is.
pub(super) fn other_interval(one: &Comparison) -> Option<String> {
    match (one.over, one.ci95, one.ci95_images) {
        (Over::Seeds, Some(_), Some(ends)) => {
            let alone = if bears_out(ends, one) { "" } else { ": the verdict is on these test images alone" };
            Some(format!("On new images of the same kind, the 95 % interval is {}{alone}.", signed_interval(ends)))
        }
        (Over::SeedsAndImages, Some(ends), Some(_)) => {
            Some(format!("On these test images, the 95 % interval is {}.", signed_interval(ends)))
        }
        _ => None,
    }
}

fn bears_out([low, high]: [f64; 2], one: &Comparison) -> bool {
    match one.verdict {
        Verdict::Equivalent => -one.margin < low && high < one.margin,
        Verdict::Different => low > 0.0 || high < 0.0,
        Verdict::Inconclusive => true,
    }
}
