//! `measure.noise`: test metrics of images with noise.

use serde::{Deserialize, Serialize};

use crate::Fault;
use crate::config::fault::{is_ascending, require_positive};

/// Test metrics of images to which normal noise was added, independent for each pixel.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Noisy {
    /// The noise's standard deviation, in those of the pixels.
    pub strength: f64,
    /// In [0, 1].
    pub accuracy: f64,
    /// In nats.
    pub loss: f64,
}

/// Checks the strengths.
pub(super) fn check(strengths: &[f64]) -> Result<(), Fault> {
    let key = "measure.noise";
    strengths.iter().try_for_each(|&strength| require_positive(key, strength))?;
    Fault::require(is_ascending(strengths), key, "strengths in ascending order", format!("{strengths:?}"))
}
