//! Every variant against its baseline: paired tests, one family of p-values, verdicts.

mod caveats;
mod contest;
mod images;
mod looks;
pub(crate) mod pairs;
mod past;
mod verdict;

use std::collections::HashMap;

use untied_study::{CellRecord, CompareConfig, Comparison, Over, Results, Sequential, Verdict};

use crate::comparison::caveats::note;
use crate::comparison::contest::{Contest, contests};
use crate::comparison::images::{crossed, never_above, suggested};
pub use crate::comparison::looks::Looks;
use crate::comparison::pairs::{Pairs, differences, max_loss_difference, resolution};
use crate::comparison::verdict::{EQUIVALENT_AT, verdict};
use crate::statistics::shaffer::adjusted;
use crate::statistics::student::{paired_test, sample};

/// Compares every other combination of the baseline's keys with the baseline, once per context of the remaining factors.
///
/// Contexts and treatments come in grid order. Pairs share a seed; those with an unfinished run are left out and counted.
/// `step_losses` holds each cell's training loss of every step, in the order of `cells`, where it is at hand.
///
/// `equivalent`: adjusted TOST p ≤ 0.025; otherwise `different`: adjusted t-test p ≤ 0.05; otherwise `inconclusive`. Both
/// p-values of every comparison are adjusted as one family, by Holm's method with Shaffer's step: the two nulls of a
/// comparison exclude each other. They are p-values over seeds, or, where `compare.over` says so, over seeds and test images:
/// then nothing is concluded of cells that do not know which images they answered rightly.
pub fn compare(cells: &[CellRecord], step_losses: &[Option<Vec<f64>>], compare: &CompareConfig) -> Vec<Comparison> {
    let contests = contests(cells, compare);
    let judge = |contest: &Contest| {
        let one = judge_first(u64::MAX, 0.95, contest, cells, step_losses, compare);
        let is_look = one.ci95.is_some() && contest.cells(cells, u64::MAX).all(|cell| cells[cell].status.is_done());
        Comparison { looks: if is_look { vec![one.seeds] } else { Vec::new() }, ..one }
    };
    let mut comparisons: Vec<Comparison> = contests.iter().map(judge).collect();
    adjust(&mut comparisons);
    note(&mut comparisons, cells, |index, _| contests[index].pairs(cells, compare, u64::MAX));
    comparisons
}

/// [`compare()`] in a group-sequential design, as far as its looks have come.
pub fn look(
    cells: &[CellRecord],
    step_losses: &[Option<Vec<f64>>],
    compare: &CompareConfig,
    design: Sequential,
) -> Looks {
    let judge =
        |contest: &Contest, seeds: u64, level: f64| judge_first(seeds, level, contest, cells, step_losses, compare);
    let contests = contests(cells, compare);
    let mut taken = looks::take(design, &contests, cells, judge, adjust);
    let at_last = |one: &Comparison| one.looks.len().checked_sub(1).and_then(|last| design.looks().nth(last));
    note(&mut taken.comparisons, cells, |index, one| {
        contests[index].pairs(cells, compare, at_last(one).map_or(0, |seeds| seeds as u64))
    });
    taken
}

/// Compares the cells of stored results again, keeping each stored `max_loss_difference`: the losses of every step
/// are not part of `results.json`.
pub fn recompare(results: &Results, config: &CompareConfig) -> Vec<Comparison> {
    compare_again(&results.cells, &[], config, results.sequential, Some(results)).comparisons
}

/// [`compare()`], with the loss differences that stored comparisons of the same pairs know where the losses of every step
/// are not at hand.
pub(crate) fn compare_again(
    cells: &[CellRecord],
    step_losses: &[Option<Vec<f64>>],
    config: &CompareConfig,
    design: Option<Sequential>,
    stored: Option<&Results>,
) -> Looks {
    let key = |one: &Comparison| (one.treatment.clone(), one.baseline.clone(), one.context.clone(), one.seeds);
    let known = stored.map_or(&[][..], |stored| &stored.comparisons);
    let known: HashMap<_, _> = known.iter().map(|old| (key(old), old.max_loss_difference)).collect();
    let mut judged = match design {
        Some(design) => look(cells, step_losses, config, design),
        None => Looks { comparisons: compare(cells, step_losses, config), ..Looks::default() },
    };
    for one in judged.comparisons.iter_mut().filter(|one| one.max_loss_difference.is_none() && one.seeds > 0) {
        one.max_loss_difference = known.get(&key(one)).copied().flatten();
    }
    if let Some(stored) = stored {
        past::carry_over(&mut judged.comparisons, cells, design, stored);
    }
    judged
}

