//! One cell of a study's grid: a variant and a seed.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::CellConfig;

/// Longest readable part of a cell's id; with the hash it stays far below a file name's 255 bytes.
const MAX_NAME: usize = 100;

/// The varied keys of a cell, seeds aside, with their values: `{"model.bias": "tied"}`.
pub type Factors = BTreeMap<String, Value>;

/// One training run of a study.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// Place in the grid, from 0; seeds vary fastest.
    pub index: usize,
    /// `<name>-<hash>`, also the name of its folder.
    pub id: String,
    /// First 16 hex digits of the SHA-256 of the resolved cell's canonical JSON.
    pub hash: String,
    /// What sets it apart from the other cells, seed aside.
    pub factors: Factors,
    /// Everything that its training run needs.
    pub config: CellConfig,
}

impl Cell {
    pub(crate) fn new(index: usize, factors: Factors, config: CellConfig, order: &[&str]) -> Self {
        let hash = hash(&config);
        let labels = order.iter().filter_map(|key| factors.get(*key)).map(factor_label);
        let labels: Vec<String> = labels.chain([format!("seed{}", config.seed)]).collect();
        let id = format!("{}-{hash}", file_name(&labels.join("-")));
        Self { index, id, hash, factors, config }
    }
}

/// A study's data paths are UTF-8 once it is loaded, so that every config has its JSON.
fn hash(config: &CellConfig) -> String {
    let mut json = serde_json::to_value(config).expect("a cell's config is plain data with UTF-8 paths");
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

/// A factor's value as people read it: `tied`, `untied_along[0]`, `64`.
#[must_use]
pub fn factor_label(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Object(map) => {
            map.iter().map(|(key, inner)| format!("{key}{}", inner_label(inner))).collect::<Vec<_>>().join(",")
        }
        other => other.to_string(),
    }
}

fn inner_label(value: &Value) -> String {
    match value {
        Value::Array(_) => value.to_string(),
        other => format!("={}", factor_label(other)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn labels_are_readable() {
        for (value, label) in [
            (json!("tied"), "tied"),
            (json!(64), "64"),
            (json!(0.05), "0.05"),
            (json!({"untied_along": [0]}), "untied_along[0]"),
            (json!({"sgd": {"learning_rate": 0.1, "momentum": 0.9}}), "sgd=learning_rate=0.1,momentum=0.9"),
        ] {
            assert_eq!(factor_label(&value), label);
        }
    }

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
