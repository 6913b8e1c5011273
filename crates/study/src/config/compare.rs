//! `[compare]`: the variants that the report sets against each other.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::factors::{Factors, display_as_serialized};

/// `[compare]`: the variants that the report sets against each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompareConfig {
    /// The metric that variants are judged by.
    #[serde(default)]
    pub metric: Metric,
    /// The value of each compared factor that the others are measured against.
    pub baseline: Factors,
    /// Differences inside ±margin count as none.
    pub margin: f64,
    /// What verdicts are to hold for: new seeds on these test images, or new seeds and new images of the same kind; the
    /// latter for `test_accuracy` alone.
    #[serde(default)]
    pub over: Over,
}

/// What a verdict is to hold for beyond the runs that were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Over {
    /// Other seeds, trained and tested on the same images.
    #[default]
    Seeds,
    /// Other seeds, tested on other images of the same kind; trained on the same images.
    SeedsAndImages,
}

/// A metric of a finished cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Share of test images classified rightly, in [0, 1].
    #[default]
    TestAccuracy,
    /// Mean cross-entropy on the test images, in nats.
    TestLoss,
    /// Mean cross-entropy over the last epoch's training steps, in nats.
    TrainLoss,
}

display_as_serialized!(Metric, Over);
