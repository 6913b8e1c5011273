//! The course of a run by epochs.

use serde::{Deserialize, Serialize};

use crate::{EarlyStopping, ValidationMetric};

/// Means over the epochs, one value each.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Curves {
    /// Mean of each epoch's steps.
    pub train_loss: Vec<f64>,
    /// After each epoch.
    pub test_loss: Vec<f64>,
    /// After each epoch.
    pub test_accuracy: Vec<f64>,
    /// After each epoch, on the images that `data.validation` holds out; empty without any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validation_loss: Vec<f64>,
    /// After each epoch, on the same images.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub validation_accuracy: Vec<f64>,
}

impl Curves {
    /// How many numbers there are in all curves together.
    pub(crate) fn numbers(&self) -> usize {
        let Self { train_loss, test_loss, test_accuracy, validation_loss, validation_accuracy } = self;
        [train_loss, test_loss, test_accuracy, validation_loss, validation_accuracy]
            .iter()
            .map(|curve| curve.len())
            .sum()
    }

    /// The index of the best epoch, of the first one where several are equal; none before the first, or without validation.
    ///
    /// ```
    /// # use untied_study::{Curves, ValidationMetric};
    /// let curves = Curves { validation_loss: vec![0.9, 0.5, 0.7, 0.5], ..Curves::default() };
    /// assert_eq!(curves.best_epoch(ValidationMetric::ValidationLoss), Some(1));
    /// ```
    #[must_use]
    pub fn best_epoch(&self, metric: ValidationMetric) -> Option<usize> {
        let scores = self.scores(metric);
        (0..scores.len()).reduce(|best, epoch| if scores[epoch] > scores[best] { epoch } else { best })
    }

    /// Whether a run has come to its early end.
    ///
    /// ```
    /// # use untied_study::{Curves, EarlyStopping, ValidationMetric};
    /// let stopping = EarlyStopping { patience: 2, metric: ValidationMetric::ValidationLoss, min_improvement: 0.0 };
    /// let curves = |validation_loss: &[f64]| Curves { validation_loss: validation_loss.to_vec(), ..Curves::default() };
    /// assert!(!curves(&[0.9, 0.5, 0.7]).is_over(stopping));
    /// assert!(curves(&[0.9, 0.5, 0.7, 0.6]).is_over(stopping));
    /// ```
    #[must_use]
    pub fn is_over(&self, EarlyStopping { patience, metric, min_improvement }: EarlyStopping) -> bool {
        let scores = self.scores(metric);
        let mut best = 0;
        for epoch in 1..scores.len() {
            if scores[epoch] > scores[best] + min_improvement {
                best = epoch;
            }
        }
        scores.len() > best + patience
    }

    /// The metric after every epoch, with the sign by which higher is better.
    fn scores(&self, metric: ValidationMetric) -> Vec<f64> {
        match metric {
            ValidationMetric::ValidationAccuracy => self.validation_accuracy.clone(),
            ValidationMetric::ValidationLoss => self.validation_loss.iter().map(|loss| -loss).collect(),
        }
    }
}
