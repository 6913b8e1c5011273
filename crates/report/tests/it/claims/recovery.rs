//! What adapted first biases bring back: shares, their ranges, and "untied more" or "less".

use std::collections::BTreeMap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::json;
use untied_report::{Ratio, Recovered, ratio, render};
use untied_study::{Adaptation, Adapting, CellRecord, NormStatistics, Results, ShiftPattern};

use super::{about_zero, answer, number_after, read, unit};
use crate::made_up::{baseline, cell, factors, results, unadapted};

const IMAGES: usize = 100;

/// A fit's name in sentences, and how it is recorded.
const FITS: [(&str, Adapting, Option<usize>); 2] =
    [("**Exactly**", Adapting::Exact, None), ("**fine-tuned on 100**", Adapting::FineTuned, Some(IMAGES))];

/// Variants whose tied and untied biases bring back anything, of shifts that cost anything.
fn study(rng: &mut ChaCha8Rng) -> Results {
    let (seeds, variants) = (2 + (unit(rng) * 5.0) as u64, 1 + (unit(rng) * 4.0) as usize);
    let mut cells = Vec::new();
    for variant in 0..variants {
        let (cost, scatter) = (0.2 * unit(rng), 0.3 * unit(rng).powi(2));
        let shares = [(); 4].map(|()| unit(rng));
        let best = unit(rng);
        for seed in 0..seeds {
            let mut run = cell(factors(&[("model.channels", json!(variant))]), seed, 0.0, 1);
            let clean = run.metrics.test_accuracy.expect("finished");
            for strength in [1.0, 2.0] {
                let lost = (cost * strength * (1.0 + scatter * about_zero(rng))).max(0.001);
                let one = unadapted(ShiftPattern::White, strength, 0);
                let at = |one: Adaptation, share: f64| Adaptation { accuracy: clean - lost * (1.0 - share), ..one };
                run.measured.adaptations.push(at(one.clone(), 0.0));
                let ways = FITS.iter().flat_map(|fit| ["tied", "untied"].map(|bias| (fit, bias)));
                for (((_, adapting, images), bias), share) in ways.zip(shares) {
                    let one = Adaptation { bias: bias.into(), adapting: *adapting, images: *images, ..one.clone() };
                    run.measured.adaptations.push(at(one, share + scatter * about_zero(rng)));
                }
                let one = Adaptation { adapting: Adapting::Best, ..one };
                run.measured.adaptations.push(at(one, best + scatter * about_zero(rng)));
            }
            cells.push(run);
        }
    }
    let mut all = results("recovery", "", cells, &baseline());
    all.comparisons.clear();
    all
}

/// A share, of the accuracy with each bias.
type Share = dyn Fn(&dyn Fn(&str) -> f64) -> f64;

/// Of each variant, the share of the strongest shift that costs five points; none where even that one costs less.
fn shares(cells: &[CellRecord], of: &Share, fit: (Adapting, Option<usize>)) -> Vec<Ratio> {
    let mut variants: BTreeMap<String, Vec<&CellRecord>> = BTreeMap::new();
    for run in cells {
        variants.entry(run.factors["model.channels"].to_string()).or_default().push(run);
    }
    let of_variant = |runs: &Vec<&CellRecord>| {
        [2.0, 1.0].into_iter().find_map(|strength| {
            let seeds: Vec<Vec<Recovered>> = runs.iter().map(|run| vec![recovered(run, strength, of, fit)]).collect();
            let lost = seeds.iter().flatten().map(|one| one.lost).sum::<f64>() / seeds.len() as f64;
            (lost >= 0.05).then(|| ratio(&seeds, 0.001).expect("something was lost"))
        })
    };
    variants.values().filter_map(of_variant).collect()
}

fn recovered(run: &CellRecord, strength: f64, of: &Share, (adapting, images): (Adapting, Option<usize>)) -> Recovered {
    let accuracy = |bias: &str, adapting: Adapting, images: Option<usize>| {
        let is = |one: &&Adaptation| {
            (one.strength, one.adapting, one.images, one.bias.as_str(), one.statistics)
                == (strength, adapting, images, bias, NormStatistics::Trained)
        };
        run.measured.adaptations.iter().find(is).expect("adapted").accuracy
    };
    let before = accuracy("tied", Adapting::Nothing, None);
    let adapted = |bias: &str| match bias {
        "best" => accuracy("tied", Adapting::Best, None),
        _ => accuracy(bias, adapting, images),
    };
    Recovered {
        gained: of(&|bias| adapted(bias) - before),
        lost: run.metrics.test_accuracy.expect("finished") - before,
    }
}

/// `12 % to 98 % [−5, 101]` behind a name: the smallest and the largest share, and the outermost ends.
fn said(clause: &str, bias: &str) -> [f64; 4] {
    let rest = clause.split(&format!("{bias} ")).nth(1).unwrap_or_else(|| panic!("no {bias}: {clause}"));
    let (values, ends) = rest.split_once(" [").unwrap_or_else(|| panic!("no interval: {clause}"));
    let values: Vec<f64> = values.split(" to ").map(|value| read(value.trim_end_matches("\u{a0}%"))).collect();
    let ends: Vec<f64> = ends.split(']').next().expect("an end").split(", ").map(read).collect();
    [values[0], *values.last().expect("a value"), ends[0], ends[1]]
}

