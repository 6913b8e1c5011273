//! Batch norm's statistics after training, noise on test images, and nets without additive constants.

use untied_study::{CellConfig, CellResult, Noisy, Study};
use untied_trainer::train;

const CONFIG: &str = r#"
name = "statistics"
question = "What do running averages decide?"
[data]
source = "digits"
[model]
channels = [8, 8]
norm = "batch"
[train]
epochs = 2
batch_size = 64
optimizer = { sgd = { learning_rate = 0.05, momentum = 0.9 } }
[vary]
seeds = 1
"#;

fn config(options: &[&str]) -> CellConfig {
    let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
    let study = Study::parse(CONFIG, "statistics.toml".as_ref(), &options).unwrap_or_else(|error| panic!("{error}"));
    study.cells[0].config.clone()
}

fn run(options: &[&str]) -> CellResult {
    train(&config(options), &mut |_| {}).unwrap_or_else(|error| panic!("{error}"))
}

/// With a momentum so small that running statistics stay near where they started, evaluation is spoilt, unless they are
/// estimated again; what was trained is the same.
#[test]
fn statistics_that_lag_are_estimated_again() {
    let lagging = "model.running_momentum=1e-6";
    let variants = [&[][..], &[lagging], &[lagging, "train.reestimate_statistics=true"]];
    let [plain, lags, again] = variants.map(|options| run(&[options, &["train.epochs=6"]].concat()));
    assert_eq!(lags.step_losses, again.step_losses);
    assert_eq!(lags.curves, again.curves, "curves are by the running statistics");
    let loss = |result: &CellResult| result.metrics.test_loss.unwrap();
    assert!(loss(&lags) > 1.5 * loss(&plain), "{} {}", loss(&lags), loss(&plain));
    assert!(loss(&again) < 1.1 * loss(&plain), "{} {}", loss(&again), loss(&plain));
    let right = again.answers.of(again.test_images).unwrap().filter(|&right| right).count();
    assert_eq!(Some(right as f64 / again.test_images as f64), again.metrics.test_accuracy, "of the same statistics");
}

/// The mean over batches of what batch norm sees of each: two layers of it, the second of which sees what the first makes
/// of a batch by the batch's own statistics. So does a step of training whose statistics weigh the newest batch alone, if
/// there is one batch.
#[test]
fn of_a_single_batch_they_are_those_of_the_batch() {
    let single =
        ["train.batch_size=1437", "train.epochs=1", "train.optimizer={sgd={learning_rate=1e-30}}", "train.dtype=f64"];
    let newest = run(&[&single[..], &["model.running_momentum=1"]].concat());
    let again = run(&[&single[..], &["train.reestimate_statistics=true"]].concat());
    let loss = |result: &CellResult| result.metrics.test_loss.unwrap();
    assert!((loss(&newest) - loss(&again)).abs() < 1e-12, "{} {}", loss(&newest), loss(&again));
    assert!((loss(&newest) - loss(&run(&single))).abs() > 1e-3, "and not the running ones");
}

#[test]
fn without_running_statistics_nothing_is_estimated() {
    for norm in ["model.norm=none", "model.norm=layer"] {
        let [plain, again] = [run(&[norm]), run(&[norm, "train.reestimate_statistics=true"])];
        assert_eq!((plain.metrics, plain.answers), (again.metrics, again.answers), "{norm}");
    }
}

#[test]
fn the_more_noise_the_fewer_right_and_the_same_noise_for_all_variants() {
    let noisy = |options: &[&str]| run(&[options, &["measure.noise=[1e-9, 0.5, 2]"]].concat());
    let one = noisy(&[]);
    let Noisy { accuracy, loss, .. } = one.measured.noisy[0];
    assert_eq!(Some(accuracy), one.metrics.test_accuracy, "hardly any noise");
    assert!((loss - one.metrics.test_loss.unwrap()).abs() < 1e-6);
    let accuracies: Vec<f64> = one.measured.noisy.iter().map(|one| one.accuracy).collect();
    assert!(accuracies[0] > accuracies[1] && accuracies[1] > accuracies[2] + 0.1, "{accuracies:?}");
    // A bias that stays zero makes another variant of the same function.
    let still = "train.optimizer={sgd={learning_rate=1e-30}}";
    let [none, untied] = ["none", "untied"].map(|bias| noisy(&[still, &format!("model.bias={bias}")]).measured.noisy);
    assert_eq!(none, untied);
    assert_ne!(none, noisy(&[still, "model.bias=none", "vary.seeds=[1]"]).measured.noisy, "another seed");
}

/// Without any additive constant, scores are homogeneous in the image: f(s·x) = s·f(x) for s > 0, so that such a net tells
/// an image and its negative twin of another scale alike. Here: no tensor of the model is a constant that is added.
#[test]
fn a_net_can_do_without_any_additive_constant() {
    let free = ["model.norm=none", "model.bias=none", "model.head_bias=false"];
    let count = |options: &[&str]| run(options).parameters.total;
    assert_eq!(count(&free), 9 * 8 + 9 * 8 * 8 + 8 * 2 * 2 * 10);
    assert_eq!(count(&free[..2]), count(&free) + 10);
    let accuracy = run(&[&free[..], &["train.epochs=6"]].concat()).metrics.test_accuracy.unwrap();
    assert!(accuracy > 0.8, "{accuracy}");
}
