//! Comparisons: pairing, floors, degenerate inputs and what verdicts imply.

use proptest::prelude::*;
use serde_json::json;
use untied_report::{compare, recompare};
use untied_study::{CellRecord, CompareConfig, Comparison, Metric, Status, Verdict};

use crate::made_up::{baseline, bias_redundancy, cell, factors, unfinished};

/// Two variants with the given accuracies, one pair a seed.
fn two_variants(pairs: &[(Option<f64>, Option<f64>)]) -> Vec<CellRecord> {
    let mut cells = Vec::new();
    for (bias, side) in [("none", 0), ("tied", 1)] {
        for (seed, pair) in pairs.iter().enumerate() {
            let run = cell(factors(&[("model.bias", json!(bias))]), seed as u64, 0.0, 2);
            match [pair.0, pair.1][side] {
                Some(accuracy) => {
                    let mut run = run;
                    run.metrics.test_accuracy = Some(accuracy);
                    cells.push(run);
                }
                None => cells.push(unfinished(run, Status::Diverged, None)),
            }
        }
    }
    cells
}

fn only(cells: &[CellRecord]) -> Comparison {
    let all = compare(cells, &[], &baseline());
    assert_eq!(all.len(), 1);
    all[0].clone()
}

fn assert_finite(one: &Comparison) {
    let numbers = [one.mean_difference, one.max_loss_difference, one.t_p, one.tost_p, one.t_p_holm, one.tost_p_holm];
    assert!(numbers.into_iter().flatten().chain(one.ci95.into_iter().flatten()).all(f64::is_finite), "{one:?}");
}

#[test]
fn contexts_and_treatments_come_in_grid_order() {
    let results = bias_redundancy(3);
    let order: Vec<_> = results
        .comparisons
        .iter()
        .map(|one| (one.context["model.norm"].clone(), one.treatment["model.bias"].clone()))
        .collect();
    let expected = [("none", "tied"), ("none", "untied"), ("batch", "tied"), ("batch", "untied")];
    assert_eq!(order, expected.map(|(norm, bias)| (json!(norm), json!(bias))));
    assert!(results.comparisons.iter().all(|one| one.seeds == 3 && one.left_out == 0));
}

#[test]
fn a_baseline_of_two_keys_faces_every_other_combination() {
    let results = bias_redundancy(2);
    let keys = factors(&[("model.bias", json!("none")), ("model.norm", json!("none"))]);
    let comparisons = compare(&results.cells, &[], &CompareConfig { baseline: keys, ..baseline() });
    assert_eq!(comparisons.len(), 5);
    assert!(comparisons.iter().all(|one| one.context.is_empty()));
}

#[test]
fn runs_that_agree_exactly_are_equivalent() {
    let one = only(&two_variants(&[(Some(0.9), Some(0.9)); 5]));
    assert_eq!(one.verdict, Verdict::Equivalent);
    assert_eq!(one.mean_difference, Some(0.0));
    // 2.776445105197793 = scipy.stats.t.ppf(0.975, 4); the floor is one of 1000 test images.
    let [low, high] = one.ci95.unwrap();
    assert!((high - 2.776_445_105_197_793 * 0.001 / 5f64.sqrt()).abs() < 1e-12);
    assert!((low + high).abs() < 1e-15);
    assert_finite(&one);
}

#[test]
fn losses_that_agree_exactly_have_a_floor_too() {
    let cells = two_variants(&[(Some(0.9), Some(0.9)); 3]);
    let all = compare(&cells, &[], &CompareConfig { metric: Metric::TrainLoss, ..baseline() });
    assert_eq!(all[0].verdict, Verdict::Equivalent);
    assert!(all[0].ci95.unwrap()[1] > 0.0);
    assert_finite(&all[0]);
}

#[test]
fn unfinished_pairs_are_left_out_and_counted() {
    let one =
        only(&two_variants(&[(Some(0.9), Some(0.91)), (None, Some(0.9)), (Some(0.9), None), (Some(0.9), Some(0.91))]));
    assert_eq!((one.seeds, one.left_out), (2, 2));
    assert_finite(&one);
}

#[test]
fn degenerate_studies_give_nulls_and_no_nan() {
    for pairs in [vec![], vec![(Some(0.9), Some(0.8))], vec![(None, None); 3], vec![(None, Some(0.9)); 2]] {
        let cells = two_variants(&pairs);
        for one in compare(&cells, &[], &baseline()) {
            assert_eq!((one.verdict, one.ci95, one.t_p, one.tost_p_holm), (Verdict::Inconclusive, None, None, None));
            assert_finite(&one);
        }
    }
    let odd = [f64::NAN, f64::INFINITY, f64::MAX, -f64::MAX, f64::MIN_POSITIVE, 0.0];
    for a in odd {
        for b in odd {
            assert_finite(&only(&two_variants(&[(Some(a), Some(b)), (Some(b), Some(a)), (Some(a), Some(0.5))])));
        }
    }
    let mut unknown = two_variants(&[(Some(0.0), Some(0.0)); 2]);
    for cell in &mut unknown {
        cell.test_images = 0;
    }
    assert_finite(&only(&unknown));
}

