//! The index of studies and the README quote the shipped results: figures that once were misquoted, computed again.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use untied_report::{recompare, render};
use untied_study::{CellRecord, CompareConfig, Comparison, Metric, Results, Study, Verdict};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A text as one line.
fn text(file: &str) -> String {
    let text = fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn results(study: &str) -> Results {
    let file = root().join("experiments").join(study).join("results.json");
    serde_json::from_str(&fs::read_to_string(file).expect("results")).expect("results")
}

fn quotes(quoted: &str) {
    assert!(text("experiments/README.md").contains(quoted), "experiments/README.md does not say: {quoted}");
}

/// The cells with these factors.
fn cells<'r>(results: &'r Results, factors: &[(&str, Value)]) -> Vec<&'r CellRecord> {
    let has = |run: &&CellRecord| factors.iter().all(|(key, value)| run.factors.get(*key) == Some(value));
    let found: Vec<_> = results.cells.iter().filter(has).collect();
    assert!(!found.is_empty(), "{factors:?}");
    found
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn largest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// What a tied bias recovers when it is tuned, not only by its closed form.
#[test]
fn recovery_is_that_of_tuned_biases_too() {
    let markdown = render(&results("location_shift"), None).markdown.replace('\u{a0}', " ");
    let range = |pattern: &str, bias: &str| {
        let line =
            markdown.lines().find(|line| line.starts_with(&format!("- **{pattern} shift**"))).expect("a sentence");
        let tuned = line.split("**fine-tuned on 1000**").nth(1).expect("tuned").replace(", tied", "|tied");
        let part = tuned.split('|').find(|part| part.trim_start().starts_with(bias)).expect("a bias").to_owned();
        let numbers: Vec<&str> = part.split('%').map(|part| part.rsplit(' ').nth(1).unwrap_or_default()).collect();
        format!("{} to {}", numbers[0], numbers[1])
    };
    let [uniform, smooth, white] = ["Uniform", "Smooth", "White"];
    quotes(&format!(
        "{} % of a strong uniform shift, {} % of a smooth and {} % of a white one, against {}, {} and {} % for an untied one",
        range(uniform, "tied"),
        range(smooth, "tied"),
        range(white, "tied"),
        range(uniform, "untied"),
        range(smooth, "untied"),
        range(white, "untied"),
    ));
    for told in ["50 steps of Adam", "nor a bound on what one recovers"] {
        assert!(markdown.contains(told), "{told}");
    }
}

/// Chance is not a quarter, and some seeds of tied biases are above it.
#[test]
fn places_are_told_against_the_most_frequent_answer() {
    let position = results("position");
    let canvas = json!({"size": 24, "jitter": 4, "label": "quadrant"});
    let accuracies = |bias: &str, norm: &str| -> Vec<f64> {
        let factors = [("data.canvas", canvas.clone()), ("model.bias", json!(bias)), ("model.norm", json!(norm))];
        cells(&position, &factors).iter().map(|run| run.metrics.test_accuracy.expect("finished")).collect()
    };
    let tied = accuracies("tied", "batch");
    let (low, high): (Vec<f64>, Vec<f64>) = tied.iter().partition(|one| **one < 0.4);
    let range = |some: &[f64]| format!("{:.2} to {:.2}", some.iter().copied().fold(1.0, f64::min), largest(some));
    assert_eq!((low.len(), high.len()), (7, 3));
    quotes(&format!(
        "nets with tied biases reach {:.2} (seven of ten seeds {}, three {}) and nets with untied biases {:.2}",
        mean(&tied),
        range(&low),
        range(&high),
        mean(&accuracies("untied", "batch"))
    ));
    quotes(&format!("{:.2} against {:.2}", mean(&accuracies("untied", "none")), mean(&accuracies("tied", "none"))));
    // Without normalization most nets give one answer throughout.
    let constant = accuracies("tied", "none").iter().filter(|one| (**one - 0.325).abs() < 1e-9).count();
    assert!(constant >= 5, "{constant}");
    quotes("always giving the most frequent answer is right on 32.5 % of the test images");
}

