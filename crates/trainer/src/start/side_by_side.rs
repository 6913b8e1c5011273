//! The tensors of a model and those of its file, side by side, for people who match their names.

use std::collections::BTreeMap;

use super::file::File;
use super::fit::fit;

/// A tensor of a model, or of the file that it starts from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartTensor {
    /// Its name in the model and its shape there; none of one that is left over in the file.
    pub model: Option<(String, Vec<usize>)>,
    /// Its name in the file and its shape there; none of one that is missing in it.
    pub file: Option<(String, Vec<usize>)>,
    /// Whether the model starts from it.
    pub fits: bool,
}

/// Every tensor of the model, and then those that are left over in the file.
pub(super) fn table(
    file: &File,
    map: &BTreeMap<String, String>,
    expected: &BTreeMap<String, Vec<usize>>,
) -> Vec<StartTensor> {
    let fit = fit(file, map, expected);
    let in_file = |name: &String| (name.clone(), file.tensors[name].shape.clone());
    let of_model = expected.iter().map(|(name, shape)| StartTensor {
        model: Some((name.clone(), shape.clone())),
        file: fit.found.get(name).map(in_file),
        fits: fit.tensors.contains_key(name),
    });
    let is_left = |name: &&String| !fit.found.values().any(|found| found == *name);
    let left = file.tensors.keys().filter(is_left);
    of_model.chain(left.map(|name| StartTensor { model: None, file: Some(in_file(name)), fits: false })).collect()
}
