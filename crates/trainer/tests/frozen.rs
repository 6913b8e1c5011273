//! Training with batch norm that is frozen from an epoch on: what was redundant is at work.

use untied_redundancy::Finding;
use untied_study::{CellConfig, CellResult, LayerRedundancy, Study};
use untied_trainer::{Checkpoints, Trained, TrainedModel, explain, resume, strip, train};

const CONFIG: &str = r#"
name = "frozen"
question = "Is a bias before a frozen batch norm at work?"
[data]
source = "digits"
[model]
channels = [8, 8]
norm = "batch"
[train]
epochs = 3
batch_size = 64
optimizer = { sgd = { learning_rate = 0.05, momentum = 0.9 } }
[vary]
seeds = 1
"#;

const FREEZE: &str = "train.freeze_norm={after=1}";

fn config(options: &[&str]) -> CellConfig {
    let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
    let study = Study::parse(CONFIG, "frozen.toml".as_ref(), &options).unwrap_or_else(|error| panic!("{error}"));
    study.cells[0].config.clone()
}

fn run(options: &[&str]) -> CellResult {
    train(&config(options), &mut |_| {}).unwrap_or_else(|error| panic!("{error}"))
}

fn ratio(layer: &LayerRedundancy) -> f64 {
    layer.redundant_gradient_norm / layer.round_off
}

/// With a running mean of 0 and variance of 1, γ = 1 and β = 0, as it starts, a frozen batch norm is x/√(1 + ε), so that a net
/// that keeps it so for all of its training is one without a norm: in every step, whatever the optimizer does to what it may
/// change.
#[test]
fn frozen_as_it_starts_it_is_no_norm_in_any_step() {
    let exact = ["train.dtype=f64", "model.epsilon=1e-14", "model.bias=untied", "train.epochs=2"];
    for optimizer in ["{sgd={learning_rate=0.05,momentum=0.9,weight_decay=0.01}}", "{adamw={learning_rate=0.001}}"] {
        let optimizer = format!("train.optimizer={optimizer}");
        // As it decays what is learned: γ, which no other net has.
        let exact = [&exact[..], &[&optimizer, "train.freeze_norm={after=0}"]].concat();
        let [frozen, none] =
            ["batch", "none"].map(|norm| run(&[&exact[..], &[&format!("model.norm={norm}")]].concat()));
        let differs = |(a, b): (&f64, &f64)| (a - b).abs() > 1e-9;
        assert_eq!(frozen.step_losses.iter().zip(&none.step_losses).position(differs), None, "{optimizer}");
        assert_eq!(frozen.metrics.test_accuracy, none.metrics.test_accuracy);
        let [first, second] = &frozen.redundancy[..] else { panic!("{:?}", frozen.redundancy) };
        assert!(first.frozen && second.frozen && !first.drift.steps.is_empty());
    }
}

#[test]
fn until_then_it_trains_as_ever_and_certificates_are_of_each_part() {
    for bias in ["tied", "untied"] {
        let bias = format!("model.bias={bias}");
        let [never, frozen] = [run(&[&bias]), run(&[&bias, FREEZE])];
        let epoch = never.steps / 3;
        assert_eq!(never.step_losses[..epoch], frozen.step_losses[..epoch]);
        assert_ne!(never.step_losses[epoch], frozen.step_losses[epoch]);
        assert!(never.redundancy.iter().all(|layer| !layer.frozen));
        let [before, after] = [&frozen.redundancy[..2], &frozen.redundancy[2..]];
        assert_eq!((after.len(), after[0].layer.as_str()), (2, "block1"));
        for (before, after) in before.iter().zip(after) {
            let finding = |layer: &LayerRedundancy| layer.certificate.as_ref().map(|record| record.finding);
            assert_eq!((finding(before), finding(after)), (Some(Finding::Certified), Some(Finding::AtWork)), "{bias}");
            assert_eq!([before.predicted_redundant, after.predicted_redundant], [8, 0]);
            assert_eq!([before.frozen, after.frozen], [false, true]);
            assert!(ratio(before) < 32.0 && ratio(after) > 1e4, "{bias}: {} {}", ratio(before), ratio(after));
            assert!(after.redundant_bias_norm > 1e3 * 32.0 * before.round_off, "it has moved: {after:?}");
            let path = &after.certificate.as_ref().expect("a certificate").path;
            assert_eq!(*path, format!("at work in {}.activation", after.layer));
            assert_eq!((before.drift.steps.last(), after.drift.steps.last()), (Some(&frozen.steps), None));
        }
    }
}

#[test]
fn without_batch_norm_nothing_is_frozen() {
    for norm in ["none", "layer", "instance"] {
        let norm = format!("model.norm={norm}");
        let [never, frozen] = [run(&[&norm]), run(&[&norm, FREEZE])];
        assert_eq!((never.step_losses, never.redundancy), (frozen.step_losses, frozen.redundancy), "{norm}");
        assert_eq!(explain(&config(&[&norm, FREEZE])).unwrap().frozen, None);
    }
}

