//! How often verdicts are wrong, over simulated studies. `RATES.md` has the rates of more kinds of noise.

mod file;

use serde_json::json;
use untied_report::compare;
use untied_study::{CellRecord, Verdict};

use crate::made_up::{baseline, cell, factors};
use crate::simulated::{COLLAPSES, MARGIN, NARROW, STUDIES, SYMMETRIC, simulate, simulate_with};

/// A share and what chance adds to it in one of a thousand rates (3.09 standard errors).
fn with_chance(share: f64) -> f64 {
    share + 3.09 * (share * (1.0 - share) / STUDIES as f64).sqrt()
}

fn assert_rarely_wrong(margin: f64, difference: f64) {
    for (index, noise) in SYMMETRIC.into_iter().enumerate() {
        // Every number of seeds for a heavy tail and for two discrete accuracies; a sample for the others.
        let every = [2, 5, 6].contains(&index);
        for seeds in (2..=20).filter(|seeds| every || [2, 3, 5, 10, 20].contains(seeds)) {
            let wrong = simulate_with(margin, noise, seeds, &[difference]).wrong;
            assert!(wrong <= with_chance(0.05), "{}, {seeds} seeds, true difference {difference}: {wrong}", noise.name);
        }
    }
}

#[test]
fn no_difference_is_rarely_called_different() {
    assert_rarely_wrong(NARROW, 0.0);
}

#[test]
fn a_difference_of_the_margin_is_rarely_called_equivalent() {
    assert_rarely_wrong(MARGIN, MARGIN);
}

#[test]
fn a_difference_beyond_the_margin_is_rarely_called_equivalent() {
    for seeds in [2, 3, 5, 20] {
        let wrong = simulate(SYMMETRIC[7], seeds, &[-1.5 * MARGIN]).wrong;
        assert!(wrong <= with_chance(0.05), "{seeds} seeds: {wrong}");
    }
}

#[test]
fn a_study_of_several_comparisons_rarely_has_a_wrong_verdict() {
    for seeds in [2, 3, 5, 20] {
        let wrong = simulate(SYMMETRIC[5], seeds, &[0.0, MARGIN, 0.0, -MARGIN]).wrong;
        assert!(wrong <= with_chance(0.05), "{seeds} seeds: {wrong}");
    }
}

/// Differences of 0 and of the margin, in every mixture: at most one null of each comparison is true. Comparisons are
/// independent here, the worst case for Bonferroni's inequality.
#[test]
fn a_large_family_rarely_has_a_wrong_verdict_and_uses_its_share() {
    for none in [0, 4, 8] {
        let differences: Vec<f64> = (0..8).map(|index| if index < none { 0.0 } else { MARGIN }).collect();
        for seeds in [3, 10] {
            let wrong = simulate(SYMMETRIC[0], seeds, &differences).wrong;
            assert!(wrong <= with_chance(0.05), "{none} of 8 without difference, {seeds} seeds: {wrong}");
        }
    }
    // A procedure at half its level, as Holm's is here, would be wrong in 2.5 %.
    let wrong = simulate_with(NARROW, SYMMETRIC[1], 5, &[0.0; 8]).wrong;
    assert!((0.043..with_chance(0.05)).contains(&wrong), "{wrong}");
}

/// No test of a few seeds sees failures that are not among them; but no such equivalence comes without its caveat.
#[test]
fn rare_failures_make_false_equivalences_that_say_so() {
    for noise in COLLAPSES {
        for seeds in [3, 5, 10, 20] {
            let rates = simulate(noise, seeds, &[-MARGIN]);
            assert!(rates.equivalent > 0.1, "{}, {seeds} seeds: {rates:?}", noise.name);
            assert_eq!(rates.unwarned, 0.0, "{}, {seeds} seeds", noise.name);
        }
    }
}

/// Of three seeds alike, one often makes the verdict another; that it lies apart as well is what chance seldom does.
#[test]
fn one_seed_is_rarely_blamed_where_all_scatter_alike() {
    for noise in [SYMMETRIC[0], SYMMETRIC[1]] {
        for (seeds, difference) in [(3, 0.0), (3, MARGIN), (5, MARGIN), (10, MARGIN)] {
            let rates = simulate(noise, seeds, &[difference]);
            assert!(rates.one_seed <= with_chance(0.05), "{}, {seeds} seeds: {rates:?}", noise.name);
            assert!(rates.far <= with_chance(0.01), "{}, {seeds} seeds: {rates:?}", noise.name);
        }
    }
}

/// Never deciding would be no art.
#[test]
fn what_can_be_decided_is() {
    let equivalent = simulate(SYMMETRIC[0], 10, &[0.0]).equivalent;
    assert!(equivalent > 0.99, "{equivalent}");
    let different = simulate(SYMMETRIC[0], 10, &[1.5 * MARGIN]).different;
    assert!(different > 0.99, "{different}");
}

#[test]
fn suggested_seeds_are_the_fewest_with_the_power_they_promise() {
    for (noise, margins) in [(SYMMETRIC[0], 0.4), (SYMMETRIC[1], 2.0)] {
        let seeds = suggested(margins * MARGIN);
        let power = |seeds: usize| simulate(noise, seeds, &[0.0]).equivalent;
        let (enough, fewer) = (power(seeds), power(seeds - 1));

        assert!(with_chance(enough) >= 0.8, "{}: {seeds} seeds, {enough}", noise.name);
        assert!(fewer <= with_chance(0.8), "{}: {seeds} seeds, but one fewer has {fewer}", noise.name);
        let shown = simulate(noise, seeds, &[MARGIN]).different;
        assert!(with_chance(shown) >= 0.8, "{}: a difference is shown by {shown}", noise.name);
    }
}

/// What an inconclusive comparison of two pairs with exactly this spread suggests.
fn suggested(spread: f64) -> usize {
    let accuracies = |bias: &str, accuracies: [f64; 2]| -> Vec<CellRecord> {
        let run = |(seed, accuracy): (usize, f64)| {
            let mut run = cell(factors(&[("model.bias", json!(bias))]), seed as u64, 0.0, 1);
            (run.test_images, run.metrics.test_accuracy) = (1_000_000, Some(accuracy));
            run
        };
        accuracies.into_iter().enumerate().map(run).collect()
    };
    let half = spread / 2f64.sqrt();
    let cells = [accuracies("none", [0.8, 0.8]), accuracies("tied", [0.8 - half, 0.8 + half])].concat();
    let one = compare(&cells, &[], &baseline()).remove(0);
    assert_eq!(one.verdict, Verdict::Inconclusive);
    assert!((one.spread.unwrap() - spread).abs() < 1e-12);
    one.seeds_suggested.expect("a number")
}
