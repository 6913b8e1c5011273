//! Verdicts: alone and in groups, over seeds, over seeds and images, and look by look.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::json;
use untied_report::{look, render};
use untied_study::{CellRecord, CompareConfig, Comparison, Over, Results, Sequential, Status, Verdict};

use super::{about_zero, answer, happens, number_after, unit, verdicts};
use crate::made_up::{baseline, cell, factors, results, unfinished};
use crate::simulated::images::answered;

/// A study of so many comparisons, whose differences, scatters and numbers of seeds are anything.
fn study(rng: &mut ChaCha8Rng, comparisons: usize) -> Results {
    let seeds = 2 + (unit(rng) * 9.0) as u64;
    results("claims", "", cells(rng, comparisons, seeds), &baseline())
}

fn cells(rng: &mut ChaCha8Rng, comparisons: usize, seeds: u64) -> Vec<CellRecord> {
    let mut cells: Vec<CellRecord> = Vec::new();
    for variant in 0..=comparisons {
        let bias = if variant == 0 { "none".into() } else { format!("bias {variant}") };
        let gain = 0.03 * (unit(rng) - 0.5) * f64::from(u8::from(variant > 0));
        let scatter = 0.03 * unit(rng).powi(3);
        for seed in 0..seeds {
            let mut run = cell(factors(&[("model.bias", json!(bias))]), seed, 0.0, 2);
            let own = gain + scatter * about_zero(rng);
            let fails = happens(0.02, rng);
            run.metrics.test_accuracy = run.metrics.test_accuracy.map(|a| if fails { 0.2 } else { a + own });
            cells.push(run);
        }
    }
    cells
}

/// A study whose runs have kept their answers: few images change sides, each run by chance or all runs of a variant alike.
fn answering(rng: &mut ChaCha8Rng, comparisons: usize, config: &CompareConfig) -> Results {
    let (seeds, images) = (2 + (unit(rng) * 6.0) as u64, 100 + (unit(rng) * 1900.0) as usize);
    let base: Vec<bool> = (0..images).map(|_| happens(0.9, rng)).collect();
    let mut cells = Vec::new();
    for variant in 0..=comparisons {
        let treated = f64::from(u8::from(variant > 0));
        let [lost, gained] = [(); 2].map(|()| treated * 0.03 * unit(rng).powi(2));
        let changed: Vec<bool> =
            base.iter().map(|right| *right != happens(if *right { lost } else { 9.0 * gained }, rng)).collect();
        let flips = 0.02 * unit(rng).powi(3);
        for seed in 0..seeds {
            let answers: Vec<bool> = changed.iter().map(|right| *right != happens(flips, rng)).collect();
            let bias = if variant == 0 { "none".into() } else { format!("bias {variant}") };
            cells.push(answered(&bias, seed, &answers));
        }
    }
    results("claims", "", cells, config)
}

/// A study whose seeds come look by look, as far as it has come.
fn sequential(rng: &mut ChaCha8Rng, comparisons: usize) -> Results {
    let design = Sequential { first: 2 + (unit(rng) * 4.0) as usize, step: 1 + (unit(rng) * 3.0) as usize, most: 12 };
    let mut cells = cells(rng, comparisons, design.most as u64);
    let trained = (unit(rng) * 16.0) as u64;
    for run in cells.iter_mut().filter(|run| run.seed >= trained) {
        *run = unfinished(run.clone(), Status::Missing, None);
    }
    let taken = look(&cells, &[], &baseline(), design);
    taken.mark(&mut cells);
    Results { comparisons: taken.comparisons, sequential: Some(design), ..results("claims", "", cells, &baseline()) }
}

/// What is said of one comparison, against its numbers.
fn assert_no_stronger(sentence: &str, one: &Comparison) {
    let says = |text: &str| sentence.contains(text);
    let on_new_images = one.over == Over::SeedsAndImages;
    let Some([low, high]) = (if on_new_images { one.ci95_images } else { one.ci95 }) else {
        assert!(says("**cannot be judged**"), "{sentence} {one:?}");
        return;
    };
    let margin = one.margin;
    let (inside, outside) = (-margin < low && high < margin, high < -margin || margin < low);
    let (above, below) = (low > 0.0, high < 0.0);
    let claim = |text: &str, holds: bool| assert!(!says(text) || holds, "{text}: {sentence} {one:?}");
    claim("**equivalent**", one.verdict == Verdict::Equivalent && inside);
    claim("**different**", one.verdict == Verdict::Different && (above || below));
    claim("is higher by", one.verdict == Verdict::Different && above);
    claim("is lower by", one.verdict == Verdict::Different && below);
    claim("There is a difference", above || below);
    claim("inside ±", inside);
    claim("outside ±", outside);
    claim("without zero", above || below);
    claim("across the edge", !inside && !outside);
    claim("too small to count.", one.verdict == Verdict::Equivalent || (one.verdict == Verdict::Different && !outside));
    // One rule: what goes beyond the verdict is said, on either side, and said to hold before adjustment only.
    let cautioned = |text: &str| sentence.split(text).skip(1).all(|rest| rest.contains("only before adjustment"));
    assert!(one.verdict == Verdict::Equivalent || cautioned("inside ±"), "{sentence}");
    assert!(cautioned("outside ±") && cautioned("without zero"), "{sentence}");
    if one.verdict == Verdict::Inconclusive {
        assert_eq!(above || below, says("without zero") || says("outside ±"), "{sentence} {one:?}");
        assert_eq!(inside, says("inside ±"), "{sentence} {one:?}");
    }
    if one.verdict == Verdict::Different {
        assert_eq!(!outside, says("may be too small to count"), "{sentence} {one:?}");
    }
    // A verdict on these images is none on others, and says so where their interval does not bear it out.
    let verdict = sentence.split(": ").next().unwrap_or_default();
    assert_eq!(verdict.contains("on new images"), on_new_images, "{sentence}");
    let bears_out = one.ci95_images.is_none_or(|[low, high]| match one.verdict {
        Verdict::Equivalent => -margin < low && high < margin,
        Verdict::Different => low > 0.0 || high < 0.0,
        Verdict::Inconclusive => true,
    });
    assert_eq!(says("the verdict is on these test images alone"), !bears_out, "{sentence} {one:?}");
    assert_eq!(says("the 95 % interval is"), one.ci95_images.is_some(), "{sentence}");
    let looks = number_after(sentence, " seeds in ").unwrap_or(1);
    assert_eq!(looks, one.looks.len().max(1), "{sentence} {one:?}");
}

