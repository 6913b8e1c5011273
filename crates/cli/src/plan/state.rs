//! The states of cells before a run.

use untied_study::{Cell, Status, StudyFolder};

use crate::folder::model::{ModelFault, model_fault};

/// The state of a cell before the run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum State {
    /// It has a result: finished or diverged.
    Done(Status),
    /// It has none.
    ToRun,
    /// It has none, but a checkpoint to go on from.
    HalfRun,
    /// It has one, without the model that is to be kept or with a damaged one, and is run again.
    WithoutModel(ModelFault),
    /// It has one that cannot be used, and is run again.
    Unusable(String),
    /// It has none, and a look after the next one, counted from 0, may need it.
    Later(usize),
    /// It has none, and no look needs it.
    Skipped,
}

impl State {
    /// The state of a cell by what lies in its folder.
    pub(super) fn of(folder: &StudyFolder, cell: &Cell) -> Self {
        match folder.read_result(cell) {
            Ok(Some(result)) if result.status.is_done() => match model_fault(folder, cell, &result) {
                Some(fault) => Self::WithoutModel(fault),
                None => Self::Done(result.status),
            },
            Ok(_) if folder.checkpoint(cell).exists() => Self::HalfRun,
            Ok(_) => Self::ToRun,
            Err(error) => Self::Unusable(error.to_string()),
        }
    }

    /// Whether it is to be trained now.
    pub(super) fn is_to_run(&self) -> bool {
        matches!(self, Self::ToRun | Self::HalfRun | Self::WithoutModel(_) | Self::Unusable(_))
    }

    /// In a word or two.
    pub(super) fn label(&self) -> String {
        match self {
            Self::Done(status) => status.to_string(),
            Self::ToRun => "missing".into(),
            Self::HalfRun => "half run".into(),
            Self::WithoutModel(ModelFault::Missing) => "without model".into(),
            Self::WithoutModel(ModelFault::Damaged(_)) => "model damaged".into(),
            Self::Unusable(_) => "unusable".into(),
            Self::Later(look) => format!("look {}", look + 1),
            Self::Skipped => Status::Skipped.to_string(),
        }
    }
}