#[test]
fn lags_are_those_at_the_end_and_at_most() {
    let harm = results("adam_drift_harm");
    let optimizer = harm.cells.iter().map(|run| &run.factors["train.optimizer"]);
    let fast = optimizer.into_iter().find(|one| one["adam"]["learning_rate"] == 0.3).expect("0.3").clone();
    let factors = [("model.bias", json!("tied")), ("model.running_momentum", json!(0.003)), ("train.optimizer", fast)];
    let norm = |lags: Vec<f64>| lags.iter().map(|lag| lag * lag).sum::<f64>().sqrt();
    let lags = |run: &&CellRecord| -> Vec<f64> {
        let steps = run.redundancy[0].drift.running_mean_lag.len();
        let at = |step: usize| norm(run.redundancy.iter().map(|layer| layer.drift.running_mean_lag[step]).collect());
        (0..steps).map(at).collect()
    };
    let seeds: Vec<Vec<f64>> = cells(&harm, &factors).iter().map(lags).collect();
    let last: Vec<f64> = seeds.iter().map(|lags| *lags.last().expect("a step")).collect();
    let most: Vec<f64> = seeds.iter().map(|lags| largest(lags)).collect();
    quotes(&format!(
        "the running mean lags by {:.1} at the end and by {:.1} at most (means over seeds; worst seed {:.1})",
        mean(&last),
        mean(&most),
        largest(&most)
    ));
}

#[test]
fn counts_of_verdicts_are_those_of_the_results() {
    let count =
        |study: &str, verdict: Verdict| results(study).comparisons.iter().filter(|one| one.verdict == verdict).count();
    assert_eq!([Verdict::Equivalent, Verdict::Different].map(|one| count("capacity_control", one)), [1, 1]);
    quotes("The other four of six comparisons are inconclusive");
    assert_eq!(count("location_shift_control", Verdict::Equivalent), 1);
    quotes("one of six comparisons is equivalent, five are inconclusive");
    assert_eq!([Verdict::Equivalent, Verdict::Different].map(|one| count("before_after", one)), [10, 0]);
    quotes("none of the twelve comparisons with no bias is different; ten are equivalent");
    assert_eq!(count("adam_drift", Verdict::Equivalent), 24);
    quotes("all 24 comparisons with no bias are equivalent");
    assert_eq!(count("adam_drift_remedy", Verdict::Equivalent), 8);
    quotes("Accuracy is equivalent in all 8 comparisons");
}

/// Not a million.
#[test]
fn biases_at_work_lie_some_half_a_million_times_above_round_off() {
    let shipped = fs::read_dir(root().join("experiments")).expect("experiments/").map(|entry| entry.unwrap().path());
    let smallest = shipped.filter(|folder| folder.join("results.json").is_file()).filter_map(|folder| {
        let text = fs::read_to_string(folder.join("report.md")).expect("a report");
        let said = text.split("Biases at work have gradients of ").nth(1)?.split(" times").next()?.to_owned();
        said.replace("×10⁵", "e5").replace("×10⁶", "e6").replace("×10¹⁴", "e14").parse::<f64>().ok()
    });
    let smallest = smallest.fold(f64::INFINITY, f64::min);
    assert!((4.5e5..5.5e5).contains(&smallest), "{smallest}");
    assert!(text("README.md").contains("the gradient of a bias at work lies some half a million times above or more"));
}

/// β would do a tied bias's work behind the normalization.
#[test]
fn the_report_of_places_in_a_block_says_that_there_is_no_beta() {
    let report = fs::read_to_string(root().join("experiments/before_after/report.md")).expect("a report");
    assert!(report.contains("The normalizations have no β") && report.contains("\nbeta = false\n"), "{report}");
    let other = fs::read_to_string(root().join("experiments/position/report.md")).expect("a report");
    assert!(!other.contains("The normalizations have no β"));
}

/// The comparisons of a study by another metric than its config's: what the index says of losses.
fn by(study: &str, metric: Metric) -> Vec<Comparison> {
    let config = root().join("experiments").join(study).join("config.toml");
    let compare = Study::load(&config, &[]).expect("a config").compare.expect("a comparison");
    recompare(&results(study), &CompareConfig { metric, ..compare })
}