#[test]
fn the_largest_loss_difference_needs_every_curve() {
    let cells = two_variants(&[(Some(0.9), Some(0.9)); 2]);
    let largest = |losses: &[Option<Vec<f64>>]| compare(&cells, losses, &baseline())[0].max_loss_difference;
    let curve = |values: &[f64]| Some(values.to_vec());
    let [a, b, c] = [curve(&[1.0, 0.5]), curve(&[1.0, 0.75]), curve(&[1.25, 0.5])];
    assert_eq!(largest(&[a.clone(), a.clone(), b.clone(), c.clone()]), Some(0.25));
    assert_eq!(largest(&[a.clone(), None, b.clone(), c]), None);
    assert_eq!(largest(&[a.clone(), a.clone(), b.clone(), curve(&[1.0])]), None);
    assert_eq!(largest(&[a.clone(), a, b, curve(&[f64::NAN, 1.0])]), None);
    assert_eq!(largest(&[]), None);
}

#[test]
fn stored_loss_differences_survive_a_new_comparison() {
    let results = bias_redundancy(3);
    assert!(results.comparisons.iter().all(|one| one.max_loss_difference.is_some()));
    assert_eq!(recompare(&results, &baseline()), results.comparisons);
}

// scipy.stats.ttest_1samp and DescrStatsW.ttost_mean as in src/statistics/student.rs. Of one comparison's two nulls one at
// most is true, so that a single comparison needs no adjustment.
#[test]
fn golden_values_reach_the_comparison() {
    let differences = [0.012, -0.004, 0.003, 0.009, -0.001];
    let one = only(&two_variants(&differences.map(|difference| (Some(0.5), Some(0.5 + difference)))));
    let close = |ours: Option<f64>, theirs: f64| assert!((ours.unwrap() - theirs).abs() < 1e-12, "{ours:?} {theirs}");
    close(one.mean_difference, 0.0038);
    close(one.t_p, 0.272_643_091_805_207_46);
    close(one.tost_p, 0.053_397_503_400_410_086);
    close(one.tost_p_holm, 0.053_397_503_400_410_086);
    close(one.t_p_holm, 0.272_643_091_805_207_46);
    assert_eq!(one.verdict, Verdict::Inconclusive);
}

/// Two comparisons: the smallest p-value counts twice, where Holm's method would count it four times.
#[test]
fn the_two_nulls_of_a_comparison_share_a_multiplier() {
    let differences = [0.012, -0.004, 0.003, 0.009, -0.001];
    let mut cells = two_variants(&differences.map(|difference| (Some(0.5), Some(0.5 + difference))));
    let mut third: Vec<CellRecord> = cells[5..].to_vec();
    for (cell, difference) in third.iter_mut().zip(differences) {
        cell.factors = factors(&[("model.bias", json!("untied"))]);
        cell.metrics.test_accuracy = Some(0.501 + 2.0 * difference);
    }
    cells.extend(third);
    let all = compare(&cells, &[], &baseline());
    let smallest = all.iter().flat_map(|one| [one.t_p, one.tost_p]).flatten().fold(1.0, f64::min);
    let adjusted = all.iter().flat_map(|one| [one.t_p_holm, one.tost_p_holm]).flatten().fold(1.0, f64::min);
    assert!((adjusted - 2.0 * smallest).abs() < 1e-15, "{adjusted} is not twice {smallest}");
}

proptest! {
    #[test]
    fn intervals_hold_the_mean_and_equivalence_lies_inside_the_margin(
        differences in prop::collection::vec(-0.02f64..0.02, 2..12),
        margin in 0.001f64..0.05,
    ) {
        let pairs: Vec<_> = differences.iter().map(|difference| (Some(0.5), Some(0.5 + difference))).collect();
        let config = CompareConfig { margin, ..baseline() };
        let one = compare(&two_variants(&pairs), &[], &config).remove(0);
        let [low, high] = one.ci95.unwrap();
        let mean = one.mean_difference.unwrap();
        prop_assert!(low <= mean && mean <= high);
        prop_assert!(one.t_p <= one.t_p_holm && one.tost_p <= one.tost_p_holm);
        if one.verdict == Verdict::Equivalent {
            prop_assert!(-margin < low && high < margin);
        }
        assert_finite(&one);
    }
}
