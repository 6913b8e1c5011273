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
    let markdown = render(&results("location_shift_best"), None).markdown.replace('\u{a0}', " ");
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

/// Chance is not a quarter, and equivalent nets that learned nothing are no finding.
#[test]
fn places_are_told_against_the_most_frequent_answer() {
    let position = results("position_border");
    let canvas = |size: u32| json!({"size": size, "jitter": 4, "label": "quadrant"});
    let accuracies = |size: u32, padding: &str, norm: &str, bias: &str| -> Vec<f64> {
        let factors = [
            ("data.canvas", canvas(size)),
            ("model.padding", json!(padding)),
            ("model.bias", json!(bias)),
            ("model.norm", json!(norm)),
        ];
        cells(&position, &factors).iter().map(|run| run.metrics.test_accuracy.expect("finished")).collect()
    };
    let percent =
        |padding: &str, norm: &str, bias: &str| format!("{:.0}", 100.0 * mean(&accuracies(16, padding, norm, bias)));
    let context = [("data.canvas", canvas(16)), ("model.padding", json!("circular")), ("model.norm", json!("batch"))];
    let circular = one(&position.comparisons, "untied", &context);
    assert_eq!(circular.verdict, Verdict::Different);
    let [low, high] = circular.ci95.expect("an interval");
    quotes(&format!(
        "tied biases are right on {} % and nets with untied biases on {} % ({} [{}, {}], different)",
        percent("circular", "batch", "tied"),
        percent("circular", "batch", "untied"),
        signed(circular.mean_difference.expect("pairs"), 3),
        signed(low, 3),
        signed(high, 3)
    ));
    quotes(&format!(
        "{} and {} %, without normalization {} and {} %",
        percent("same", "batch", "tied"),
        percent("same", "batch", "untied"),
        percent("same", "none", "tied"),
        percent("same", "none", "untied")
    ));
    quotes("always giving the most frequent answer is right on 32.5 % of the test images");
    let far = position.comparisons.iter().filter(|one| [canvas(32), canvas(48)].contains(&one.context["data.canvas"]));
    assert_eq!(far.clone().filter(|one| one.verdict == Verdict::Equivalent).count(), 6);
    assert_eq!(far.count(), 8);
    quotes("the six of eight comparisons that are equivalent say no more than that");
}

