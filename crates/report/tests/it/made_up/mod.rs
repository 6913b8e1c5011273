//! Made-up results: plausible numbers from a fixed generator, so that every run gives the same ones.
#![allow(dead_code, reason = "the tests and the examples use a part each")]

use serde_json::{Value, json};
use untied_redundancy::Finding;
use untied_report::compare;
use untied_study::{
    CellRecord, CellResult, CertificateRecord, CompareConfig, Curves, Drift, Factors, LayerRedundancy, Measured,
    Metric, Metrics, Over, Parameters, Results, SCHEMA, Status,
};

mod measured;
#[allow(unused_imports, reason = "the tests and the examples use a part each")]
pub(crate) use measured::{adam_drift, location_shift, norm_map, position, unadapted};

/// A number in [-1, 1] that depends on nothing but its arguments (`SplitMix64`).
pub(crate) fn noise(stream: u64, index: u64) -> f64 {
    let mut z = stream.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(index.wrapping_mul(0xD1B5_4A32_D192_ED03));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}

pub(crate) fn factors(pairs: &[(&str, Value)]) -> Factors {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect()
}

pub(crate) fn baseline() -> CompareConfig {
    CompareConfig {
        metric: Metric::TestAccuracy,
        baseline: factors(&[("model.bias", json!("none"))]),
        margin: 0.01,
        over: Over::Seeds,
    }
}

/// A finished run whose accuracy is `gain` above that of the seed.
pub(crate) fn cell(factors: Factors, seed: u64, gain: f64, epochs: usize) -> CellRecord {
    let accuracy = (0.8712 + 0.004 * noise(1, seed) + gain) * 1000.0;
    let loss = |epoch: usize| 0.38 + 0.55 * (-(epoch as f64)).exp() + 0.01 * noise(2, seed) - gain;
    let result = CellResult {
        status: Status::Finished,
        metrics: Metrics {
            test_accuracy: Some(accuracy.round() / 1000.0),
            test_loss: Some(loss(epochs) + 0.03),
            train_loss: Some(loss(epochs)),
            ..Metrics::default()
        },
        parameters: Parameters { total: 20_490, bias: 0 },
        epochs,
        steps: 78 * epochs,
        test_images: 1000,
        largest_class: Some(0.1),
        train_seconds: 4.0,
        images_per_second: 6100.0 + 90.0 * noise(3, seed),
        curves: Curves {
            train_loss: (1..=epochs).map(loss).collect(),
            test_loss: (1..=epochs).map(|epoch| loss(epoch) + 0.03 + 0.004 * noise(4, seed)).collect(),
            test_accuracy: (1..=epochs).map(|epoch| 0.9 - loss(epoch) / 10.0).collect(),
            ..Curves::default()
        },
        ..CellResult::default()
    };
    CellRecord { id: format!("cell-{seed}"), factors, seed, result }
}

/// A layer whose worst set is 1.5 times as far from round-off as the whole redundant part.
pub(crate) fn layer(name: &str, bias: usize, predicted: usize, gradient: f64, redundant: f64) -> LayerRedundancy {
    LayerRedundancy {
        layer: name.into(),
        frozen: false,
        predicted_redundant: predicted,
        bias_parameters: bias,
        gradient_norm: gradient,
        redundant_gradient_norm: redundant,
        round_off: 3.1e-8,
        bias_norm: 0.4,
        redundant_bias_norm: 0.1,
        certificate: Some(certificate(predicted, 0, 1.5 * redundant / 3.1e-8)),
        drift: Drift::default(),
    }
}

pub(crate) fn certificate(sets: usize, without_evidence: usize, worst_ratio: f64) -> CertificateRecord {
    let path = if sets == 0 { "at work in block1.activation" } else { "removed by block1.norm" };
    CertificateRecord {
        finding: Finding::of(sets, without_evidence, worst_ratio),
        worst_ratio: (sets > 0).then_some(worst_ratio),
        sets,
        sets_without_evidence: without_evidence,
        path: path.into(),
    }
}

/// The results of the cells, compared; every step's loss is the last epoch's.
pub(crate) fn results(study: &str, question: &str, cells: Vec<CellRecord>, config: &CompareConfig) -> Results {
    let steps: Vec<Option<Vec<f64>>> =
        cells.iter().map(|cell| (cell.status == Status::Finished).then(|| cell.curves.train_loss.clone())).collect();
    let comparisons = compare(&cells, &steps, config);
    Results {
        schema: SCHEMA,
        study: study.into(),
        question: question.into(),
        device: "flex".into(),
        dtype: "f32".into(),
        cells,
        comparisons,
        sequential: None,
        config: None,
        provenance: Vec::new(),
    }
}

/// Bias × norm, as in the shipped study: 6 variants, 2 layers, 5 epochs.
pub(crate) fn bias_redundancy(seeds: u64) -> Results {
    let mut cells = Vec::new();
    for norm in ["none", "batch"] {
        for bias in ["none", "tied", "untied"] {
            for seed in 0..seeds {
                cells.push(bias_cell(norm, bias, seed));
            }
        }
    }
    results("bias_redundancy", "Does a convolution's bias matter when batch norm follows it?", cells, &baseline())
}

