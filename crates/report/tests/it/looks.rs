//! Group-sequential comparisons: which cells each look needs, and how often their verdicts are wrong.

use proptest::prelude::*;
use serde_json::json;
use untied_report::{Looks, compare, look, render};
use untied_study::{Caveat, CellRecord, Sequential, Status, Verdict};

use crate::made_up::{baseline, cell, factors, results, unfinished};
use crate::simulated::looks::{DESIGNS, simulate_by_hand, simulate_looks};
use crate::simulated::{MARGIN, NARROW, SYMMETRIC};

const DESIGN: Sequential = Sequential { first: 3, step: 2, most: 7 };

/// Studies a rate: fewer than for RATES.md.
const STUDIES: usize = 2000;

/// A share and what chance adds to it in one of a thousand rates (3.09 standard errors).
fn with_chance(share: f64) -> f64 {
    share + 3.09 * (share * (1.0 - share) / STUDIES as f64).sqrt()
}

/// Cells of no bias and of others with so much more accuracy at each seed, in grid order.
fn study(seeds: usize, gains: &[&dyn Fn(usize) -> f64]) -> Vec<CellRecord> {
    let none = |_: usize| 0.0;
    let all = std::iter::once(&none as &dyn Fn(usize) -> f64).chain(gains.iter().copied());
    let variant = |(bias, gain): (usize, &dyn Fn(usize) -> f64)| {
        let name = if bias == 0 { "none".to_owned() } else { format!("bias {bias}") };
        let run = |seed: usize| {
            let mut run = cell(factors(&[("model.bias", json!(name))]), seed as u64, 0.0, 1);
            (run.test_images, run.metrics.test_accuracy) = (1_000_000, Some(0.8 + gain(seed)));
            run
        };
        (0..seeds).map(run).collect::<Vec<_>>()
    };
    all.enumerate().flat_map(variant).collect()
}

/// A treatment that the first look tells to be equivalent, and one that no look tells anything of.
fn clear_and_unclear() -> Vec<CellRecord> {
    study(7, &[&|seed| 0.0001 * (seed % 2) as f64, &|seed| 0.05 * (seed % 3) as f64 - 0.045])
}

fn without(mut cells: Vec<CellRecord>, missing: impl Fn(&CellRecord) -> bool) -> Vec<CellRecord> {
    for run in cells.iter_mut().filter(|run| missing(run)) {
        *run = unfinished(run.clone(), Status::Missing, None);
    }
    cells
}

fn taken(cells: &[CellRecord]) -> Looks {
    look(cells, &[], &baseline(), DESIGN)
}

#[test]
fn a_look_waits_for_its_cells_and_for_no_others() {
    // Cells 0–6 are the baseline's, 7–13 and 14–20 those of the treatments.
    let first = taken(&without(clear_and_unclear(), |_| true));
    assert_eq!(first.waiting, [0, 1, 2, 7, 8, 9, 14, 15, 16]);
    assert!(first.skipped.is_empty());
    assert!(first.comparisons.iter().all(|one| one.verdict == Verdict::Inconclusive && one.ci95.is_none()));

    let second = taken(&without(clear_and_unclear(), |run| run.seed >= 3));
    let verdicts: Vec<Verdict> = second.comparisons.iter().map(|one| one.verdict).collect();
    assert_eq!(verdicts, [Verdict::Equivalent, Verdict::Inconclusive]);
    assert_eq!((second.waiting, second.skipped), (vec![3, 4, 17, 18], vec![10, 11, 12, 13]));
}

#[test]
fn a_failed_cell_holds_the_look_and_a_diverged_one_is_left_out() {
    let mut cells = clear_and_unclear();
    cells[15] = unfinished(cells[15].clone(), Status::Failed, Some("killed"));
    let held = taken(&cells);
    assert_eq!(held.waiting, [15]);
    assert!(held.comparisons.iter().all(|one| one.looks.is_empty()));
    cells[15].status = Status::Diverged;
    let all = taken(&cells);
    assert!(all.waiting.is_empty() && all.skipped.is_empty());
    assert_eq!((all.comparisons[1].looks.as_slice(), all.comparisons[1].left_out), ([2, 4, 6].as_slice(), 1));
}