/// What ten epochs left open, and the README's first figures.
#[test]
fn an_untied_bias_is_said_to_tell_places_far_from_the_border() {
    let long = results("position_long");
    let percent = |padding: &str, bias: &str| {
        let factors = [("model.padding", json!(padding)), ("model.bias", json!(bias))];
        let accuracies = cells(&long, &factors).into_iter().map(|run| run.metrics.test_accuracy.expect("finished"));
        100.0 * mean(&accuracies.collect::<Vec<_>>())
    };
    for padding in ["same", "circular"] {
        assert_eq!(
            [format!("{:.0}", percent(padding, "tied")), format!("{:.1}", percent(padding, "untied"))],
            ["27", "98.6"]
        );
    }
    quotes("98.6 % after 60 epochs, with zero and with circular padding, and nets with tied biases on 27 %");
    let said = |padding: &str| {
        let comparison = one(&long.comparisons, "untied", &[("model.padding", json!(padding))]);
        assert_eq!(comparison.verdict, Verdict::Different);
        let [low, high] = comparison.ci95.expect("an interval").map(|end| signed(end, 3));
        format!("{} [{low}, {high}]", signed(comparison.mean_difference.expect("pairs"), 3))
    };
    quotes(&format!("({} and {}, both different)", said("same"), said("circular")));
    let readme = text("README.md");
    assert!(readme.contains(
        "tied biases 27 % of their answers are right, where the most frequent answer would be right in 32.5 %"
    ));
    assert!(readme.contains("98.6 % are."));
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
    let control = [Verdict::Equivalent, Verdict::Different].map(|one| count("location_shift_control", one));
    assert_eq!(control, [3, 1]);
    quotes("equivalent for all three kinds of pattern");
    assert_eq!([Verdict::Equivalent, Verdict::Different].map(|one| count("before_after", one)), [10, 0]);
    quotes("none of the twelve comparisons with no bias is different; ten are equivalent");
    assert_eq!(count("adam_drift", Verdict::Equivalent), 24);
    quotes("all 24 comparisons with no bias are equivalent");
    assert_eq!(count("adam_drift_remedy", Verdict::Equivalent), 8);
    quotes("Accuracy is equivalent in all 8 comparisons");
    assert_eq!(count("norms_in_accuracy", Verdict::Equivalent), 14);
    quotes("all 14 comparisons with no bias are equivalent");
    assert_eq!(count("lenet1989", Verdict::Equivalent), 8);
    quotes("are equivalent to those with untied ones in all eight comparisons");
    assert_eq!(count("bias_free", Verdict::Equivalent), 5);
    quotes("On clean images all five kinds are equivalent to none at all");
    assert_eq!(count("resnet8_biases", Verdict::Inconclusive), 16);
    quotes("none of the 16 comparisons has a verdict there");
    assert_eq!(count("frozen", Verdict::Equivalent), 4);
    quotes("nets with a tied and with an untied bias are equivalent to nets with none");
    let precise = results("precision").comparisons;
    let of = |dtype: &str, stored: &str| {
        let is =
            |one: &&Comparison| one.treatment["train.dtype"] == dtype && one.treatment["train.store_weights"] == stored;
        let all = precise.iter().filter(is);
        (all.clone().filter(|one| one.verdict == Verdict::Equivalent).count(), all.count())
    };
    assert_eq!([of("f64", "as_computed"), of("f32", "bf16"), of("f32", "f16")], [(16, 16), (7, 16), (8, 16)]);
    quotes("f64 is equivalent to f32 in all 16 comparisons, storage as bf16 in 7 and as f16 in 8 of 16");
    assert_eq!([Verdict::Equivalent, Verdict::Different].map(|one| count("weight_decay", one)), [10, 0]);
    quotes("In accuracy ten of twelve comparisons are equivalent");
    assert_eq!([Verdict::Equivalent, Verdict::Different].map(|one| count("adam_drift_cause", one)), [6, 0]);
    quotes("At the usual momentum all four are equivalent");
}

/// How many of the biases with a redundant part are certified, by variant and layer.
#[test]
fn certificates_are_those_of_the_reports() {
    for (study, certified, said) in [
        ("norm_map", "27 of 30", "27 of the 30 biases with a redundant part are certified"),
        ("norm_map_large", "28 of 30", "Yes for 28 of 30 biases with a redundant part"),
        ("bias_redundancy", "6 of 8", "six of the eight biases are certified"),
        ("bias_redundancy_f32", "6 of 8", "Certificates are those of double precision: six of eight"),
        ("adam_drift", "48 of 48", "All 48 biases are certified"),
        ("precision", "128 of 128", "All 128 biases are certified"),
        ("frozen", "8 of 8", "until then all biases are certified"),
        ("resnet8_biases", "80 of 80", "All 80 biases with a redundant part are certified"),
    ] {
        let report = text(&format!("experiments/{study}/report.md"));
        assert!(report.contains(&format!("**{certified}** are certified")), "{study}");
        quotes(said);
    }
}

/// Without the drift, the test loss of an untied bias at a low momentum is what it was.
#[test]
fn the_drift_is_said_not_to_cause_the_losses() {
    let all = results("adam_drift_cause").comparisons;
    let rate = |one: &&Comparison| one.context["train.optimizer"]["adam"]["learning_rate"] == 0.003;
    let low = |one: &&Comparison| one.context["model.running_momentum"] == 0.003;
    let untied = |one: &&Comparison| one.context["model.bias"] == "untied";
    let found: Vec<&Comparison> = all.iter().filter(rate).filter(low).filter(untied).collect();
    let [one] = found[..] else { panic!("{} comparisons", found.len()) };
    assert_eq!(one.verdict, Verdict::Equivalent);
    quotes(&format!("({}, equivalent within 0.03)", interval(one)));
}

