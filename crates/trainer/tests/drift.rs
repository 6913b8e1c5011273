//! How optimizers carry the redundant part of a bias along, and what keeps it where it is.

use untied_study::{CellConfig, CellResult, Drift, Study};
use untied_trainer::train;

const BASE: &str = r#"
name = "drift"
question = "Does it move?"
data = { source = "digits" }
model = { channels = [4, 6], bias = "tied", norm = "batch" }
train = { epochs = 2, batch_size = 64, optimizer = { adam = { learning_rate = 0.003 } } }
vary = { seeds = 1 }
"#;

/// Steps of a run: 1437 images in batches of 64, twice.
const STEPS: usize = 44;

fn config(overrides: &[&str]) -> CellConfig {
    let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
    Study::parse(BASE, "drift.toml".as_ref(), &overrides).unwrap().cells[0].config.clone()
}

fn run(overrides: &[&str]) -> CellResult {
    train(&config(overrides), &mut |_| {}).unwrap()
}

fn first(result: &CellResult) -> &Drift {
    &result.redundancy[0].drift
}

fn largest(norms: &[f64]) -> f64 {
    norms.iter().copied().fold(0.0, f64::max)
}

#[test]
fn a_course_has_its_points_and_ends_with_the_run() {
    let result = run(&[]);
    let drift = first(&result);
    assert_eq!(drift.steps, (1..=STEPS).filter(|step| step % 2 == 0).collect::<Vec<_>>());
    let lengths = [&drift.bias_norm, &drift.redundant_bias_norm, &drift.running_mean_lag].map(Vec::len);
    assert_eq!(lengths, [drift.steps.len(); 3]);
    assert_eq!(drift.bias_norm.last(), Some(&result.redundancy[0].bias_norm));
    assert_eq!(drift.redundant_bias_norm.last(), Some(&result.redundancy[0].redundant_bias_norm));
    let unnormalized = run(&["model.norm=none"]);
    assert_eq!(
        (largest(&first(&unnormalized).redundant_bias_norm), first(&unnormalized).running_mean_lag.len()),
        (0.0, 0)
    );
}

#[test]
fn adam_walks_along_rounding_and_sgd_does_not() {
    for dtype in ["train.dtype=f32", "train.dtype=f64"] {
        let adam = run(&[dtype, "train.optimizer={adam={learning_rate=0.003,epsilon=1e-20}}"]);
        assert!(largest(&first(&adam).redundant_bias_norm) > 1e-3, "{:?}", first(&adam));
        assert!(largest(&first(&adam).running_mean_lag) > 1e-4, "{:?}", first(&adam));
        let sgd = run(&[dtype, "train.optimizer={sgd={learning_rate=0.05}}"]);
        assert!(largest(&first(&sgd).redundant_bias_norm) < 1e-5, "{:?}", first(&sgd));
    }
}

#[test]
fn projections_keep_the_redundant_part_at_zero() {
    let zero = |result: &CellResult| largest(&first(result).redundant_bias_norm) == 0.0;
    assert!(zero(&run(&["train.project_redundant=gradient"])));
    assert!(zero(&run(&["train.project_redundant=bias"])));

    // Of an untied bias, rounding to f32 leaves a mean of its own size; Adam's steps along the gradient leave far more.
    let untied = |projection: &str| run(&["model.bias=untied", &format!("train.project_redundant={projection}")]);
    let [kept, gradient, bias] = ["none", "gradient", "bias"].map(untied);
    let redundant = |result: &CellResult| largest(&first(result).redundant_bias_norm);
    assert!(redundant(&bias) < 1e-6 * largest(&first(&bias).bias_norm), "{:?}", first(&bias));
    assert!(redundant(&gradient) > 1e-3 && redundant(&kept) > 1e-3, "{:?} {:?}", first(&gradient), first(&kept));
}

#[test]
fn projections_change_nothing_but_the_redundant_part() {
    let losses = |projection: &str| {
        run(&[
            "train.dtype=f64",
            &format!("train.project_redundant={projection}"),
            "train.optimizer={sgd={learning_rate=0.05}}",
        ])
        .step_losses
    };
    let none = losses("none");
    for projection in ["gradient", "bias"] {
        let largest = none.iter().zip(losses(projection)).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(largest < 1e-12, "{projection}: {largest:e}");
    }
}
