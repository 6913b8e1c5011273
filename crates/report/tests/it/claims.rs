//! Sentences claim no more than their intervals: thousands of made-up studies, every sentence of their short answers.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::json;
use untied_report::render;
use untied_study::{CellRecord, Comparison, Results, Verdict};

use crate::made_up::{baseline, cell, factors, results};

/// Uniform in [0, 1).
fn unit(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

/// A study of so many comparisons, whose differences, scatters and numbers of seeds are anything.
fn study(rng: &mut ChaCha8Rng, comparisons: usize) -> Results {
    let seeds = 2 + (unit(rng) * 9.0) as u64;
    let mut cells: Vec<CellRecord> = Vec::new();
    for variant in 0..=comparisons {
        let bias = if variant == 0 { "none".into() } else { format!("bias {variant}") };
        let gain = 0.03 * (unit(rng) - 0.5) * f64::from(u8::from(variant > 0));
        let scatter = 0.03 * unit(rng).powi(3);
        for seed in 0..seeds {
            let mut run = cell(factors(&[("model.bias", json!(bias))]), seed, 0.0, 2);
            let own = gain + scatter * (unit(rng) + unit(rng) + unit(rng) - 1.5) * 2.0;
            let fails = unit(rng) < 0.02;
            run.metrics.test_accuracy = run.metrics.test_accuracy.map(|a| if fails { 0.2 } else { a + own });
            cells.push(run);
        }
    }
    results("claims", "", cells, &baseline())
}

/// The sentences with a verdict, in the order of the comparisons.
fn sentences(markdown: &str) -> Vec<&str> {
    let answer = markdown.split("\n## ").nth(1).expect("a short answer");
    answer.lines().filter(|line| ["- ≈ ", "- ≠ ", "- ? "].iter().any(|sign| line.starts_with(sign))).collect()
}

/// What is said of one comparison, against its numbers.
fn assert_no_stronger(sentence: &str, one: &Comparison) {
    let ([low, high], margin) = (one.ci95.expect("two pairs or more"), one.margin);
    let says = |text: &str| sentence.contains(text);
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
}

#[test]
fn single_sentences_claim_no_more_than_their_intervals() {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut seen = [0; 3];
    for _ in 0..1500 {
        let comparisons = 1 + (unit(&mut rng) * 6.0) as usize;
        let results = study(&mut rng, comparisons);
        let report = render(&results, None);
        let sentences = sentences(&report.markdown);
        assert_eq!(sentences.len(), comparisons);
        for (sentence, one) in sentences.into_iter().zip(&results.comparisons) {
            seen[one.verdict as usize] += 1;
            assert_no_stronger(sentence, one);
        }
    }
    assert!(seen.iter().all(|count| *count > 300), "{seen:?}");
}

/// Sentences of many comparisons count them rightly.
#[test]
fn grouped_sentences_claim_no_more_than_their_intervals() {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    for _ in 0..500 {
        let results = study(&mut rng, 12);
        let all = &results.comparisons;
        let report = render(&results, None);
        let markdown = report.markdown.split("**The comparisons one by one**").next().expect("a summary");
        let count = |holds: &dyn Fn(&Comparison, [f64; 2]) -> bool| {
            all.iter().filter(|one| holds(one, one.ci95.expect("pairs"))).count()
        };
        for sentence in sentences(markdown) {
            let number = |text: &str| -> Option<usize> {
                let rest = sentence.split(text).nth(1)?;
                rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
            };
            let open = |one: &Comparison| one.verdict == Verdict::Inconclusive;
            if sentence.starts_with("- ≠") {
                let higher = count(&|one, [low, _]| one.verdict == Verdict::Different && low > 0.0);
                let lower = count(&|one, [_, high]| one.verdict == Verdict::Different && high < 0.0);
                assert_eq!(
                    (sentence.contains("higher"), sentence.contains("lower")),
                    (higher > 0, lower > 0),
                    "{sentence}"
                );
                assert!(number("higher in ").is_none_or(|said| said == higher), "{sentence}");
            } else if sentence.starts_with("- ?") {
                let above = count(&|one, [low, _]| open(one) && low > 0.0);
                let below = count(&|one, [_, high]| open(one) && high < 0.0);
                let inside = count(&|one, [low, high]| open(one) && -one.margin < low && high < one.margin);
                for (text, expected) in
                    [("above zero in ", above), ("below zero in ", below), ("inside ±margin in ", inside)]
                {
                    assert_eq!(number(text).unwrap_or(0), expected, "{text}: {sentence}");
                }
                assert_eq!(sentence.contains("only before adjustment"), above + below + inside > 0, "{sentence}");
            } else {
                assert!(!sentence.contains("higher") && !sentence.contains("lower"), "{sentence}");
            }
        }
    }
}