/// The one comparison of a kind of bias in a context.
fn one<'c>(all: &'c [Comparison], bias: &str, context: &[(&str, Value)]) -> &'c Comparison {
    let is = |one: &&Comparison| {
        one.treatment["model.bias"] == bias && context.iter().all(|(key, value)| one.context.get(*key) == Some(value))
    };
    let mut found = all.iter().filter(is);
    match (found.next(), found.next()) {
        (Some(one), None) => one,
        _ => panic!("{bias}, {context:?}: not one comparison"),
    }
}

/// `3·10⁻⁵`, or `0.66` where that is no smaller than 0.01.
fn p(p: Option<f64>) -> String {
    let p = p.expect("a test");
    if p >= 0.005 {
        return format!("{p:.2}");
    }
    let exponent = p.log10().floor() as i32;
    let digits: String = (-exponent)
        .to_string()
        .bytes()
        .map(|digit| ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][usize::from(digit - b'0')])
        .collect();
    format!("{:.0}·10⁻{digits}", p / 10f64.powi(exponent))
}

fn signed(value: f64, digits: usize) -> String {
    let sign = if value < 0.0 { '−' } else { '+' };
    format!("{sign}{:.digits$}", value.abs())
}

/// `−0.0020 [−0.0070, +0.0030]`, with four digits, zero without a sign.
fn interval(one: &Comparison) -> String {
    let [low, high] = one.ci95.expect("an interval");
    let end = |end: f64| if end.abs() < 5e-5 { "0.0000".to_owned() } else { signed(end, 4) };
    format!("{} [{}, {}]", signed(one.mean_difference.expect("pairs"), 4), end(low), end(high))
}

/// The rate of the main study was changed after a first, inconclusive run: the index says so beside the results of the second.
#[test]
fn the_main_study_is_said_to_be_a_second_run() {
    let [single, double] = ["bias_redundancy", "bias_redundancy_f64"].map(results);
    assert!(single.config.as_deref().is_some_and(|config| config.contains("learning_rate = 0.02")));
    let batch = [("model.norm", json!("batch"))];
    let of = |all: &Results, bias: &str| interval(one(&all.comparisons, bias, &batch));
    quotes(&format!("accuracy is equivalent to none at all ({}, margin ±0.01)", of(&single, "tied")));
    quotes(&format!("its accuracy differs by {}, which is inconclusive", of(&single, "untied")));
    quotes(&format!("have {}, which is equivalent (next study)", of(&double, "untied")));
    let verdict =
        |all: &Results, bias: &str, norm: &str| one(&all.comparisons, bias, &[("model.norm", json!(norm))]).verdict;
    assert_eq!(verdict(&single, "untied", "batch"), Verdict::Inconclusive);
    for (all, bias, norm) in [
        (&single, "tied", "batch"),
        (&single, "tied", "none"),
        (&single, "untied", "none"),
        (&double, "untied", "batch"),
    ] {
        assert_eq!(verdict(all, bias, norm), Verdict::Equivalent, "{bias}, {norm}");
    }
    quotes("without batch norm, too, both kinds of bias are equivalent to none");
    quotes(
        "This is its second run. The first one, at learning rate 0.05 with the same margin and seeds, had four inconclusive",
    );
    quotes("the rate was then lowered to 0.02. The margin stayed.");
}

#[test]
fn losses_of_the_main_study_are_quoted_with_their_p_values() {
    let all = by("bias_redundancy", Metric::TrainLoss);
    let batch = [("model.norm", json!("batch"))];
    let [untied, tied] = ["untied", "tied"].map(|bias| one(&all, bias, &batch));
    quotes(&format!(
        "behind batch norm as well (by {:.4}, p = {}) and a tied one does not (by {:.4}, p = {}; neither adjusted)",
        -untied.mean_difference.unwrap(),
        p(untied.t_p),
        -tied.mean_difference.unwrap(),
        p(tied.t_p)
    ));
}

