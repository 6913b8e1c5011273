//! The data that a cell's result was trained on, against those that are there now.

use std::collections::BTreeMap;
use std::path::Path;

use crate::{Cell, CellResult, DataConfig, StoreError, StudyFolder};

impl StudyFolder {
    /// From now on a result that was trained on other data of this config is an error: data can be replaced under their
    /// name. The checksums are as in [`Provenance::data`](crate::Provenance::data).
    pub fn expect_data(&mut self, config: &DataConfig, checksums: BTreeMap<String, String>) {
        self.data.insert(key(config), checksums);
    }

    /// Results of older versions do not say what they were trained on.
    pub(super) fn require_data(&self, path: &Path, cell: &Cell, result: &CellResult) -> Result<(), StoreError> {
        let found = &result.provenance.data;
        let expected =
            self.data.get(&key(&cell.config.data)).filter(|expected| !found.is_empty() && *expected != found);
        let Some(expected) = expected else { return Ok(()) };
        let differ = differing(expected, found).join(", ");
        Err(StoreError::OtherData { path: path.to_owned(), differ })
    }
}

fn key(config: &DataConfig) -> String {
    format!("{config:?}")
}

/// The names of the checksums that differ.
pub fn differing(one: &BTreeMap<String, String>, other: &BTreeMap<String, String>) -> Vec<String> {
    let names = one.keys().chain(other.keys()).filter(|name| one.get(*name) != other.get(*name));
    let mut names: Vec<String> = names.cloned().collect();
    names.sort();
    names.dedup();
    names
}
