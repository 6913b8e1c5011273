//! The results of a study, as `results.json` holds them, and the events of a run.
//!
//! Numbers that do not exist, such as an interval from one pair, are null, never NaN.

mod answers;
mod assessment;
mod cell;
mod certificate;
mod confusion;
mod curves;
mod event;

use serde::{Deserialize, Serialize};

pub use self::answers::Answers;
pub use self::assessment::{Assessment, ClassAssessment, Misjudged, TopShare};
pub use self::cell::{CellRecord, CellResult, Drift, LayerRedundancy, Metrics, Parameters, Provenance, Status};
pub use self::certificate::CertificateRecord;
pub use self::confusion::Confusion;
pub use self::curves::Curves;
pub use self::event::Event;
use crate::factors::display_as_serialized;
use crate::{Factors, Metric, Over, Sequential};

/// Version of the `results.json` format.
pub const SCHEMA: u32 = 1;

/// `results.json`: a whole study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// [`SCHEMA`] of the program that wrote it.
    pub schema: u32,
    /// The study's name.
    pub study: String,
    /// The question that it answers.
    pub question: String,
    /// The device of every cell, or `varied`.
    pub device: String,
    /// The float type of every cell, or `varied`.
    pub dtype: String,
    /// Every cell of the grid, in order.
    pub cells: Vec<CellRecord>,
    /// Every comparison that the study asks for.
    pub comparisons: Vec<Comparison>,
    /// The looks of a sequential study.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequential: Option<Sequential>,
    /// The resolved config that the cells belong to. Results of older versions have none: `config.toml` beside them is
    /// theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
    /// The origins of the cells, each once. The only part that tells hosts apart, timing aside.
    #[serde(default)]
    pub provenance: Vec<Provenance>,
}

/// Two variants set against each other, paired by seed: treatment minus baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The compared metric.
    pub metric: Metric,
    /// The factors of the variant that is judged.
    pub treatment: Factors,
    /// The factors of the variant that it is judged against.
    pub baseline: Factors,
    /// The other factors, equal on both sides.
    pub context: Factors,
    /// Pairs that both finished.
    pub seeds: usize,
    /// Pairs left out because a run did not finish.
    pub left_out: usize,
    /// Pairs at each look at which a verdict was drawn, up to now. Empty in results of older versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub looks: Vec<usize>,
    /// Treatment minus baseline; null without pairs.
    pub mean_difference: Option<f64>,
    /// 95 % confidence interval of the mean difference over seeds, on these test images; null with fewer than two pairs.
    pub ci95: Option<[f64; 2]>,
    /// 95 % confidence interval of the mean difference over seeds and test images: on new images of the same kind. Null with
    /// fewer than two pairs, for other metrics than test accuracy, where the two sides have different test images, and where
    /// a cell has no [`answers`](CellResult::answers).
    #[serde(default)]
    pub ci95_images: Option<[f64; 2]>,
    /// Standard error of the mean difference from the choice of test images alone; null as `ci95_images`.
    #[serde(default)]
    pub image_error: Option<f64>,
    /// What the p-values and the verdict are about: that of `compare.over`.
    #[serde(default)]
    pub over: Over,
    /// Standard deviation of the pairs' differences, at least what the metric can resolve; null with fewer than two pairs.
    pub spread: Option<f64>,
    /// Largest difference of the two training-loss curves, step by step, over all seeds.
    pub max_loss_difference: Option<f64>,
    /// Differences inside ±margin count as none.
    pub margin: f64,
    /// The p-value of two one-sided tests: small where the difference lies inside the margin.
    pub tost_p: Option<f64>,
    /// The p-value of the paired t-test: small where the difference is not zero.
    pub t_p: Option<f64>,
    /// `tost_p`, adjusted over all p-values of the study by Holm's method with Shaffer's step: of the two nulls of a
    /// comparison only one can be true.
    pub tost_p_holm: Option<f64>,
    /// `t_p`, adjusted likewise.
    pub t_p_holm: Option<f64>,
    /// The conclusion from the adjusted p-values.
    pub verdict: Verdict,
    /// Whether the interval of the verdict reaches into ±margin, so that even a difference that is shown may be too small to count; null without
    /// an interval.
    #[serde(default)]
    pub within_margin: Option<bool>,
    /// Pearson's correlation of the two sides' values over the seeds: what pairing removes. Null with fewer than three pairs,
    /// and where a side is the same in all of them.
    #[serde(default)]
    pub correlation: Option<f64>,
    /// The pair that the verdict hangs on, otherwise the one farthest from the mean of the others; null with fewer than
    /// three pairs.
    #[serde(default)]
    pub extreme_seed: Option<SeedDifference>,
    /// What the verdict does not say.
    #[serde(default)]
    pub caveats: Vec<Caveat>,
    /// Seeds with an 80 % chance of a verdict at this spread, whether the variants do not differ or differ by the margin;
    /// null where there is a verdict, or where thousands were too few.
    pub seeds_suggested: Option<usize>,
}

/// The difference of one pair.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SeedDifference {
    /// The seed that both runs share.
    pub seed: u64,
    /// Treatment minus baseline.
    pub difference: f64,
    /// Mean of the other pairs.
    pub others: f64,
}

/// A reason not to take a verdict for more than it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Caveat {
    /// Neither side classifies more test images rightly than always answering their largest class would, by an exact binomial
    /// test: nothing that was learned is compared. Not known of results without [`CellResult::largest_class`].
    Chance,
    /// Both sides' accuracies are less than the margin below 1: no difference of the margin can show.
    Ceiling,
    /// Without one of the seeds, which lies apart from the others, the verdict would be another one, or none, given as many like
    /// those.
    OneSeed,
    /// Rare failures: a seed lies far from all others, or the variants are equivalent, but the seeds are too few to exclude
    /// a rate of failing runs that would make them differ by the margin.
    Collapse,
    /// A verdict was drawn before, from fewer of the same runs or by another plan: seeds that are added until there is a
    /// verdict make false ones likelier.
    Looks,
}

/// The conclusion from paired differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The 95 % interval lies inside ±margin, after adjustment for the number of comparisons.
    Equivalent,
    /// The difference is not zero, after adjustment.
    Different,
    /// Neither is shown.
    Inconclusive,
}

display_as_serialized!(Verdict);
