//! Many comparisons in few sentences: those of one treatment and one verdict together.

use untied_study::{Comparison, Factors, Over, Verdict};

use crate::document::Text;
use crate::document::names::{Labels, capitalised, metric_name, verdict_name};
use crate::document::number::{fixed, magnitude, p_equals, plural, signed, signed_interval};
use crate::results::first_seen::group;
use crate::topics::verdicts::phrase::noun;
use crate::topics::verdicts::scope::{claimed, judged_interval};
use crate::topics::verdicts::sentence::{BEFORE, COINCIDE};

/// Comparisons that are told one by one.
pub(crate) const FEW: usize = 6;
/// Contexts that are named.
const NAMED: usize = 3;

/// Comparisons that one sentence holds for.
struct VerdictGroup<'c> {
    /// None where treatments are told together.
    treatment: Option<&'c Factors>,
    verdict: Verdict,
    /// False where there were too few pairs for an interval.
    judged: bool,
    members: Vec<&'c Comparison>,
    /// Comparisons of this treatment, or all.
    all: usize,
}

/// A sentence a treatment and verdict, or a verdict where those are still too many.
pub(crate) fn sentences(comparisons: &[Comparison], labels: &Labels) -> Vec<(Verdict, Text)> {
    let by_treatment = groups(comparisons, |one| Some(&one.treatment));
    let groups = if by_treatment.len() > FEW { groups(comparisons, |_| None) } else { by_treatment };
    groups.iter().map(|group| (group.verdict, sentence(group, labels))).collect()
}

fn groups<'c>(
    comparisons: &'c [Comparison],
    treatment: impl Fn(&'c Comparison) -> Option<&'c Factors>,
) -> Vec<VerdictGroup<'c>> {
    let mut groups = Vec::new();
    for (treatment, of_treatment) in group(comparisons.iter().map(|one| (treatment(one), one))) {
        let all = of_treatment.len();
        let mut verdicts = group(of_treatment.into_iter().map(|one| ((one.verdict, is_judged(one)), one)));
        verdicts.sort_by_key(|((_, judged), members)| (!judged, rank(members[0].verdict)));
        for ((_, judged), members) in verdicts {
            groups.push(VerdictGroup { treatment, verdict: members[0].verdict, judged, members, all });
        }
    }
    groups
}

fn rank(verdict: Verdict) -> usize {
    match verdict {
        Verdict::Equivalent => 0,
        Verdict::Different => 1,
        Verdict::Inconclusive => 2,
    }
}

fn is_judged(one: &Comparison) -> bool {
    one.mean_difference.is_some()
        && judged_interval(one).is_some()
        && one.t_p_holm.is_some()
        && one.tost_p_holm.is_some()
}

/// `A tied bias is **equivalent** to no bias in all 12 comparisons: test accuracy differs by −0.0031 to +0.0028, …`
fn sentence(group: &VerdictGroup<'_>, labels: &Labels) -> Text {
    let count = group.members.len();
    let share = if count == group.all {
        format!(" in all {}", plural(count, "comparison"))
    } else {
        format!(" in {count} of {}{}", plural(group.all, "comparison"), named(group, labels))
    };
    let uncertain = group.judged && group.verdict == Verdict::Inconclusive;
    let share = share + if uncertain { ", neither equivalent nor different for certain" } else { "" };
    let text = claim(group).plain(share);
    if group.judged {
        text.plain(format!(": {}.{}", evidence(group), remarks(group)))
    } else {
        text.plain(format!(": too few pairs of finished runs.{}", remarks(group)))
    }
}

fn claim(group: &VerdictGroup<'_>) -> Text {
    let name = if group.judged { verdict_name(group.verdict) } else { "cannot be judged" };
    let scope = if group.judged { claimed(group.members[0].over) } else { "" };
    let Some(treatment) = group.treatment else { return Text::default().strong(capitalised(name)).plain(scope) };
    let (treatment, baseline) = (capitalised(&noun(treatment)), noun(&group.members[0].baseline));
    match (group.judged, group.verdict) {
        (false, _) => Text::from(format!("{treatment} ")).strong(name).plain(format!(" against {baseline}")),
        (_, Verdict::Equivalent) => {
            Text::from(format!("{treatment} is ")).strong(name).plain(format!(" to {baseline}{scope}"))
        }
        (_, Verdict::Different) => {
            Text::from(format!("{treatment} is ")).strong(name).plain(format!(" from {baseline}{scope}"))
        }
        (_, Verdict::Inconclusive) => {
            Text::from(format!("{treatment} against {baseline} is ")).strong(name).plain(scope)
        }
    }
}

/// ` (norm none; norm batch)`, where the contexts are few and not all.
fn named(group: &VerdictGroup<'_>, labels: &Labels) -> String {
    let contexts: Vec<String> = group.members.iter().map(|one| labels.of(&one.context)).collect();
    let tellable = group.treatment.is_some() && contexts.len() <= NAMED && contexts.iter().all(|name| !name.is_empty());
    if tellable { format!(" ({})", contexts.join("; ")) } else { String::new() }
}