#[test]
fn shares_and_what_is_concluded_of_them_go_no_further_than_their_intervals() {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let mut seen = [0; 3];
    for _ in 0..300 {
        let all = study(&mut rng);
        let report = render(&all, None);
        let answer = answer(&report.markdown).replace('\\', "");
        let sentence = answer.lines().find(|line| line.starts_with("- **White shift**")).expect("a sentence");
        for (name, adapting, images) in FITS {
            let fit = (adapting, images);
            let more_or_less = shares(&all.cells, &|gained| gained("untied") - gained("tied"), fit);
            let Some(clause) = sentence.split(name).nth(1).and_then(|rest| rest.split(';').next()) else {
                assert!(more_or_less.is_empty() && sentence.contains("less than 5 points lost"), "{sentence}");
                continue;
            };
            let ends: Vec<[f64; 2]> = more_or_less.iter().filter_map(|ratio| ratio.interval).collect();
            let more = ends.iter().filter(|[low, _]| *low > 0.0).count();
            let less = ends.iter().filter(|[_, high]| *high < 0.0).count();
            let counted = |word: &str, count: usize| match number_after(clause, &format!("{word} in ")) {
                Some(said) => assert_eq!(said, count, "{clause}"),
                None => assert_eq!(clause.contains(&format!("untied {word})")), count > 0, "{clause} {ends:?}"),
            };
            counted("more", more);
            counted("less", less);
            assert_eq!(clause.contains("no difference shown"), more + less == 0 && !ends.is_empty(), "{clause}");
            seen = [seen[0] + more, seen[1] + less, seen[2] + ends.len() - more - less];
            for bias in ["untied", "tied"] {
                assert_said(clause, bias, &shares(&all.cells, &|gained| gained(bias), fit));
            }
        }
    }
    assert!(seen.iter().all(|count| *count > 100), "{seen:?}");
}

/// Against an untied bias that is adapted exactly.
#[test]
fn the_best_tied_bias_is_said_to_recover_what_it_does() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut seen = [0; 3];
    for _ in 0..300 {
        let all = study(&mut rng);
        let text = answer(&render(&all, None).markdown).replace('\\', "");
        let sentence = text.lines().find(|line| line.starts_with("- **White shift**")).expect("a sentence");
        let Some(clause) = sentence.split("**tied, at its best on the test images**").nth(1) else {
            assert!(sentence.contains("less than 5 points lost"), "{sentence}");
            continue;
        };
        let clause = clause.split(';').next().expect("a clause");
        let exact = (Adapting::Exact, None);
        assert_said(&format!("untied{clause}"), "untied", &shares(&all.cells, &|gained| gained("best"), exact));
        let over = shares(&all.cells, &|gained| gained("untied") - gained("best"), exact);
        let ends: Vec<[f64; 2]> = over.iter().filter_map(|ratio| ratio.interval).collect();
        let more = ends.iter().filter(|[low, _]| *low > 0.0).count();
        let less = ends.iter().filter(|[_, high]| *high < 0.0).count();
        assert_eq!([clause.contains("more"), clause.contains("less")], [more > 0, less > 0], "{clause} {ends:?}");
        seen = [seen[0] + more, seen[1] + less, seen[2] + ends.len() - more - less];
    }
    assert!(seen.iter().all(|count| *count > 100), "{seen:?}");
}

/// Values in whole percent, intervals rounded outwards: never narrower than they are.
fn assert_said(clause: &str, bias: &str, ratios: &[Ratio]) {
    let clause = if bias == "tied" { clause.split(", tied").nth(1).map(|rest| format!("tied{rest}")) } else { None }
        .unwrap_or_else(|| clause.to_owned());
    let [smallest, largest, low, high] = said(&clause, bias);
    let outermost = |of: &dyn Fn(&Ratio) -> f64, pick: fn(f64, f64) -> f64| ratios.iter().map(of).reduce(pick);
    let ends = |index: usize| move |ratio: &Ratio| 100.0 * ratio.interval.expect("two seeds or more")[index];
    let near =
        |said: f64, value: Option<f64>| assert!((said - value.expect("a share")).abs() <= 0.5 + 1e-6, "{clause}");
    near(smallest, outermost(&|ratio| 100.0 * ratio.value, f64::min));
    near(largest, outermost(&|ratio| 100.0 * ratio.value, f64::max));
    let reach = 1e-6;
    assert!(low <= outermost(&ends(0), f64::min).expect("an end") + reach, "{clause}");
    assert!(high >= outermost(&ends(1), f64::max).expect("an end") - reach && low < high, "{clause}");
}

/// A seed that lost nothing leaves no interval, and no conclusion.
#[test]
fn without_an_interval_nothing_is_concluded() {
    let mut rng = ChaCha8Rng::seed_from_u64(6);
    let mut all = study(&mut rng);
    for run in all.cells.iter_mut().filter(|run| run.seed == 0) {
        let clean = run.metrics.test_accuracy.expect("finished");
        let of_tied = |one: &&mut Adaptation| one.bias == "tied" && one.adapting == Adapting::Nothing;
        run.measured.adaptations.iter_mut().filter(of_tied).for_each(|one| one.accuracy = clean);
    }
    let text = render(&all, None).markdown;
    assert!(!answer(&text).contains("untied more") && !answer(&text).contains("untied less"), "{}", answer(&text));
}