/// The pairs with a seed below the given one, judged on their own, with intervals of this level.
fn judge_first(
    seeds: u64,
    level: f64,
    contest: &Contest,
    cells: &[CellRecord],
    step_losses: &[Option<Vec<f64>>],
    compare: &CompareConfig,
) -> Comparison {
    let pairs = contest.pairs(cells, compare, seeds);
    let max_loss_difference = max_loss_difference(&pairs, step_losses);
    judge(Comparison { max_loss_difference, ..unjudged(compare, contest, &pairs) }, cells, &pairs, level)
}

fn unjudged(compare: &CompareConfig, contest: &Contest, pairs: &Pairs) -> Comparison {
    Comparison {
        metric: compare.metric,
        treatment: contest.treatment.clone(),
        baseline: compare.baseline.clone(),
        context: contest.context.clone(),
        seeds: pairs.complete.len(),
        left_out: pairs.left_out,
        looks: Vec::new(),
        mean_difference: None,
        ci95: None,
        ci95_images: None,
        image_error: None,
        over: compare.over,
        spread: None,
        max_loss_difference: None,
        margin: compare.margin,
        tost_p: None,
        t_p: None,
        tost_p_holm: None,
        t_p_holm: None,
        verdict: Verdict::Inconclusive,
        within_margin: None,
        correlation: None,
        extreme_seed: None,
        caveats: Vec::new(),
        seeds_suggested: None,
    }
}

fn judge(comparison: Comparison, cells: &[CellRecord], pairs: &Pairs, level: f64) -> Comparison {
    let differences = differences(cells, pairs, comparison.metric);
    let floor = resolution(cells, pairs, comparison.metric);
    let test = paired_test(&differences, floor, comparison.margin, level);
    let crossed = crossed(cells, pairs, &comparison);
    let on_images = crossed.as_ref().and_then(|crossed| crossed.tests(floor, comparison.margin, level));
    let on_images = on_images.zip(test.as_ref()).map(|(images, seeds)| never_above(images, seeds));
    let judging = match comparison.over {
        Over::Seeds => test.map(|test| test.tests),
        Over::SeedsAndImages => on_images,
    };
    Comparison {
        mean_difference: sample(&differences).map(|sample| sample.mean),
        ci95: test.map(|test| test.tests.interval),
        ci95_images: on_images.map(|tests| tests.interval),
        image_error: on_images.and(crossed).map(|crossed| crossed.image_error()),
        spread: test.map(|test| test.spread),
        tost_p: judging.map(|tests| tests.tost_p),
        t_p: judging.map(|tests| tests.t_p),
        ..comparison
    }
}

/// Adjusts both p-values of all comparisons as one family, then draws the verdicts.
///
/// Seeds are suggested for the level of the family's smallest p-value, which is enough whatever the others turn out to be.
fn adjust(comparisons: &mut [Comparison]) {
    let p_values = |one: &Comparison| Some([one.t_p?, one.tost_p?]);
    let family: Vec<[f64; 2]> = comparisons.iter().filter_map(p_values).collect();
    let mut adjusted = adjusted(&family).into_iter();
    for one in comparisons {
        let [t_p, tost_p] = p_values(one).and_then(|_| adjusted.next()).map_or([None; 2], |pair| pair.map(Some));
        (one.t_p_holm, one.tost_p_holm) = (t_p, tost_p);
        one.verdict = verdict(t_p, tost_p);
        let level = EQUIVALENT_AT / family.len() as f64;
        let open = one.verdict == Verdict::Inconclusive && one.t_p.is_some();
        one.seeds_suggested = if open { suggested(one, level) } else { None };
    }
}
