//! Caveats: each with results that need it, and with results that do not.

use serde_json::json;
use untied_report::{compare, render};
use untied_study::{Caveat, CellRecord, CompareConfig, Comparison, Metric, Verdict};

use crate::made_up::{baseline, cell, factors, results};

/// A bias-free and a tied variant with these accuracies, one pair a seed.
fn pairs(accuracies: &[[f64; 2]], largest_class: Option<f64>) -> Vec<CellRecord> {
    let run = |(side, bias): (usize, &str)| {
        let factors = factors(&[("model.bias", json!(bias))]);
        let cell = |(seed, pair): (usize, &[f64; 2])| {
            let mut cell = cell(factors.clone(), seed as u64, 0.0, 2);
            cell.metrics.test_accuracy = Some(pair[side]);
            cell.largest_class = largest_class;
            cell
        };
        accuracies.iter().enumerate().map(cell).collect::<Vec<_>>()
    };
    ["none", "tied"].into_iter().enumerate().flat_map(run).collect()
}

fn judged(accuracies: &[[f64; 2]]) -> Comparison {
    compare(&pairs(accuracies, Some(0.1)), &[], &baseline()).remove(0)
}

fn with_differences(accuracy: f64, differences: &[f64]) -> Comparison {
    judged(&differences.iter().map(|difference| [accuracy, accuracy + difference]).collect::<Vec<_>>())
}

const SMALL: [f64; 5] = [0.001, -0.001, 0.0, 0.002, -0.002];

/// A learning rate of 10⁻⁹: everything is equivalent, since nothing was learned.
#[test]
fn untrained_variants_are_at_chance() {
    let one = with_differences(0.105, &SMALL);
    assert_eq!(one.verdict, Verdict::Equivalent);
    assert!(one.caveats.contains(&Caveat::Chance));
    assert!(!with_differences(0.14, &SMALL).caveats.contains(&Caveat::Chance));
    // One side that learned is something to compare.
    let learned = judged(&[[0.1, 0.5], [0.1, 0.4], [0.1, 0.6]]);
    assert!(!learned.caveats.contains(&Caveat::Chance));
    // Old results do not say how large the largest class is.
    let unknown = compare(&pairs(&[[0.1, 0.1]; 3], None), &[], &baseline()).remove(0);
    assert!(!unknown.caveats.contains(&Caveat::Chance));
}

#[test]
fn near_perfection_no_difference_can_show() {
    assert!(with_differences(0.995, &SMALL).caveats.contains(&Caveat::Ceiling));
    assert!(!with_differences(0.985, &SMALL).caveats.contains(&Caveat::Ceiling));
    let cells = pairs(&[[0.995, 0.995]; 3], Some(0.1));
    let by_loss = compare(&cells, &[], &CompareConfig { metric: Metric::TestLoss, ..baseline() }).remove(0);
    assert!(!by_loss.caveats.contains(&Caveat::Ceiling));
}

/// As in the study of shifted images: one collapsed seed makes the whole difference.
#[test]
fn a_verdict_that_hangs_on_one_seed_names_it() {
    let mut differences = [0.001, -0.001, 0.0, 0.002, -0.002, 0.001, -0.001, 0.0, 0.002, -0.467];
    let one = with_differences(0.86, &differences);
    assert_eq!(one.verdict, Verdict::Inconclusive);
    assert!(one.caveats.contains(&Caveat::OneSeed) && one.caveats.contains(&Caveat::Collapse));
    let extreme = one.extreme_seed.unwrap();
    assert_eq!(extreme.seed, 9);
    assert!((extreme.difference + 0.467).abs() < 1e-12 && (extreme.others - 0.002 / 9.0).abs() < 1e-12);
    differences[9] = 0.001;
    let one = with_differences(0.86, &differences);
    assert_eq!((one.verdict, one.caveats.contains(&Caveat::OneSeed)), (Verdict::Equivalent, false));
}

/// A few seeds cannot exclude failures that would matter; where nothing was learned there is nothing to lose.
#[test]
fn an_equivalence_of_a_few_seeds_leaves_rare_failures_open() {
    assert!(with_differences(0.86, &SMALL).caveats.contains(&Caveat::Collapse));
    assert!(!with_differences(0.1, &SMALL).caveats.contains(&Caveat::Collapse));
    // With 300 seeds a failure rate of 1 % is excluded, and 1 % of 0.76 is less than the margin.
    assert!(!with_differences(0.86, &SMALL.repeat(60)).caveats.contains(&Caveat::Collapse));
}