/// "Does it hurt? At none" was said of accuracy alone, beside test losses that say otherwise.
#[test]
fn harm_in_test_loss_is_quoted_in_both_directions() {
    let harm = results("adam_drift_harm");
    let all = by("adam_drift_harm", Metric::TestLoss);
    let at = |rate: f64| {
        let optimizer = all.iter().map(|one| &one.context["train.optimizer"]);
        let optimizer = optimizer.into_iter().find(|one| one["adam"]["learning_rate"] == rate).expect("a rate").clone();
        let context = [("train.optimizer", optimizer), ("model.running_momentum", json!(0.003))];
        let without = cells(&harm, &[context.as_slice(), &[("model.bias", json!("none"))]].concat());
        let loss = mean(&without.iter().map(|run| run.metrics.test_loss.unwrap()).collect::<Vec<_>>());
        (one(&all, "untied", &context), loss)
    };
    let ((worse, low), (better, high)) = (at(0.003), at(0.03));
    quotes(&format!(
        "at a momentum of 0.003 an untied bias *raises* it by {:.3} of {low:.3} at a rate of 0.003 (p = {}), though its \
         training loss is lower, and lowers it by {:.2} of {high:.2} at a rate of 0.03 (p = {})",
        worse.mean_difference.unwrap(),
        p(worse.t_p),
        -better.mean_difference.unwrap(),
        p(better.t_p)
    ));
    let of_training = by("adam_drift_harm", Metric::TrainLoss);
    let same = of_training.iter().find(|one| (&one.context, &one.treatment) == (&worse.context, &worse.treatment));
    assert!(same.and_then(|one| one.ci95).is_some_and(|[_, high]| high < 0.0));
    // Of the nine with untied biases: one equivalent, two in favour before adjustment.
    let untied = harm.comparisons.iter().filter(|one| one.treatment["model.bias"] == "untied");
    let equivalent = untied.clone().filter(|one| one.verdict == Verdict::Equivalent).count();
    let in_favour: Vec<String> = untied
        .filter(|one| one.verdict == Verdict::Inconclusive && one.ci95.is_some_and(|[low, _]| low > 0.0))
        .map(|one| {
            let [low, high] = one.ci95.unwrap().map(|end| signed(end, 3));
            format!("{} [{low}, {high}]", signed(one.mean_difference.unwrap(), 3))
        })
        .collect();
    assert_eq!((equivalent, in_favour.len()), (1, 2));
    quotes(&format!("both at a rate of 0.03 ({})", in_favour.join(" and ")));
}

#[test]
fn losses_under_adam_are_quoted_as_ranges_over_every_setting() {
    let drift = results("adam_drift");
    let range = |metric: Metric| {
        let all = by("adam_drift", metric);
        let adam = all.iter().filter(|one| {
            one.treatment["model.bias"] == "untied" && one.context["train.optimizer"].get("sgd").is_none()
        });
        let lowered: Vec<f64> = adam
            .map(|one| {
                assert!(one.ci95.is_some_and(|[_, high]| high < 0.0), "{one:?}");
                -one.mean_difference.unwrap()
            })
            .collect();
        assert_eq!(lowered.len(), 8);
        let mut without: Vec<f64> = Vec::new();
        for setting in all.iter().filter(|one| one.context["train.optimizer"].get("sgd").is_none()) {
            let context = setting.context.iter().map(|(key, value)| (key.as_str(), value.clone()));
            let factors: Vec<(&str, Value)> = context.chain([("model.bias", json!("none"))]).collect();
            let losses = cells(&drift, &factors).iter().map(|run| run.metrics.get(metric).unwrap()).collect::<Vec<_>>();
            without.push(mean(&losses));
        }
        let ends = |values: &[f64]| {
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            format!("{low:.3} to {:.3}", largest(values))
        };
        format!("(by {}, of {})", ends(&lowered), ends(&without))
    };
    quotes(&format!(
        "lowers the test loss {} and the training loss {} in every setting, before adjustment",
        range(Metric::TestLoss),
        range(Metric::TrainLoss)
    ));
}
