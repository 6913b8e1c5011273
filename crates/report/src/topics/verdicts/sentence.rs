//! A comparison's verdict in one plain sentence.

use untied_study::{Comparison, Verdict};

use crate::document::Text;
use crate::document::names::{capitalised, metric_name};
use crate::document::number::{count, fixed, magnitude, p_equals, plural, signed, signed_interval};
use crate::statistics::power::MOST_SEEDS;
use crate::topics::looks::seeds_seen;
use crate::topics::verdicts::caveats;
use crate::topics::verdicts::phrase::{noun, surroundings};
use crate::topics::verdicts::scope::{claimed, judged_interval, other_interval};

/// [`POWER`](crate::statistics::power::POWER) in words.
const CHANCE: &str = "80 %";

/// Two f64 curves of losses this close are one curve with different rounding.
pub(crate) const COINCIDE: f64 = 1e-10;

/// `With batch norm, a tied bias is **equivalent** to no bias: test accuracy differs by …`
pub(crate) fn sentence(one: &Comparison) -> Text {
    let treatment = noun(&one.treatment);
    let baseline = noun(&one.baseline);
    let subject = match surroundings(&one.context) {
        around if around.is_empty() => capitalised(&treatment),
        around => format!("{}, {treatment}", capitalised(&around)),
    };
    let Some(evidence) = evidence(one) else {
        let text = Text::from(format!("{subject} "));
        return text.strong("cannot be judged").plain(format!(" against {baseline}: {}.", too_few(one)));
    };
    let claim = Text::from(subject);
    let scope = claimed(one.over);
    let claim = match one.verdict {
        Verdict::Equivalent => claim.plain(" is ").strong("equivalent").plain(format!(" to {baseline}{scope}: ")),
        Verdict::Different => claim.plain(" is ").strong("different").plain(format!(" from {baseline}{scope}: ")),
        Verdict::Inconclusive => {
            let claim = claim.plain(format!(" against {baseline} is "));
            claim.strong("inconclusive").plain(format!("{scope}, neither equivalent nor different for certain: "))
        }
    };
    claim.plain(evidence).plain(remarks(one))
}

/// `test accuracy differs by +0.0003 [−0.0012, +0.0018], inside ±0.01 (10 seeds; TOST p = 2×10⁻⁶)`
fn evidence(one: &Comparison) -> Option<String> {
    let (mean, ci95, t_p, tost_p) = (one.mean_difference?, judged_interval(one)?, one.t_p_holm?, one.tost_p_holm?);
    let metric = metric_name(one.metric);
    let direction = match one.verdict {
        Verdict::Different if mean > 0.0 => format!("{metric} is higher by {}", fixed(mean)),
        Verdict::Different => format!("{metric} is lower by {}", fixed(-mean)),
        _ => format!("{metric} differs by {}", signed(mean)),
    };
    let position = position(ci95, one);
    let tests = match one.verdict {
        Verdict::Equivalent => format!("TOST {}", p_equals(tost_p)),
        Verdict::Different => format!("t test {}", p_equals(t_p)),
        Verdict::Inconclusive => format!("TOST {}, t test {}", p_equals(tost_p), p_equals(t_p)),
    };
    let seeds = seeds_seen(one);
    let interval = match one.verdict {
        Verdict::Different => format!("difference {}", signed_interval(ci95)),
        _ => signed_interval(ci95),
    };
    Some(match one.verdict {
        Verdict::Different => format!("{direction}, {interval}, {position} ({seeds}; {tests})"),
        _ => format!("{direction} {interval}, {position} ({seeds}; {tests})"),
    })
}

/// Position of the interval beside the margin and beside zero. It is not adjusted for the number of comparisons, so that it may
/// say more than the verdict does: whatever goes beyond the verdict holds "only before adjustment".
fn position([low, high]: [f64; 2], one: &Comparison) -> String {
    let margin = one.margin;
    let beside = if -margin < low && high < margin {
        let caution = if one.verdict == Verdict::Equivalent { "" } else { BEFORE };
        format!("inside ±{margin}{caution}")
    } else if high < -margin || margin < low {
        format!("outside ±{margin}{BEFORE}")
    } else {
        format!("across the edge of ±{margin}")
    };
    let without_zero = 0.0 < low || high < 0.0;
    let is_outside = beside.starts_with("outside");
    if without_zero && one.verdict == Verdict::Inconclusive && !is_outside {
        format!("{beside}, without zero{BEFORE}")
    } else {
        beside
    }
}

/// Of what an interval shows, but the verdict does not claim.
pub(crate) const BEFORE: &str = " only before adjustment";

/// Remarks that are worth adding: a real but negligible difference, one that may be negligible, seeds that would tell, training curves that coincide, pairs left out, caveats.
fn remarks(one: &Comparison) -> String {
    let negligible = one.verdict == Verdict::Equivalent && one.t_p_holm.is_some_and(|p| p <= 0.05);
    let difference = negligible.then(|| "There is a difference, but one too small to count.".into());
    let within = (one.verdict == Verdict::Different && one.within_margin != Some(false))
        .then(|| "The difference may be too small to count.".into());
    let seeds = (one.verdict == Verdict::Inconclusive).then(|| seeds_needed(one));
    let losses = match one.max_loss_difference {
        Some(0.0) => Some("The training losses are the same at every step.".into()),
        Some(largest) if largest <= COINCIDE => {
            Some(format!("The training-loss curves coincide to {} at every step.", magnitude(largest)))
        }
        Some(largest) if largest < 1e-3 => {
            Some(format!("The training losses differ by at most {} at any step.", magnitude(largest)))
        }
        _ => None,
    };
    let left_out = match one.left_out {
        0 => None,
        1 => Some("1 pair with an unfinished run is left out.".into()),
        several => Some(format!("{several} pairs with an unfinished run are left out.")),
    };
    let sentences = [difference, within, other_interval(one), seeds, losses, left_out]
        .into_iter()
        .flatten()
        .chain(caveats::remarks(one));
    sentences.fold(".".into(), |text: String, sentence: String| text + " " + &sentence)
}

/// Not how many more runs would make this difference significant, but how many tell none from one that counts.
fn seeds_needed(one: &Comparison) -> String {
    let task = format!("{CHANCE} chance to tell no difference from one of ±{}", one.margin);
    match one.seeds_suggested {
        None => format!("Even {} seeds would not have an {task}.", count(MOST_SEEDS)),
        Some(needed) if needed <= one.seeds => {
            format!("So many seeds have an {task}: the true difference may lie between the two.")
        }
        Some(needed) => format!("{} would have an {task}.", plural(needed, "seed")),
    }
}

fn too_few(one: &Comparison) -> String {
    let finished = match one.seeds {
        0 => "no pair of runs finished".into(),
        1 => "only one pair of runs finished".into(),
        _ if one.ci95.is_some() => {
            "not every run has kept which test images it classified rightly; older versions did not".into()
        }
        _ if one.spread.is_some() => "not all runs of its first look are there".into(),
        seeds => format!("the differences of {seeds} pairs give no interval"),
    };
    if one.left_out == 0 { finished } else { format!("{finished}, {} left out", one.left_out) }
}
