//! Parameters that are stored in fewer bits than they are computed with.

use std::collections::BTreeMap;
use std::time::Duration;

use burn::tensor::{bf16, f16};
use safetensors::SafeTensors;
use untied_redundancy::Finding;
use untied_study::{CellResult, Study};
use untied_trainer::{Checkpoints, Trained, resume};

const CONFIG: &str = r#"
name = "storage"
question = "What becomes of a small step?"
[data]
source = "digits"
[model]
channels = [8, 8]
norm = "batch"
[train]
epochs = 1
batch_size = 64
optimizer = { sgd = { learning_rate = 0.05, momentum = 0.9 } }
save_model = true
[vary]
seeds = 1
"#;

fn run(options: &[&str]) -> (CellResult, BTreeMap<String, Vec<f32>>) {
    let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
    let study = Study::parse(CONFIG, "storage.toml".as_ref(), &options).unwrap_or_else(|error| panic!("{error}"));
    let checkpoints = Checkpoints { last: None, commit: None, every: Duration::MAX, keep: &mut |_| Ok(()) };
    let trained = resume(&study.cells[0].config, checkpoints, &mut |_| {});
    let Trained { result, model } = trained.unwrap_or_else(|error| panic!("{error}"));
    let bytes = model.expect("a model");
    let file = SafeTensors::deserialize(&bytes).expect("a file of tensors");
    let values = |data: &[u8]| {
        data.chunks_exact(4).map(|four| f32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect()
    };
    let tensors = file.tensors().into_iter().map(|(name, tensor)| (name, values(tensor.data()))).collect();
    (result, tensors)
}

fn round(storage: &str, value: f32) -> f32 {
    match storage {
        "bf16" => bf16::from_f32(value).to_f32(),
        "f16" => f16::from_f32(value).to_f32(),
        _ => value,
    }
}

#[test]
fn all_that_learns_is_stored_so_and_running_statistics_are_not() {
    for storage in ["bf16", "f16"] {
        let (result, tensors) = run(&[&format!("train.store_weights={storage}")]);
        let (_, as_computed) = run(&[]);
        let stored = |values: &[f32]| values.iter().all(|&value| round(storage, value).to_bits() == value.to_bits());
        for (name, values) in &tensors {
            assert_eq!(stored(values), !name.contains("running"), "{storage}: {name}");
            assert!(!stored(&as_computed[name]), "{storage}: {name}");
        }
        assert!(result.metrics.test_accuracy.is_some_and(|accuracy| accuracy > 0.5), "{storage}: it learns");
        let certified = |finding: Finding| finding == Finding::Certified;
        let findings = result.redundancy.iter().map(|layer| layer.certificate.as_ref().expect("a certificate").finding);
        assert!(findings.into_iter().all(certified), "{storage}: sums are computed in f32");
    }
}

/// A step of less than half the distance to the next number is lost.
#[test]
fn steps_that_are_too_small_are_lost() {
    let small = "train.optimizer={sgd={learning_rate=1e-6}}";
    let weights = |options: &[&str]| run(options).1.remove("block1.convolution.weight").expect("a weight");
    for storage in ["bf16", "f16"] {
        let store = format!("train.store_weights={storage}");
        let [start, end] = ["{sgd={learning_rate=1e-30}}", "{sgd={learning_rate=1e-6}}"]
            .map(|optimizer| weights(&[&store, &format!("train.optimizer={optimizer}")]));
        let large = |index: &usize| start[*index].abs() > 0.01;
        let indices: Vec<usize> = (0..start.len()).filter(large).collect();
        assert!(indices.len() > 50 && indices.iter().all(|&index| start[index] == end[index]), "{storage}");
    }
    assert_ne!(weights(&["train.optimizer={sgd={learning_rate=1e-30}}"]), weights(&[small]), "in f32 none is");
}