#[test]
fn a_difference_says_whether_it_may_lie_within_the_margin() {
    // Of capacity_control: a difference shown, with an interval across the margin.
    let across = with_differences(0.8, &[0.004, 0.012, 0.006, 0.014, 0.008, 0.010, 0.005, 0.013]);
    assert_eq!((across.verdict, across.within_margin), (Verdict::Different, Some(true)));
    let beyond = with_differences(0.8, &[0.040, 0.041, 0.039, 0.042]);
    assert_eq!((beyond.verdict, beyond.within_margin), (Verdict::Different, Some(false)));
}

#[test]
fn the_correlation_of_the_pairs_is_pearsons() {
    let one = judged(&[[0.1, 0.3], [0.2, 0.2], [0.3, 0.4], [0.4, 0.7]]);
    // numpy.corrcoef([1, 2, 3, 4], [3, 2, 4, 7])[0, 1] = 7 / √(5·14)
    assert!((one.correlation.unwrap() - 7.0 / 70f64.sqrt()).abs() < 1e-12);
    assert_eq!(with_differences(0.5, &SMALL).correlation, None);
    assert_eq!(judged(&[[0.1, 0.3], [0.2, 0.2]]).correlation, None);
}

/// As of the studies that were trained before: no caveat is not the finding that something was learned.
#[test]
fn results_without_the_largest_class_say_that_chance_is_not_known() {
    let text = |largest: Option<f64>| {
        let all = results("old", "", pairs(&[[0.33, 0.34], [0.33, 0.32], [0.33, 0.33]], largest), &baseline());
        render(&all, Some(&baseline())).markdown
    };
    let [old, new] = [None, Some(0.325)].map(text);
    let at = |text: &str| old.find(text).unwrap_or_else(|| panic!("{text}: {old}"));
    assert!(at("**Chance is not known.** Older versions") < at("Of 1 comparison"));
    assert!(!new.contains("Chance is not known") && new.contains("**No better than chance.**"), "{new}");
}

#[test]
fn caveats_stand_in_the_first_lines() {
    let accuracies = [[0.105, 0.106], [0.105, 0.104], [0.105, 0.105], [0.105, 0.107], [0.105, 0.103]];
    let report = render(&results("untrained", "", pairs(&accuracies, Some(0.1)), &baseline()), Some(&baseline()));
    let at = |text: &str| report.markdown.find(text).unwrap_or_else(|| panic!("{text}: {}", report.markdown));
    assert!(at("**No better than chance.** In 1 of 1 comparison") < at("is **equivalent**"));
    let failed = [[0.86, 0.861], [0.86, 0.859], [0.86, 0.86], [0.86, 0.862], [0.86, 0.393]];
    let report = render(&results("failed", "", pairs(&failed, None), &baseline()), Some(&baseline()));
    let at = |text: &str| report.markdown.find(text).unwrap_or_else(|| panic!("{text}: {}", report.markdown));
    assert!(at("**One seed decides.** In 1 of 1 comparison") < at("is **inconclusive**"));
    assert!(at("seed 4 (−0.4670, the others +0.0005)") < at("## Paired differences"));
}

/// An interval around 0 is no contradiction to pairs that are equal, and pairs that cancel are not equal.
#[test]
fn a_difference_of_zero_says_whether_the_pairs_are_equal() {
    let caption = |accuracies: &[[f64; 2]]| {
        let all = results("zeros", "", pairs(accuracies, Some(0.1)), &baseline());
        let text = render(&all, Some(&baseline())).markdown;
        let found = text.lines().find(|line| line.contains("treatment minus baseline")).map(str::to_owned);
        found.unwrap_or_else(|| panic!("{text}"))
    };
    let equal = caption(&[[0.5, 0.5], [0.6, 0.6], [0.7, 0.7]]);
    let said = "the two sides of every pair have the same test accuracy, to the last bit; the interval around it is that of the least";
    assert!(equal.contains(said), "{equal}");
    let cancelling = caption(&[[0.5, 0.625], [0.625, 0.5]]);
    assert!(cancelling.contains("Where the mean difference is 0, the pairs' differences cancel."), "{cancelling}");
    let differing = caption(&[[0.5, 0.625], [0.5, 0.5]]);
    assert!(!differing.contains("mean difference is 0"), "{differing}");
}
