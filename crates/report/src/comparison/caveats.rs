//! What a comparison's verdict does not say: that nothing was learned, that one seed decides, that runs fail rarely.

use untied_study::{Caveat, CellRecord, Comparison, Metric, Over, SeedDifference, Verdict};

use crate::comparison::pairs::{Pairs, differences, resolution};
use crate::comparison::verdict::verdict;
use crate::results::variant::value;
use crate::statistics::failure::excluded_rate;
use crate::statistics::majority::beats;
use crate::statistics::single::{Single, singles};
use crate::statistics::student::sample;

/// Largest p of a difference that lies far from the others.
const FAR_AT: f64 = 0.01;
/// Likewise of one that decides a verdict: among three normal differences, some one nearly always would.
const DECISIVE_AT: f64 = 0.05;

/// Adds caveats, correlation and the most extreme seed to comparisons that have their verdicts; `pairs` gives those of each.
pub(crate) fn note(comparisons: &mut [Comparison], cells: &[CellRecord], pairs: impl Fn(usize, &Comparison) -> Pairs) {
    let family = comparisons.iter().filter(|one| one.t_p.is_some()).count();
    for (index, one) in comparisons.iter_mut().enumerate() {
        let pairs = pairs(index, one);
        one.within_margin = match one.over {
            Over::Seeds => one.ci95,
            Over::SeedsAndImages => one.ci95_images,
        }
        .map(|[low, high]| -one.margin < high && low < one.margin);
        one.correlation = correlation(&values(cells, &pairs, one.metric));
        let differences = differences(cells, &pairs, one.metric);
        let singles = singles(&differences, resolution(cells, &pairs, one.metric), one.margin);
        let decisive = decisive(one, &singles, &differences, family);
        let far = singles.iter().any(|single| single.p <= FAR_AT && distance(&differences, single) >= one.margin);
        let extreme = decisive.or_else(|| most_extreme(&differences, &singles));
        one.extreme_seed = extreme.map(|single| SeedDifference {
            seed: cells[pairs.complete[single.index].0].seed,
            difference: differences[single.index],
            others: single.others,
        });
        one.caveats = [
            (Caveat::Chance, sides(&pairs).iter().all(|side| is_at_chance(cells, side))),
            (Caveat::Ceiling, one.metric == Metric::TestAccuracy && is_at_ceiling(cells, &pairs, one.margin)),
            (Caveat::OneSeed, decisive.is_some()),
            (Caveat::Collapse, far || (one.verdict == Verdict::Equivalent && may_collapse(cells, &pairs, one))),
        ]
        .into_iter()
        .filter_map(|(caveat, holds)| holds.then_some(caveat))
        .collect();
    }
}

/// The values of both sides, pair by pair.
fn values(cells: &[CellRecord], pairs: &Pairs, metric: Metric) -> Vec<[f64; 2]> {
    let value = |index: usize| value(&cells[index], metric);
    pairs.complete.iter().filter_map(|&(treatment, baseline)| Some([value(treatment)?, value(baseline)?])).collect()
}

/// Pearson's r = Σ(x − x̄)(y − ȳ) / √(Σ(x − x̄)²·Σ(y − ȳ)²).
fn correlation(values: &[[f64; 2]]) -> Option<f64> {
    if values.len() < 3 {
        return None;
    }
    let [x, y] = [0, 1].map(|side| values.iter().map(|pair| pair[side]).collect::<Vec<f64>>());
    let (x, y) = (sample(&x)?, sample(&y)?);
    let products = values.iter().map(|[a, b]| (a - x.mean) * (b - y.mean)).sum::<f64>();
    let r = products / ((values.len() - 1) as f64 * x.sd * y.sd);
    r.is_finite().then(|| r.clamp(-1.0, 1.0))
}

/// The pair without which the verdict would be another, if it lies apart from the others: of several, the one farthest away.
///
/// The multiplier that the adjustment gave each p-value stays as it was. Of verdicts over seeds alone: images have no part in
/// what a seed decides.
fn decisive<'s>(one: &Comparison, singles: &'s [Single], differences: &[f64], family: usize) -> Option<&'s Single> {
    let multiplier = |p: Option<f64>, adjusted: Option<f64>| match (p, adjusted) {
        (Some(p), Some(adjusted)) if p > 0.0 && adjusted < 1.0 => adjusted / p,
        _ => family as f64,
    };
    let t = multiplier(one.t_p, one.t_p_holm);
    let tost = multiplier(one.tost_p, one.tost_p_holm);
    one.t_p.filter(|_| one.over == Over::Seeds)?;
    let decides =
        |single: &&Single| verdict(Some(t * single.without.t_p), Some(tost * single.without.tost_p)) != one.verdict;
    let apart = singles.iter().filter(|single| single.p <= DECISIVE_AT);
    apart.filter(decides).max_by(|a, b| distance(differences, a).total_cmp(&distance(differences, b)))
}

fn most_extreme<'s>(differences: &[f64], singles: &'s [Single]) -> Option<&'s Single> {
    singles.iter().max_by(|a, b| distance(differences, a).total_cmp(&distance(differences, b)))
}

fn distance(differences: &[f64], single: &Single) -> f64 {
    (differences[single.index] - single.others).abs()
}

/// The cells of the treatment and those of the baseline.
fn sides(pairs: &Pairs) -> [Vec<usize>; 2] {
    let (treated, base) = pairs.complete.iter().copied().unzip();
    [treated, base]
}

/// Whether a side's mean accuracy is known to beat no constant answer. Seeds answer to the same images: their mean counts as one
/// classifier.
fn is_at_chance(cells: &[CellRecord], side: &[usize]) -> bool {
    let Some(first) = side.first().map(|&index| &cells[index]) else { return false };
    let beats = || beats(mean_accuracy(cells, side)?, first.test_images, first.largest_class?);
    beats() == Some(false)
}

fn is_at_ceiling(cells: &[CellRecord], pairs: &Pairs, margin: f64) -> bool {
    sides(pairs).iter().all(|side| mean_accuracy(cells, side).is_some_and(|mean| mean > 1.0 - margin))
}

fn mean_accuracy(cells: &[CellRecord], side: &[usize]) -> Option<f64> {
    let accuracies: Vec<f64> = side.iter().filter_map(|&index| value(&cells[index], Metric::TestAccuracy)).collect();
    sample(&accuracies).map(|sample| sample.mean)
}

/// Whether runs that fail at a rate that these pairs cannot exclude would make a difference of the margin: by accuracy, where
/// failed runs fall to that of the largest class, or to 0 where it is not known. A loss has no bound.
fn may_collapse(cells: &[CellRecord], pairs: &Pairs, one: &Comparison) -> bool {
    let [treated, _] = sides(pairs);
    let failed = treated.first().and_then(|&index| cells[index].largest_class).unwrap_or(0.0);
    match mean_accuracy(cells, &treated) {
        Some(mean) if one.metric == Metric::TestAccuracy => {
            excluded_rate(pairs.complete.len()) * (mean - failed) >= one.margin
        }
        _ => true,
    }
}
