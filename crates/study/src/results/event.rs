//! The events of a training run, one JSON object a line.

use serde::{Deserialize, Serialize};

/// A sign of life from a training run. Seconds are training time since the start, evaluation excluded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// Once a second, while another process trains the same cell.
    Waiting {
        /// Seconds waited so far; 0 at first.
        seconds: u64,
    },
    /// Data and model are ready.
    Started {
        /// Epochs to come.
        epochs: usize,
        /// Full batches in the training set.
        steps_per_epoch: usize,
        /// Images in the training set.
        train_images: usize,
        /// Images in the test set.
        test_images: usize,
    },
    /// The run goes on from a checkpoint.
    Resumed {
        /// The epoch it goes on with, from 1.
        epoch: usize,
        /// Steps that the checkpoint stands for.
        step: usize,
    },
    /// A trouble that costs no result: a checkpoint that cannot be used or written, labels that no training image has.
    Warning {
        /// The cause and its consequence.
        message: String,
        /// Whether it is of the data, so that every run on them warns alike.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        of_data: bool,
    },
    /// A few times a second: where training stands.
    Progress {
        /// From 1.
        epoch: usize,
        /// Steps since the run's start.
        step: usize,
        /// Training loss of that step.
        loss: f64,
        /// Training images a second.
        images_per_second: f64,
    },
    /// Training is over, and something is measured on the model.
    Measuring {
        /// The measurement.
        what: String,
    },
    /// An epoch is over and the test set was evaluated.
    Epoch {
        /// From 1.
        epoch: usize,
        /// Steps since the run's start.
        step: usize,
        /// Mean over the epoch's steps.
        train_loss: f64,
        /// Mean over the test set.
        test_loss: f64,
        /// Share of the test set, in [0, 1].
        test_accuracy: f64,
        /// Mean over the validation set, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        validation_loss: Option<f64>,
        /// Share of the validation set, in [0, 1].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        validation_accuracy: Option<f64>,
        /// Training time so far.
        train_seconds: f64,
    },
    /// The validation set shows no improvement any more: `train.early_stopping` ends the run.
    Stopped {
        /// The last epoch, from 1.
        epoch: usize,
    },
    /// The loss became NaN or infinite; the run ends here.
    Diverged {
        /// From 1.
        epoch: usize,
        /// The step whose loss it was, from 1.
        step: usize,
    },
    /// The run is over and its result is written.
    Finished {
        /// Share of the test set, in [0, 1].
        test_accuracy: f64,
        /// Mean over the test set.
        test_loss: f64,
    },
}
