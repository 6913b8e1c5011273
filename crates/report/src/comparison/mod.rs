//! Every variant against its baseline: paired tests, one family of p-values, verdicts.

pub(crate) mod pairs;

use std::collections::HashMap;

use untied_study::{CellRecord, CompareConfig, Comparison, Factors, Results, Verdict};

use crate::comparison::pairs::{Pairs, differences, max_loss_difference, pair, resolution};
use crate::results::first_seen::{FirstSeen, group};
use crate::statistics::power::seeds_needed;
use crate::statistics::shaffer::adjusted;
use crate::statistics::student::{paired_test, sample};

/// Largest adjusted TOST p of an equivalent variant; at 0.025 the 95 % interval lies inside ±margin.
const EQUIVALENT_AT: f64 = 0.025;
/// Largest adjusted t-test p of a different variant.
const DIFFERENT_AT: f64 = 0.05;

/// Compares every other combination of the baseline's keys with the baseline, once per context of the remaining factors.
///
/// Contexts and treatments come in grid order. Pairs share a seed; those with an unfinished run are left out and counted.
/// `step_losses` holds each cell's training loss of every step, in the order of `cells`, where it is at hand.
///
/// `equivalent`: adjusted TOST p ≤ 0.025; otherwise `different`: adjusted t-test p ≤ 0.05; otherwise `inconclusive`. Both
/// p-values of every comparison are adjusted as one family, by Holm's method with Shaffer's step: the two nulls of a
/// comparison exclude each other.
pub fn compare(cells: &[CellRecord], step_losses: &[Option<Vec<f64>>], compare: &CompareConfig) -> Vec<Comparison> {
    let (mut treatments, mut contexts) = (FirstSeen::new(), FirstSeen::new());
    let sides = group(cells.iter().enumerate().map(|(index, cell)| {
        let (compared, context) = split(cell, compare);
        ((treatments.number(compared), contexts.number(context)), index)
    }));
    let sides: HashMap<(usize, usize), Vec<usize>> = sides.into_iter().collect();
    let Some(baseline) = treatments.get(&compare.baseline) else { return Vec::new() };
    let mut comparisons = Vec::new();
    for (context, surroundings) in contexts.values().iter().enumerate() {
        for (treatment, compared) in treatments.values().iter().enumerate().filter(|(other, _)| *other != baseline) {
            let (Some(treated), Some(base)) = (sides.get(&(treatment, context)), sides.get(&(baseline, context)))
            else {
                continue;
            };
            let pairs = pair(cells, treated, base, compare.metric);
            let empty = unjudged(compare, compared.clone(), surroundings.clone(), &pairs);
            let max_loss_difference = max_loss_difference(&pairs, step_losses);
            comparisons.push(judge(Comparison { max_loss_difference, ..empty }, cells, &pairs));
        }
    }
    adjust(&mut comparisons);
    comparisons
}

/// Compares the cells of stored results again, keeping each stored `max_loss_difference`: the losses of every step
/// are not part of `results.json`.
pub fn recompare(results: &Results, config: &CompareConfig) -> Vec<Comparison> {
    compare_again(&results.cells, &[], config, &results.comparisons)
}

/// [`compare()`], with the loss differences that stored comparisons of the same pairs know where the losses of every step
/// are not at hand.
pub(crate) fn compare_again(
    cells: &[CellRecord],
    step_losses: &[Option<Vec<f64>>],
    config: &CompareConfig,
    stored: &[Comparison],
) -> Vec<Comparison> {
    let key = |one: &Comparison| (one.treatment.clone(), one.baseline.clone(), one.context.clone(), one.seeds);
    let known: HashMap<_, _> = stored.iter().map(|old| (key(old), old.max_loss_difference)).collect();
    let mut comparisons = compare(cells, step_losses, config);
    for one in comparisons.iter_mut().filter(|one| one.max_loss_difference.is_none() && one.seeds > 0) {
        one.max_loss_difference = known.get(&key(one)).copied().flatten();
    }
    comparisons
}

fn unjudged(compare: &CompareConfig, treatment: Factors, context: Factors, pairs: &Pairs) -> Comparison {
    Comparison {
        metric: compare.metric,
        treatment,
        baseline: compare.baseline.clone(),
        context,
        seeds: pairs.complete.len(),
        left_out: pairs.left_out,
        mean_difference: None,
        ci95: None,
        spread: None,
        max_loss_difference: None,
        margin: compare.margin,
        tost_p: None,
        t_p: None,
        tost_p_holm: None,
        t_p_holm: None,
        verdict: Verdict::Inconclusive,
        seeds_suggested: None,
    }
}

fn judge(comparison: Comparison, cells: &[CellRecord], pairs: &Pairs) -> Comparison {
    let differences = differences(cells, pairs, comparison.metric);
    let floor = resolution(cells, pairs, comparison.metric);
    let test = paired_test(&differences, floor, comparison.margin);
    Comparison {
        mean_difference: sample(&differences).map(|sample| sample.mean),
        ci95: test.map(|test| test.ci95),
        spread: test.map(|test| test.spread),
        tost_p: test.map(|test| test.tost_p),
        t_p: test.map(|test| test.t_p),
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
        one.seeds_suggested = one
            .spread
            .filter(|_| one.verdict == Verdict::Inconclusive)
            .and_then(|spread| seeds_needed(spread, one.margin, EQUIVALENT_AT / family.len() as f64));
    }
}

fn verdict(t_p: Option<f64>, tost_p: Option<f64>) -> Verdict {
    let at_most = |p: Option<f64>, level| p.is_some_and(|p| p <= level);
    if at_most(tost_p, EQUIVALENT_AT) {
        Verdict::Equivalent
    } else if at_most(t_p, DIFFERENT_AT) {
        Verdict::Different
    } else {
        Verdict::Inconclusive
    }
}

/// A cell's compared factors and its context.
fn split(cell: &CellRecord, compare: &CompareConfig) -> (Factors, Factors) {
    cell.factors.clone().into_iter().partition(|(key, _)| compare.baseline.contains_key(key))
}