/// Runs trained beyond a verdict, such as those of an earlier config, change nothing.
#[test]
fn a_verdict_stays_with_the_look_that_it_came_at() {
    let mut cells = clear_and_unclear();
    let (lean, full) = (taken(&without(cells.clone(), |run| run.seed >= 3)), taken(&cells));
    assert_eq!(full.comparisons[0], lean.comparisons[0]);
    assert_eq!((full.comparisons[0].seeds, full.comparisons[0].looks.as_slice()), (3, [3].as_slice()));
    assert_eq!(full.comparisons[1].looks, [3, 5, 7]);
    // Not even runs that would tell of a difference.
    for run in cells.iter_mut().filter(|run| run.seed >= 3 && run.factors["model.bias"] == "bias 1") {
        run.metrics.test_accuracy = Some(0.1);
    }
    assert_eq!(taken(&cells).comparisons[0], full.comparisons[0]);
}

#[test]
fn a_look_spends_its_share_of_the_level() {
    let cells = study(7, &[&|seed| 0.004 * seed as f64]);
    let one = taken(&cells).comparisons.remove(0);
    // The shares of the looks at 3, 5 and 7 seeds are 3/7, 2/7, 2/7; one comparison needs no other adjustment.
    let share = if one.seeds == 3 { 3.0 / 7.0 } else { 2.0 / 7.0 };
    let below = |seeds: usize| cells.iter().filter(|run| run.seed < seeds as u64).cloned().collect::<Vec<_>>();
    let fixed = compare(&below(one.seeds), &[], &baseline()).remove(0);
    assert_eq!((one.t_p, one.tost_p), (fixed.t_p, fixed.tost_p));
    let adjusted = |p: Option<f64>| (p.unwrap() / share).min(1.0);
    assert!((one.t_p_holm.unwrap() - adjusted(fixed.t_p)).abs() < 1e-12);
    assert!((one.tost_p_holm.unwrap() - adjusted(fixed.tost_p)).abs() < 1e-12);
    let [[low, high], [fixed_low, fixed_high]] = [one.ci95.unwrap(), fixed.ci95.unwrap()];
    assert!(low < fixed_low && fixed_high < high, "the repeated interval is wider");
}

proptest! {
    /// What a look has decided no later look changes, and an equivalent treatment has its interval inside the margin.
    #[test]
    fn verdicts_stay_in_their_margin(
        gains in prop::collection::vec(prop::collection::vec(-0.02..0.02f64, 9), 1..4),
        shrink in prop::collection::vec(0.001..1.0f64, 4),
    ) {
        let design = Sequential { first: 2, step: 3, most: 9 };
        let gain = |index: usize| { let gains = &gains; let shrink = &shrink; move |seed: usize| gains[index][seed] * shrink[index] };
        let all: Vec<_> = (0..gains.len()).map(gain).collect();
        let all: Vec<&dyn Fn(usize) -> f64> = all.iter().map(|gain| gain as &dyn Fn(usize) -> f64).collect();
        let cells = study(9, &all);
        let mut before = look(&without(cells.clone(), |run| run.seed >= 2), &[], &baseline(), design);
        for seeds in [5, 8, 9] {
            let now = look(&without(cells.clone(), |run| run.seed >= seeds), &[], &baseline(), design);
            for (old, new) in before.comparisons.iter().zip(&now.comparisons) {
                prop_assert!(old.verdict == Verdict::Inconclusive || old == new);
                let [low, high] = new.ci95.unwrap();
                prop_assert!(new.verdict != Verdict::Equivalent || (-new.margin < low && high < new.margin), "{new:?}");
            }
            before = now;
        }
        prop_assert!(before.waiting.is_empty() && before.skipped.is_empty());
    }
}