/// `test accuracy differs by −0.0031 to +0.0028, 95 % intervals within [−0.0090, +0.0102], margin ±0.02 (10 seeds; TOST p ≤ …)`
fn evidence(group: &VerdictGroup<'_>) -> String {
    let first = group.members[0];
    let ends = |of: fn(&Comparison) -> Option<[f64; 2]>| outermost(group.members.iter().filter_map(|one| of(one)));
    let intervals = signed_interval(ends(judged_interval));
    let [few, many] = outermost(group.members.iter().map(|one| [one.seeds as f64; 2]));
    let seeds = if few == many { plural(few as usize, "seed") } else { format!("{few} to {many} seeds") };
    let largest =
        |of: fn(&Comparison) -> Option<f64>| group.members.iter().filter_map(|one| of(one)).fold(0.0, f64::max);
    let tests = match group.verdict {
        Verdict::Equivalent => format!("; largest TOST {}", p_equals(largest(|one| one.tost_p_holm))),
        Verdict::Different => format!("; largest t test {}", p_equals(largest(|one| one.t_p_holm))),
        Verdict::Inconclusive => String::new(),
    };
    let metric = metric_name(first.metric);
    let differences = if group.verdict == Verdict::Different {
        format!("{metric} is {}", directions(group))
    } else {
        let [low, high] = ends(|one| Some([one.mean_difference?; 2]));
        format!("{metric} differs by {}", span(&signed(low), &signed(high)))
    };
    let margin = first.margin;
    format!("{differences}, 95 % intervals within {intervals}, margin ±{margin} ({seeds}{tests})")
}

/// `higher in 3, by 0.0120 to 0.0340, and lower in 1, by 0.0100`
fn directions(group: &VerdictGroup<'_>) -> String {
    let differences: Vec<f64> = group.members.iter().filter_map(|one| one.mean_difference).collect();
    let side = |sign: f64, name: &str| {
        let sizes: Vec<f64> = differences.iter().map(|one| one * sign).filter(|size| *size > 0.0).collect();
        let [low, high] = outermost(sizes.iter().map(|size| [*size; 2]));
        let count = if sizes.len() == group.members.len() { String::new() } else { format!(" in {},", sizes.len()) };
        (!sizes.is_empty()).then(|| format!("{name}{count} by {}", span(&fixed(low), &fixed(high))))
    };
    [side(1.0, "higher"), side(-1.0, "lower")].into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

fn span(low: &str, high: &str) -> String {
    if low == high { low.to_owned() } else { format!("{low} to {high}") }
}

fn outermost(intervals: impl Iterator<Item = [f64; 2]>) -> [f64; 2] {
    intervals.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], [l, h]| [low.min(l), high.max(h)])
}

/// Curves that coincide, and pairs left out.
fn remarks(group: &VerdictGroup<'_>) -> String {
    let losses: Vec<f64> = group.members.iter().filter_map(|one| one.max_loss_difference).collect();
    let coincide: Vec<f64> = losses.into_iter().filter(|largest| *largest <= COINCIDE).collect();
    let share = if coincide.len() == group.members.len() { "In all".into() } else { format!("In {}", coincide.len()) };
    let losses = match coincide.iter().copied().reduce(f64::max) {
        None => String::new(),
        Some(0.0) => format!(" {share} of them the training losses are the same at every step."),
        Some(largest) => {
            format!(" {share} of them the training-loss curves coincide to {} at every step.", magnitude(largest))
        }
    };
    let left_out = match group.members.iter().map(|one| one.left_out).sum() {
        0 => String::new(),
        1 => " 1 pair with an unfinished run is left out.".into(),
        several => format!(" {several} pairs with an unfinished run are left out."),
    };
    before_adjustment(group) + &on_images(group) + &losses + &left_out
}

/// What intervals show beyond the verdict, counted, whichever side it favours; and differences that may not count.
fn before_adjustment(group: &VerdictGroup<'_>) -> String {
    let count = |holds: &dyn Fn(&Comparison, [f64; 2]) -> bool| {
        group.members.iter().filter(|one| judged_interval(one).is_some_and(|ends| holds(one, ends))).count()
    };
    let inside = count(&|one, [low, high]| -one.margin < low && high < one.margin);
    let above = count(&|_, [low, _]| 0.0 < low);
    let below = count(&|_, [_, high]| high < 0.0);
    let reaches = count(&|one, [low, high]| -one.margin < high && low < one.margin);
    let parts: Vec<String> = match group.verdict {
        _ if !group.judged => Vec::new(),
        Verdict::Inconclusive => [("inside ±margin", inside), ("above zero", above), ("below zero", below)]
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(place, count)| format!("{place} in {count}"))
            .collect(),
        Verdict::Different if reaches > 0 => {
            return format!(" {reaches} of them may be too small to count: the interval reaches into ±margin.");
        }
        Verdict::Different | Verdict::Equivalent => Vec::new(),
    };
    if parts.is_empty() { String::new() } else { format!(" The intervals lie,{BEFORE}, {}.", parts.join(", ")) }
}

/// The intervals for new images, where verdicts are on these ones and every run has kept its answers.
fn on_images(group: &VerdictGroup<'_>) -> String {
    let intervals: Option<Vec<[f64; 2]>> =
        group.members.iter().map(|one| one.ci95_images.filter(|_| one.over == Over::Seeds)).collect();
    intervals.map_or_else(String::new, |intervals| {
        let ends = signed_interval(outermost(intervals.into_iter()));
        format!(" On new images of the same kind, the 95 % intervals lie within {ends}.")
    })
}