/// Not a million.
#[test]
fn biases_at_work_lie_some_eighty_thousand_times_above_round_off() {
    let shipped = fs::read_dir(root().join("experiments")).expect("experiments/").map(|entry| entry.unwrap().path());
    let smallest = shipped.filter(|folder| folder.join("results.json").is_file()).filter_map(|folder| {
        let text = fs::read_to_string(folder.join("report.md")).expect("a report");
        let said = text.split("Biases at work have gradients of ").nth(1)?.split(" times").next()?.to_owned();
        said.replace("×10⁴", "e4")
            .replace("×10⁵", "e5")
            .replace("×10⁶", "e6")
            .replace("×10¹⁴", "e14")
            .parse::<f64>()
            .ok()
    });
    let smallest = smallest.fold(f64::INFINITY, f64::min);
    assert!((7.5e4..8.5e4).contains(&smallest), "{smallest}");
    assert!(text("README.md").contains("the gradient of a bias at work lies some eighty thousand times above or more"));
}

/// β would do a tied bias's work behind the normalization.
#[test]
fn the_report_of_places_in_a_block_says_that_there_is_no_beta() {
    let report = fs::read_to_string(root().join("experiments/before_after/report.md")).expect("a report");
    assert!(report.contains("The normalizations have no β") && report.contains("\nbeta = false\n"), "{report}");
    let other = fs::read_to_string(root().join("experiments/position_border/report.md")).expect("a report");
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

/// Both rates of the main study, in both precisions.
#[test]
fn the_main_study_is_quoted_at_both_rates() {
    let [double, single] = ["bias_redundancy", "bias_redundancy_f32"].map(results);
    let at = |rate: f64, norm: &str| {
        let optimizer = json!({"sgd": {"learning_rate": rate, "momentum": 0.9}});
        [("train.optimizer", optimizer), ("model.norm", json!(norm))]
    };
    let of = |all: &Results, bias: &str, rate: f64| interval(one(&all.comparisons, bias, &at(rate, "batch")));
    quotes(&format!(
        "by {} at a rate of 0.02 and by {} at 0.05 (margin ±0.01;",
        of(&double, "untied", 0.02),
        of(&double, "untied", 0.05)
    ));
    quotes(&format!(
        "the tied bias at a rate of 0.02 ({}), but not the untied one ({})",
        of(&single, "tied", 0.02),
        of(&single, "untied", 0.02)
    ));
    let count = |all: &Results, norm: &str| {
        let of_norm = all.comparisons.iter().filter(|one| one.context["model.norm"] == norm);
        of_norm.filter(|one| one.verdict == Verdict::Equivalent).count()
    };
    assert_eq!(["batch", "none"].map(|norm| count(&double, norm)), [4, 3]);
    quotes("three of four comparisons are equivalent, and the fourth is inconclusive after 20 seeds");
    assert_eq!(["batch", "none"].map(|norm| count(&single, norm)), [1, 2]);
    quotes("three of eight comparisons of accuracy have a verdict, all equivalent");
    let apart = |all: &Results| {
        let tied = [0.02, 0.05].map(|rate| one(&all.comparisons, "tied", &at(rate, "batch")).max_loss_difference);
        largest(&tied.map(|difference| difference.expect("curves")))
    };
    assert!((4e-13..5.5e-13).contains(&apart(&double)), "{}", apart(&double));
    quotes("coincide to 5·10⁻¹³ at every step");
    assert!((0.0845..0.0855).contains(&apart(&single)), "{}", apart(&single));
    quotes("By up to 0.085 in training loss at some step");
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

/// How many numbers of a bias group norm leaves redundant, behind a convolution and through shortcuts.
#[test]
fn group_norm_is_said_to_leave_the_most_of_resnets_biases() {
    let resnet = results("resnet8_biases");
    let redundant = |net: &str| -> Vec<usize> {
        let factors = [("model.net", json!(net)), ("model.norm", json!({"group": 4})), ("model.bias", json!("tied"))];
        cells(&resnet, &factors)[0].redundancy.iter().map(|layer| layer.predicted_redundant).collect()
    };
    assert_eq!(redundant("resnet8"), [4; 7]);
    assert_eq!(redundant("resnet8_preact"), [0, 4, 0, 4, 2, 4, 4]);
    quotes("4 numbers of a bias are redundant, of 16 to 64");
    quotes("2 of one bias, and none of two");
}