#[test]
fn looks_rarely_end_with_a_wrong_verdict() {
    for design in DESIGNS {
        for noise in [SYMMETRIC[0], SYMMETRIC[1], SYMMETRIC[2], SYMMETRIC[5], SYMMETRIC[7]] {
            let none = simulate_looks(design, NARROW, noise, &[0.0], STUDIES);
            assert!(none.different <= with_chance(0.05), "{design:?} {}: different {}", noise.name, none.different);
            assert!(none.covered >= 1.0 - with_chance(0.05), "{design:?} {}: covered {}", noise.name, none.covered);
            let margin = simulate_looks(design, MARGIN, noise, &[MARGIN], STUDIES);
            assert!(margin.equivalent <= with_chance(0.05), "{design:?} {}: {}", noise.name, margin.equivalent);
        }
    }
}

#[test]
fn looks_of_several_comparisons_rarely_end_with_a_wrong_verdict() {
    for design in DESIGNS {
        let wrong = simulate_looks(design, MARGIN, SYMMETRIC[0], &[0.0, MARGIN, 0.0, -MARGIN], STUDIES).wrong;
        assert!(wrong <= with_chance(0.05), "{design:?}: {wrong}");
    }
}

/// Never deciding, or never before the end, would be no art.
#[test]
fn looks_decide_with_fewer_seeds() {
    let clear = simulate_looks(DESIGNS[1], MARGIN, SYMMETRIC[0], &[0.0], STUDIES);
    assert!(clear.equivalent > 0.99 && clear.seeds < 12.0, "{clear:?}");
    let different = simulate_looks(DESIGNS[1], MARGIN, SYMMETRIC[0], &[1.5 * MARGIN], STUDIES);
    assert!(different.different > 0.99 && different.seeds < 8.0, "{different:?}");
}

/// The report of a study that was looked at before states what this does, as simulated.
#[test]
fn what_added_seeds_do_is_said_as_simulated() {
    let mut all = results("extended", "?", clear_and_unclear(), &baseline());
    assert!(!render(&all, None).markdown.contains("Looked at before"));
    (all.comparisons[0].looks, all.comparisons[0].caveats) = (vec![3, 5, 7], vec![Caveat::Looks]);
    let text = render(&all, None).markdown;
    assert!(text.contains("1 of 2 comparisons had a verdict before"), "{text}");
    assert!(text.contains("(verdicts at 3, 5 and 7 seeds)") && text.contains("7 seeds in 3 looks"), "{text}");

    let [two, many, each] = [Sequential { first: 5, step: 5, most: 10 }, DESIGNS[1], DESIGNS[2]]
        .map(|design| (design, design.looks().len()));
    for ((design, looks), stated) in [(two, 0.09), (many, 0.16), (each, 0.26)] {
        let percent = format!("{:.0} % with {looks}", 100.0 * stated);
        assert!(text.contains(&percent), "{percent}: {text}");
        let different = simulate_by_hand(design, NARROW, SYMMETRIC[1], 0.0, STUDIES).different;
        assert!((different - stated).abs() < with_chance(stated) - stated + 0.005, "{design:?}: {different}");
        let equivalent = simulate_by_hand(design, MARGIN, SYMMETRIC[1], MARGIN, STUDIES).equivalent;
        assert!(equivalent < with_chance(0.06), "{design:?}: {equivalent}");
    }
}

#[test]
fn a_report_says_which_looks_were_planned() {
    let cells = without(clear_and_unclear(), |run| run.seed >= 3);
    let mut all = results("planned", "?", cells, &baseline());
    let taken = taken(&all.cells);
    taken.mark(&mut all.cells);
    (all.comparisons, all.sequential) = (taken.comparisons, Some(DESIGN));
    let text = render(&all, None).markdown;
    for part in
        ["3, then 2 more at a time, 7 at most", "9 of 21; 4 not needed", "up to 7", "8 of 21 runs did not finish"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let waits = look(&without(clear_and_unclear(), |run| run.seed == 2), &[], &baseline(), DESIGN);
    all.comparisons = waits.comparisons;
    let text = render(&all, None).markdown;
    assert!(text.contains("cannot be judged") && text.contains("not all runs of its first look are there"), "{text}");
}
