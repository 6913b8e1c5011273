//! The images that `data.validation` holds out decide when a run ends and which epoch counts; test images never do.

use std::time::Duration;

use untied_study::{CellConfig, CellResult, Event, Study, ValidationMetric};
use untied_trainer::{Checkpoints, Trained, TrainedModel, resume};

/// At this rate some epochs are worse than the one before.
const BASE: &str = r#"
name = "validated"
question = "Which epoch counts?"
data = { source = "digits", validation = 0.1 }
model = { channels = [4], bias = "untied" }
train = { epochs = 8, batch_size = 64, optimizer = { sgd = { learning_rate = 0.8 } }, save_model = true }
vary = { seeds = 1 }
"#;

fn config(overrides: &[&str]) -> CellConfig {
    let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
    Study::parse(BASE, "validated.toml".as_ref(), &overrides).unwrap().cells[0].config.clone()
}

fn run(overrides: &[&str]) -> (Trained, Vec<Event>) {
    let mut events = Vec::new();
    let checkpoints = Checkpoints { last: None, commit: None, every: Duration::MAX, keep: &mut |_| Ok(()) };
    let trained = resume(&config(overrides), checkpoints, &mut |event| events.push(event.clone())).unwrap();
    (trained, events)
}

/// The tensors of a model's file, without the config that it was trained by.
fn numbers(trained: &Trained) -> Vec<u8> {
    let bytes = trained.model.clone().expect("train.save_model");
    let count = TrainedModel::read(bytes.as_slice(), bytes.len() as u64).unwrap().numbers();
    bytes[bytes.len() - 4 * count..].to_vec()
}

#[test]
fn the_result_of_the_best_epoch_is_that_of_a_run_that_ends_there() {
    let mut chosen = Vec::new();
    for (name, metric) in [
        ("validation_loss", ValidationMetric::ValidationLoss),
        ("validation_accuracy", ValidationMetric::ValidationAccuracy),
    ] {
        let set = format!("train.best_epoch={name}");
        let (trained, _) = run(&[&set]);
        let result = &trained.result;
        let epoch = result.best_epoch.unwrap();
        assert_eq!((result.epochs, result.curves.best_epoch(metric)), (8, Some(epoch - 1)));
        let (ended, _) = run(&[&format!("train.epochs={epoch}")]);
        assert_eq!(numbers(&trained), numbers(&ended));
        assert_eq!((result.metrics, &result.answers), (ended.result.metrics, &ended.result.answers));
        chosen.push(epoch);
    }
    assert!(chosen.iter().any(|&epoch| epoch < 8), "an epoch before the last: {chosen:?}");
    let (last, _) = run(&[]);
    assert_eq!(last.result.best_epoch, None);
    assert_eq!(last.result.metrics.validation_loss, last.result.curves.validation_loss.last().copied());
}

#[test]
fn a_run_ends_where_the_validation_images_show_no_improvement() {
    let (trained, events) = run(&["train.early_stopping={patience=2,min_improvement=0.01}"]);
    let CellResult { epochs, curves, metrics, .. } = trained.result;
    let losses = &curves.validation_loss;
    let (mut best, mut since) = (f64::INFINITY, 0);
    let end = losses.iter().position(|&loss| {
        (best, since) = if loss < best - 0.01 { (loss, 0) } else { (best, since + 1) };
        since == 2
    });
    assert_eq!((Some(epochs - 1), losses.len()), (end, epochs), "{losses:?}");
    assert!(epochs < 8 && events.contains(&Event::Stopped { epoch: epochs }), "{losses:?}");
    assert_eq!(metrics.test_loss, curves.test_loss.last().copied());
}

#[test]
fn test_images_decide_nothing() {
    let set = ["train.best_epoch=validation_loss", "train.early_stopping={patience=2}"];
    let of = |test: &str| run(&[&set[..], &[test]].concat()).0;
    let (few, many) = (of("data.limit={test=20}"), of("data.limit={test=200}"));
    assert_ne!(few.result.curves.test_loss, many.result.curves.test_loss);
    assert_eq!(few.result.best_epoch, many.result.best_epoch);
    assert_eq!(few.result.curves.validation_loss, many.result.curves.validation_loss);
    assert_eq!((few.result.step_losses.clone(), numbers(&few)), (many.result.step_losses.clone(), numbers(&many)));
}
