//! One cell of a study's grid: a variant and a seed.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use untied_redundancy::NormSpec;

use crate::{DataConfig, Factors, Fault, MeasureConfig, ModelConfig, TrainConfig, factor_label};

/// Longest readable part of a cell's id; with the hash it stays far below a file name's 255 bytes.
const MAX_NAME: usize = 100;

/// Everything that one training run needs; two runs with equal configs give equal results.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellConfig {
    /// `[data]`.
    pub data: DataConfig,
    /// `[model]`.
    pub model: ModelConfig,
    /// `[train]`.
    pub train: TrainConfig,
    /// `[measure]`.
    #[serde(default)]
    pub measure: MeasureConfig,
    /// Seeds the weights and the order of the images.
    pub seed: u64,
}

impl CellConfig {
    /// Whether both train the same, to the same numbers: only what is kept of the run may differ.
    #[must_use]
    pub fn trains_like(&self, other: &Self) -> bool {
        let alike =
            |config: &Self| Self { train: TrainConfig { save_model: false, ..config.train.clone() }, ..config.clone() };
        alike(self) == alike(other)
    }

    /// Checks every value on its own and against the others.
    ///
    /// Kernel against image size, batch against training set: the trainer checks them, which knows the data.
    ///
    /// # Errors
    /// The first value that makes no sense, such as no epochs or a learning rate that is not positive.
    pub fn check(&self) -> Result<(), Fault> {
        let Self { data, model, train, measure, seed: _ } = self;
        data.check()?;
        model.check()?;
        train.check()?;
        check_statistics(model, train.batch_size)?;
        check_validation(data, train)?;
        check_shift(train, measure)?;
        measure.check(data, model)
    }
}

/// One value is its own mean: nothing but β would be left of it. The other norms share statistics over locations too,
/// of which pooling asks for four in `plain`; other nets may have one.
fn check_statistics(model: &ModelConfig, batch_size: usize) -> Result<(), Fault> {
    let specs = model.norm_specs();
    let images = |valid: bool, norm: &str| {
        let expected = format!("2 or more images, for the statistics of {norm}");
        Fault::require(valid || batch_size > 1, "train.batch_size", expected, batch_size)
    };
    images(!specs.iter().any(NormSpec::needs_images), "batch_per_activation")?;
    images(model.is_plain() || !specs.iter().any(|spec| spec.running), "batch norm")
}

/// Shifted images are met with statistics that are estimated again too.
fn check_shift(train: &TrainConfig, measure: &MeasureConfig) -> Result<(), Fault> {
    let (key, expected) = ("train.freeze_norm", "`never` with `measure.shift`, which estimates statistics again");
    Fault::require(train.freeze_norm.after().is_none() || measure.shift.is_none(), key, expected, train.freeze_norm)
}

/// Test images decide nothing while a model is trained.
fn check_validation(data: &DataConfig, train: &TrainConfig) -> Result<(), Fault> {
    for (key, asked) in
        [("train.early_stopping", train.early_stopping.is_some()), ("train.best_epoch", train.best_epoch.is_some())]
    {
        let expected = "`data.validation` beside it, such as 0.1: a share of the training images to judge epochs by";
        Fault::require(!asked || data.validation.is_some(), key, expected, "no `data.validation`")?;
    }
    Ok(())
}

/// One training run of a study.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// `<name>-<hash>`, also the name of its folder.
    pub id: String,
    /// First 16 hex digits of the SHA-256 of the resolved cell's canonical JSON.
    pub hash: String,
    /// The values that set it apart from the other cells, seed aside.
    pub factors: Factors,
    /// Everything that its training run needs.
    pub config: CellConfig,
}

impl Cell {
    pub(crate) fn new(factors: Factors, config: CellConfig, order: &[&str]) -> Self {
        let hash = hash(&config);
        let labels = order.iter().filter_map(|key| factors.get(*key)).map(factor_label);
        let labels: Vec<String> = labels.chain([format!("seed{}", config.seed)]).collect();
        let id = format!("{}-{hash}", file_name(&labels.join("-")));
        Self { id, hash, factors, config }
    }
}

/// Keys younger than some results, with the JSON of their defaults: left out at these, so that cells keep their ids.
const YOUNGER: [(&str, &str, &str); 3] = [
    ("data", "standardise", "\"channel\""),
    ("train", "warmup_epochs", "0.0"),
    ("train", "weight_decay_on", "\"all\""),
];

/// A study's data paths are UTF-8 once it is loaded, so that every config has its JSON.
pub(crate) fn hash(config: &CellConfig) -> String {
    let mut json = serde_json::to_value(config).expect("a cell's config is plain data with UTF-8 paths");
    for (section, key, default) in YOUNGER {
        let section = json[section].as_object_mut();
        let default = serde_json::from_str(default).ok();
        if let Some(section) = section.filter(|section| section.get(key) == default.as_ref()) {
            section.remove(key);
        }
    }
    // It decides no number of the result.
    json["train"]["save_model"] = Value::Bool(false);
    json.sort_all_objects();
    let digest = Sha256::digest(json.to_string());
    let first = digest.iter().take(8).fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
    format!("{first:016x}")
}

/// Only `[a-z0-9_.-]`, so that no label leaves the folder; long ones keep their end, where the seed stands.
fn file_name(label: &str) -> String {
    let mut name = String::new();
    for c in label.chars() {
        match c {
            _ if c.is_ascii_alphanumeric() || c == '_' || c == '.' => name.push(c.to_ascii_lowercase()),
            _ if name.ends_with('-') => {}
            _ => name.push('-'),
        }
    }
    name.drain(..name.len().saturating_sub(MAX_NAME));
    name.trim_start_matches(['-', '.']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_folder() {
        for (label, name) in [
            ("tied-batch-seed0", "tied-batch-seed0"),
            ("../../etc/passwd-seed0", "etc-passwd-seed0"),
            ("Ünï\u{0}\n-seed0", "n-seed0"),
            ("-rf-seed1", "rf-seed1"),
        ] {
            assert_eq!(file_name(label), name, "{label}");
        }
        let long = file_name(&format!("{}-seed7", "x".repeat(5000)));
        assert_eq!(long.len(), MAX_NAME);
        assert!(long.ends_with("-seed7"));
    }
}
