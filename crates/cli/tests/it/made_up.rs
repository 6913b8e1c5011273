//! Results that nothing trained: plausible numbers, the same on every run.

use untied_redundancy::Finding;
use untied_study::{
    Bias, Cell, CellResult, CertificateRecord, Confusion, Curves, Drift, LayerRedundancy, Measured, Metrics,
    Normalization, Parameters, Provenance, Status, StudyFolder,
};

/// Steps between two points of a drift: about 32 of them in a run of five epochs.
const EVERY: usize = 13;

/// 10,000 cells: 1000 variants of 10 seeds.
pub(crate) const LARGE: &str = r#"
name = "large"
question = "Does a grid of 10,000 cells work?"
[data]
source = "fashion-mnist-6k"
[model]
[train]
epochs = 5
batch_size = 64
optimizer = { sgd = { learning_rate = 0.05 } }
[vary]
"model.norm" = ["none", "batch", "layer", "instance", "rms"]
"model.channels" = [[4], [8], [16], [4, 8], [8, 16]]
"train.optimizer.sgd.learning_rate" = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5]
"model.bias" = ["none", "tied", { untied_along = [0] }, "untied"]
seeds = 10
[compare]
baseline = { "model.bias" = "none" }
margin = 0.01
"#;

const STEPS: usize = 78;

/// Writes what training the cell would have left.
pub(crate) fn write(folder: &StudyFolder, cell: &Cell) {
    folder.write_cell(cell).unwrap();
    folder.write_result(cell, &result(cell)).unwrap();
}

/// In [-1, 1], by a few digits of the cell's hash.
fn noise(cell: &Cell, digits: std::ops::Range<usize>) -> f64 {
    let bits = u32::from_str_radix(&cell.hash[digits], 16).unwrap();
    f64::from(bits % 2001) / 1000.0 - 1.0
}

fn result(cell: &Cell) -> CellResult {
    let (own, shared) = (noise(cell, 0..4), (cell.config.seed as f64).sin());
    let gain = match (&cell.config.model.bias, cell.config.model.norm) {
        (Bias::None, Normalization::None) => -0.01,
        (Bias::Untied, _) => 0.01,
        _ => 0.0,
    };
    let accuracy = ((0.87 + gain + 0.004 * shared + 0.002 * own) * 1000.0).round() / 1000.0;
    let epochs = cell.config.train.epochs;
    let loss = |epoch: usize| 0.4 + 0.5 / epoch as f64 - gain + 0.01 * own;
    let curves = Curves {
        train_loss: (1..=epochs).map(loss).collect(),
        test_loss: (1..=epochs).map(|epoch| loss(epoch) + 0.03).collect(),
        test_accuracy: (1..=epochs).map(|epoch| accuracy - 0.05 / epoch as f64).collect(),
        ..Curves::default()
    };
    CellResult {
        status: Status::Finished,
        reason: None,
        metrics: Metrics {
            test_accuracy: Some(accuracy),
            test_loss: Some(loss(epochs) + 0.03),
            train_loss: Some(loss(epochs)),
            ..Metrics::default()
        },
        parameters: Parameters { total: 20_490, bias: 48 },
        epochs,
        best_epoch: None,
        steps: epochs * STEPS,
        test_images: 1000,
        answers: (0..1000).map(|image| image % 9 > 0).collect(),
        confusion: confusion(),
        warnings: Vec::new(),
        largest_class: Some(0.1),
        train_seconds: 4.0,
        images_per_second: 6000.0 + 100.0 * own,
        redundancy: redundancy(cell),
        step_losses: (0..epochs * STEPS).map(|step| loss(1 + step / STEPS) + 0.1 * (step as f64).sin()).collect(),
        curves,
        measured: Measured::default(),
        provenance: Provenance::default(),
    }
}

/// Ten classes of as many images; every ninth is taken for the next class.
fn confusion() -> Confusion {
    let mut confusion = Confusion::new(10);
    (0..1000).for_each(|image| confusion.count(image % 10, (image + usize::from(image % 9 == 0)) % 10));
    confusion
}

fn redundancy(cell: &Cell) -> Vec<LayerRedundancy> {
    if cell.config.model.bias == Bias::None {
        return Vec::new();
    }
    let centred = matches!(cell.config.model.norm, Normalization::Batch | Normalization::Instance);
    let layer = |(index, channels): (usize, &usize)| LayerRedundancy {
        layer: format!("block{}", index + 1),
        frozen: false,
        predicted_redundant: if centred { *channels } else { 0 },
        bias_parameters: *channels,
        gradient_norm: if centred { 1.1e-8 } else { 0.02 } * (1.5 + noise(cell, 4..8)),
        redundant_gradient_norm: if centred { 1.1e-8 * (1.5 + noise(cell, 4..8)) } else { 0.0 },
        round_off: 3.1e-8,
        bias_norm: 0.4,
        redundant_bias_norm: 0.1,
        certificate: Some(certificate(if centred { *channels } else { 0 })),
        drift: drift(cell, centred),
    };
    cell.config.model.channels.iter().enumerate().map(layer).collect()
}

fn certificate(sets: usize) -> CertificateRecord {
    let path = if sets > 0 { "removed by block1.norm" } else { "at work in block1.activation" };
    CertificateRecord {
        finding: Finding::of(sets, 0, 0.9),
        worst_ratio: (sets > 0).then_some(0.9),
        sets,
        sets_without_evidence: 0,
        path: path.into(),
    }
}

fn drift(cell: &Cell, centred: bool) -> Drift {
    let last = cell.config.train.epochs * STEPS;
    let steps: Vec<usize> = (1..=last / EVERY).map(|point| point * EVERY).collect();
    let course = |end: f64| -> Vec<f64> {
        let noise = 1.0 + 0.3 * noise(cell, 8..12);
        steps.iter().map(|&step| end * noise * (step as f64 / last as f64).sqrt()).collect()
    };
    let running = cell.config.model.norm == Normalization::Batch;
    Drift {
        bias_norm: course(0.4),
        redundant_bias_norm: course(if centred { 0.1 } else { 0.0 }),
        running_mean_lag: if running { course(0.01) } else { Vec::new() },
        steps,
    }
}