fn bias_cell(norm: &str, bias: &str, seed: u64) -> CellRecord {
    let own = 0.0025 * noise(10, seed);
    let gain = match (norm, bias) {
        ("none", "none") => -0.014,
        ("none", "tied") => -0.012 + own,
        ("none", _) => -0.006 + own,
        (_, "untied") => 0.0085 + 2.0 * own,
        _ => 0.004,
    };
    let mut cell = cell(factors(&[("model.bias", json!(bias)), ("model.norm", json!(norm))]), seed, gain, 5);
    cell.id = format!("bias_redundancy-{bias}-{norm}-{seed}");
    let wobble = 1.0 + 0.3 * noise(11, seed);
    let (sizes, centred) = (
        match bias {
            "tied" => [16, 32],
            _ => [16 * 784, 32 * 196],
        },
        norm == "batch",
    );
    if bias != "none" {
        cell.parameters = Parameters { total: 20_490 + sizes.iter().sum::<usize>(), bias: sizes.iter().sum() };
        let predicted = |channels| if centred { channels } else { 0 };
        let work = if centred && bias == "tied" { 1.1e-8 } else { 0.02 };
        let redundant = if centred { 1.1e-8 * wobble } else { 0.0 };
        cell.redundancy = vec![
            layer("block1", sizes[0], predicted(16), work * wobble, redundant),
            layer("block2", sizes[1], predicted(32), work * 0.6 * wobble, redundant * 0.5),
        ];
    }
    cell
}

/// The same cell, unfinished.
pub(crate) fn unfinished(cell: CellRecord, status: Status, reason: Option<&str>) -> CellRecord {
    let result = CellResult {
        status,
        reason: reason.map(Into::into),
        metrics: Metrics::default(),
        redundancy: Vec::new(),
        curves: Curves::default(),
        measured: Measured::default(),
        ..cell.result
    };
    CellRecord { result, ..cell }
}

/// Two variants, three seeds, one of them short of a run.
pub(crate) fn small() -> Results {
    let cells = ["none", "tied"]
        .into_iter()
        .flat_map(|bias| (0..3).map(move |seed| bias_cell("batch", bias, seed)))
        .map(|mut cell| {
            cell.factors.remove("model.norm");
            if cell.seed == 2 && cell.factors["model.bias"] == "tied" {
                return unfinished(cell, Status::Failed, Some("worker exited with signal 9"));
            }
            cell
        })
        .collect();
    results("small", "Is a tied bias | redundant?", cells, &baseline())
}

/// Twelve variants with long names and every way to fail.
pub(crate) fn troubled() -> Results {
    let biases = [json!("none"), json!("tied"), json!({"untied_along": [0, 1]}), json!("untied")];
    let mut cells = Vec::new();
    for norm in [json!("batch_per_activation"), json!("none"), json!({"group": 4})] {
        for (index, bias) in biases.iter().enumerate() {
            for seed in 0..4 {
                let keys =
                    [("model.bias", bias.clone()), ("model.norm", norm.clone()), ("train.batch_size", json!(64))];
                let run = cell(factors(&keys), seed, index as f64 * 0.012 + 0.01 * noise(20 + index as u64, seed), 12);
                cells.push(match (norm == "none", index, seed) {
                    (true, 1, 0 | 1) => unfinished(run, Status::Diverged, Some("loss NaN at epoch 2, step 131")),
                    (true, 1, 2) => unfinished(run, Status::Failed, Some("worker panicked: <out of memory> & more")),
                    (true, 3, _) => unfinished(run, Status::Missing, None),
                    _ => run,
                });
            }
        }
    }
    for run in &mut cells {
        if run.status == Status::Finished && run.factors["model.bias"] != "none" {
            run.redundancy = vec![
                layer("block1", 16, 16, 4e-6, 2.5e-6 * (1.0 + noise(30, run.seed))),
                layer("block2", 32, 0, 0.0, 0.0),
            ];
        }
    }
    results(
        "shift_robustness_with_a_rather_long_name",
        "Which bias undoes a shift of its input, <and> at what cost?",
        cells,
        &baseline(),
    )
}

/// Optimizer × bias before batch norm: one optimizer walks, the other stays at rounding.
pub(crate) fn drifting() -> Results {
    let mut cells = Vec::new();
    for (optimizer, pace) in
        [(json!({"sgd": {"learning_rate": 0.05}}), 1e-10), (json!({"adam": {"learning_rate": 0.003}}), 1e-4)]
    {
        for bias in ["none", "tied", "untied"] {
            for seed in 0..4 {
                let factors = factors(&[("train.optimizer", optimizer.clone()), ("model.bias", json!(bias))]);
                let mut run = cell(factors, seed, 0.0, 5);
                if bias != "none" {
                    run.redundancy =
                        vec![LayerRedundancy { drift: drift(pace, seed), ..layer("block1", 16, 16, 4e-6, 2.5e-8) }];
                }
                cells.push(run);
            }
        }
    }
    results("adam_drift", "How far does rounding carry a bias?", cells, &baseline())
}

/// A walk of random steps: as far as the root of their number.
fn drift(pace: f64, seed: u64) -> Drift {
    let steps: Vec<usize> = (1..=20).map(|point| 20 * point).collect();
    let walk = |share: f64| {
        let norm = |step: &usize| share * pace * (*step as f64).sqrt() * (1.0 + 0.2 * noise(40, seed));
        steps.iter().map(norm).collect::<Vec<f64>>()
    };
    Drift { bias_norm: walk(2.0), redundant_bias_norm: walk(1.0), running_mean_lag: walk(0.1), steps: steps.clone() }
}
