//! The tensors that a model starts from, out of a file: `model.init_from`.

mod file;
mod fit;
mod names;

use std::path::Path;

use untied_study::ModelConfig;

use crate::TrainerError;
use crate::data::sha256;
use crate::model::plan::Plan;
use crate::model::tensors::HostTensors;

/// What can be done about tensors that do not fit.
const HINT: &str = "Tell other names by `model.init_names`, such as { \"fc\" = \"head\" } for `fc.weight`; or take what fits by \
                    `model.init_partial = true`";

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
    let fit = fit::fit(&file, &config.init_names, &plan.tensors());
    if fit.is_whole() {
        return Ok(Start { tensors: fit.tensors, warning: None });
    }
    if !config.init_partial || fit.tensors.is_empty() {
        return Err(named(format!("{fit}. {HINT}")));
    }
    Ok(Start { warning: Some(format!("model.init_from: {}: {fit}", path.display())), tensors: fit.tensors })
}

/// The checksum of the file that a model starts from, as results name it.
pub(crate) fn checksum(path: &Path) -> Result<String, TrainerError> {
    let named = |problem| TrainerError::Start { path: path.display().to_string(), problem };
    file::bytes(path).map(|bytes| sha256(&bytes)).map_err(named)
}