/// Every sentence of a study of at most six comparisons; counts the verdicts.
fn assert_all_no_stronger(results: &Results, seen: &mut [usize; 3]) {
    let report = render(results, None);
    let sentences = verdicts(answer(&report.markdown));
    assert_eq!(sentences.len(), results.comparisons.len());
    for (sentence, one) in sentences.into_iter().zip(&results.comparisons) {
        seen[one.verdict as usize] += 1;
        assert_no_stronger(sentence, one);
    }
}

#[test]
fn single_sentences_claim_no_more_than_their_intervals() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut seen = [0; 3];
    for _ in 0..1500 {
        let comparisons = 1 + (unit(&mut rng) * 6.0) as usize;
        assert_all_no_stronger(&study(&mut rng, comparisons), &mut seen);
    }
    assert!(seen.iter().all(|count| *count > 300), "{seen:?}");
}

#[test]
fn sentences_on_new_images_claim_no_more_than_their_intervals() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    for over in [Over::Seeds, Over::SeedsAndImages] {
        let mut seen = [0; 3];
        for _ in 0..150 {
            let comparisons = 1 + (unit(&mut rng) * 3.0) as usize;
            let config = CompareConfig { over, ..baseline() };
            assert_all_no_stronger(&answering(&mut rng, comparisons, &config), &mut seen);
        }
        assert!(seen.iter().all(|count| *count > 20), "{over:?} {seen:?}");
    }
}

#[test]
fn sentences_of_looks_claim_no_more_than_their_intervals() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let mut seen = [0; 3];
    for _ in 0..400 {
        let comparisons = 1 + (unit(&mut rng) * 6.0) as usize;
        assert_all_no_stronger(&sequential(&mut rng, comparisons), &mut seen);
    }
    assert!(seen.iter().all(|count| *count > 100), "{seen:?}");
}

/// Sentences of many comparisons count them rightly.
#[test]
fn grouped_sentences_claim_no_more_than_their_intervals() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let over_images = CompareConfig { over: Over::SeedsAndImages, ..baseline() };
    for _ in 0..400 {
        assert_counted(&study(&mut rng, 12));
    }
    for _ in 0..25 {
        assert_counted(&answering(&mut rng, 12, &baseline()));
        assert_counted(&answering(&mut rng, 12, &over_images));
        assert_counted(&sequential(&mut rng, 12));
    }
}

fn assert_counted(results: &Results) {
    let report = render(results, None);
    let summary = answer(&report.markdown).split("**The comparisons one by one**").next().expect("a summary");
    for sentence in verdicts(summary) {
        if !sentence.contains("annot be judged") {
            assert_group_counted(sentence, &results.comparisons);
        }
    }
}

/// What is said of all comparisons with one verdict.
fn assert_group_counted(sentence: &str, all: &[Comparison]) {
    let judged = |one: &Comparison| if one.over == Over::SeedsAndImages { one.ci95_images } else { one.ci95 };
    let count = |holds: &dyn Fn(&Comparison, [f64; 2]) -> bool| {
        all.iter().filter(|one| judged(one).is_some_and(|ends| holds(one, ends))).count()
    };
    let number = |text: &str| number_after(sentence, text);
    let of = |verdict: Verdict| move |one: &Comparison| one.verdict == verdict;
    let (open, differs) = (of(Verdict::Inconclusive), of(Verdict::Different));
    assert_eq!(
        sentence.split(": ").next().unwrap_or_default().contains("on new images"),
        all.iter().any(|one| one.over == Over::SeedsAndImages),
        "{sentence}"
    );
    if sentence.starts_with("- ≠") {
        let higher = count(&|one, [low, _]| differs(one) && low > 0.0);
        let lower = count(&|one, [_, high]| differs(one) && high < 0.0);
        assert_eq!((sentence.contains("higher"), sentence.contains("lower")), (higher > 0, lower > 0), "{sentence}");
        assert!(number("higher in ").is_none_or(|said| said == higher), "{sentence}");
        let small = count(&|one, [low, high]| differs(one) && -one.margin < high && low < one.margin);
        assert_eq!(sentence.contains(&format!(" {small} of them may be too small to count")), small > 0, "{sentence}");
    } else if sentence.starts_with("- ?") {
        let above = count(&|one, [low, _]| open(one) && low > 0.0);
        let below = count(&|one, [_, high]| open(one) && high < 0.0);
        let inside = count(&|one, [low, high]| open(one) && -one.margin < low && high < one.margin);
        for (text, expected) in [("above zero in ", above), ("below zero in ", below), ("inside ±margin in ", inside)]
        {
            assert_eq!(number(text).unwrap_or(0), expected, "{text}: {sentence}");
        }
        assert_eq!(sentence.contains("only before adjustment"), above + below + inside > 0, "{sentence}");
    } else {
        assert!(!sentence.contains("higher") && !sentence.contains("lower"), "{sentence}");
    }
}
