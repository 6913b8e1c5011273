//! The tensors that a model starts from, out of a file: `model.init_from`.

mod file;
mod fit;
mod names;
mod side_by_side;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use untied_study::ModelConfig;

use self::file::File;
pub use self::side_by_side::StartTensor;
use crate::TrainerError;
use crate::data::sha256;
use crate::model::plan::Plan;
use crate::model::tensors::HostTensors;

/// What can be done about tensors that do not fit, and where some do.
const NAMES_HINT: &str = "Tell other names by `model.init_names`, such as { \"fc\" = \"head\" } for `fc.weight`; `untied explain` \
                          lists every tensor of the model and of the file";
const PARTIAL_HINT: &str = "take what fits by `model.init_partial = true`";

/// Tensors of a model, and what there is to say of them.
#[derive(Debug, Default)]
pub(crate) struct Start {
    /// Those that a file gives, by their names in the model.
    pub(crate) tensors: HostTensors,
    /// What did not fit, where the config allows for it.
    pub(crate) warning: Option<String>,
}

/// The tensors that the config's file gives a model; none without a file.
pub(crate) fn read(config: &ModelConfig, plan: &Plan) -> Result<Start, TrainerError> {
    let Some(path) = &config.init_from else { return Ok(Start::default()) };
    let named = |problem| TrainerError::Start { path: path.display().to_string(), problem };
    let file = file::open(path).map_err(named)?;
    check_names(&file, &config.init_names).map_err(named)?;
    let fit = fit::fit(&file, &config.init_names, &plan.tensors());
    if fit.is_whole() {
        return Ok(Start { tensors: fit.tensors, warning: None });
    }
    if !config.init_partial || fit.tensors.is_empty() {
        let hint = match (fit.lacks_names(), fit.tensors.is_empty()) {
            (true, true) => NAMES_HINT.to_owned(),
            (true, false) => format!("{NAMES_HINT}; or {PARTIAL_HINT}"),
            (false, true) => "`untied explain` lists every tensor of the model and of the file".to_owned(),
            // Every name of the model is there: other names would change nothing.
            (false, false) => format!("Change the model, or {PARTIAL_HINT}"),
        };
        return Err(named(format!("{fit}. {hint}")));
    }
    Ok(Start { warning: Some(format!("model.init_from: {}: {fit}", path.display())), tensors: fit.tensors })
}

/// Beginnings that are in no name are mistyped, or of another file.
fn check_names(file: &File, map: &BTreeMap<String, String>) -> Result<(), String> {
    let names: BTreeSet<&str> = file.tensors.keys().map(String::as_str).collect();
    let unmatched = names::unmatched(&names, map);
    if unmatched.is_empty() {
        return Ok(());
    }
    let quoted = |names: Vec<&str>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let there = names::beginnings(&names).into_iter().collect();
    Err(format!(
        "model.init_names: expected beginnings of its tensors' names, {}; found {}",
        quoted(there),
        quoted(unmatched)
    ))
}

/// Every tensor of a model and of its file, set side by side, and why the model cannot start so, if it cannot; none without a
/// file.
pub(crate) fn table(
    config: &ModelConfig,
    plan: &Plan,
) -> Result<(Vec<StartTensor>, Result<(), TrainerError>), TrainerError> {
    let Some(path) = &config.init_from else { return Ok((Vec::new(), Ok(()))) };
    let named = |problem| TrainerError::Start { path: path.display().to_string(), problem };
    let file = file::open(path).map_err(named)?;
    let tensors = side_by_side::table(&file, &config.init_names, &plan.tensors());
    Ok((tensors, read(config, plan).map(drop)))
}

/// The checksum of the file that a model starts from, as results name it.
pub(crate) fn checksum(path: &Path) -> Result<String, TrainerError> {
    let named = |problem| TrainerError::Start { path: path.display().to_string(), problem };
    file::bytes(path).map(|bytes| sha256(&bytes)).map_err(named)
}
