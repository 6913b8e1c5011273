//! The model that a cell keeps beside its result, and why it does not count.

use untied_study::{Cell, CellResult, Status, StudyFolder, printable_path};
use untied_trainer::TrainedModel;

/// Why a cell that is finished is trained again, to the same numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ModelFault {
    /// It was trained without `train.save_model`, or its model was deleted.
    Missing,
    /// Its model is not what was written: which file, and what is wrong with it.
    Damaged(String),
}

/// What is wrong with the model that `train.save_model` asks for, if anything. The whole file is read, at the speed of its
/// checksum.
pub(crate) fn model_fault(folder: &StudyFolder, cell: &Cell, result: &CellResult) -> Option<ModelFault> {
    if folder.lacks_model(cell, result) {
        return Some(ModelFault::Missing);
    }
    if !cell.config.train.save_model || result.status != Status::Finished {
        return None;
    }
    let path = folder.model(cell);
    let damaged = |error| ModelFault::Damaged(format!("{} {error}", printable_path(&path)));
    TrainedModel::check(&path).err().map(damaged)
}
