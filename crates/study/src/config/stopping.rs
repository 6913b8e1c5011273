//! `train.early_stopping` and `train.best_epoch`: what the images of `data.validation` decide, never the test images.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fault::{Fault, Float};
use crate::factors::display_as_serialized;

const MAX_PATIENCE: usize = 1_000_000;

/// A metric of the images that `data.validation` holds out, taken after every epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ValidationMetric {
    /// Mean cross-entropy; lower is better.
    #[default]
    ValidationLoss,
    /// Share of images classified rightly; higher is better.
    ValidationAccuracy,
}

/// Ends a run once the validation images have shown no improvement for some epochs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EarlyStopping {
    /// Epochs in a row without an improvement after which the run ends; 1 or more.
    pub patience: usize,
    /// The metric that is to improve.
    #[serde(default)]
    pub metric: ValidationMetric,
    /// An improvement is more than this, over the last one; 0 or more.
    #[serde(default)]
    pub min_improvement: f64,
}

impl EarlyStopping {
    pub(super) fn check(&self) -> Result<(), Fault> {
        let (patience, least) = (self.patience, self.min_improvement);
        let expected = format!("1 to {MAX_PATIENCE} epochs");
        let valid = (1..=MAX_PATIENCE).contains(&patience);
        Fault::require(valid, "train.early_stopping.patience", expected, patience)?;
        let (key, valid) = ("train.early_stopping.min_improvement", least.is_finite() && least >= 0.0);
        Fault::require(valid, key, "a finite number, 0 or more", Float(least))
    }
}

display_as_serialized!(ValidationMetric);