#[test]
fn explain_tells_of_both_parts() {
    let summary = explain(&config(&["model.bias=untied", FREEZE])).unwrap();
    let redundant = |biases: &[untied_trainer::BiasSummary]| -> Vec<(String, usize)> {
        biases.iter().map(|bias| (bias.name.clone(), bias.redundant)).collect()
    };
    let named = |all: &[(&str, usize)]| all.iter().map(|(name, of)| ((*name).to_owned(), *of)).collect::<Vec<_>>();
    let (first, second) = ("block1.convolution.bias", "block2.convolution.bias");
    let beta = ["β of block1.norm", "β of block2.norm"];
    let before = named(&[(first, 8), (beta[0], 0), (second, 8), (beta[1], 0), ("head.bias", 1)]);
    assert_eq!(redundant(&summary.biases), before);
    let frozen = summary.frozen.expect("it is");
    assert_eq!((frozen.after, redundant(&frozen.biases)), (1, named(&[(first, 0), (second, 0), ("head.bias", 1)])));
    assert_eq!(frozen.biases[0].path, "at work in block1.activation");
    assert_eq!(explain(&config(&[])).unwrap().frozen, None);
}

fn trained(options: &[&str]) -> TrainedModel {
    let mut keep = |_: &[u8]| Ok(());
    let checkpoints = Checkpoints { last: None, commit: None, every: std::time::Duration::MAX, keep: &mut keep };
    let config = config(&[options, &["train.save_model=true"]].concat());
    let Trained { model, .. } = resume(&config, checkpoints, &mut |_| {}).unwrap_or_else(|error| panic!("{error}"));
    let bytes = model.expect("a model");
    TrainedModel::read(&bytes[..], bytes.len() as u64).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn strip_leaves_biases_that_are_at_work() {
    let [never, frozen] = [trained(&[]), trained(&[FREEZE])].map(|model| strip(&model).unwrap());
    assert!(never.layers.iter().all(|layer| layer.bias_numbers == [8, 0] && layer.redundant == 8));
    for layer in &frozen.layers {
        assert_eq!((layer.bias_numbers, layer.redundant, layer.removed_norm), ([8, 8], 0, 0.0), "{layer:?}");
        assert!(layer.rest_norm > 1e-3, "{layer:?}");
    }
}

/// Through a frozen batch norm and an unpadded convolution, one value a channel reaches an instance norm: it stays redundant,
/// and the certificate knows by how much rounding grows on the way.
#[test]
fn what_another_norm_removes_stays_redundant_and_certified() {
    let layers = r#"model={layers=[
        {layer="convolution",name="first",channels=4,norm="batch"},
        {layer="convolution",name="second",channels=4,padding="valid",bias="none",norm="instance"},
        {layer="activation"}]}"#;
    for norm in ["batch", "batch_per_activation"] {
        let layers = layers.replace("norm=\"batch\"", &format!("norm=\"{norm}\"")).replace('\n', "");
        let result = run(&[&layers, FREEZE]);
        let [before, after] = &result.redundancy[..] else { panic!("{:?}", result.redundancy) };
        let record = after.certificate.as_ref().expect("a certificate");
        // Of batch norm per activation, a factor for each location makes of one value many.
        let expected = if norm == "batch" { (4, Finding::Certified) } else { (0, Finding::AtWork) };
        assert_eq!((after.predicted_redundant, record.finding), expected, "{norm}: {after:?}");
        assert_eq!((before.predicted_redundant, before.frozen, after.frozen), (4, false, true));
        if norm == "batch" {
            assert_eq!(record.path, "removed by second.norm, through first.norm and second");
            assert!(record.worst_ratio.is_some_and(|worst| worst > 0.0), "{record:?}");
        }
    }
}

/// The model of an epoch before it was frozen is measured as such.
#[test]
fn the_best_epoch_may_be_one_before() {
    let best = ["data.validation=0.2", "train.best_epoch=validation_loss", "measure.jacobian=true", FREEZE];
    let rank = |options: &[&str]| {
        let result = run(&[&best[..], options].concat());
        (
            result.best_epoch,
            result.measured.jacobian.iter().map(|one| (one.predicted_redundant, one.rank)).collect::<Vec<_>>(),
        )
    };
    assert_eq!(rank(&["train.epochs=2", "train.optimizer.sgd.learning_rate=1e-9"]).1, [(0, 8); 2]);
    // The second epoch, by a rate that explodes, is none.
    let rises = "train.schedule={steps={milestones=[1],gamma=1.0}}";
    let (epoch, ranks) = rank(&["train.epochs=2", rises, "train.optimizer.sgd.learning_rate=0.5"]);
    assert_eq!(ranks, if epoch == Some(1) { [(8, 0); 2] } else { [(0, 8); 2] });
}
