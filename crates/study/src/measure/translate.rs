//! `measure.translate`: test metrics of images moved aside.

use serde::{Deserialize, Serialize};

use crate::Fault;
use crate::config::MAX_SIDE;
use crate::config::fault::is_ascending;

/// Test metrics of images moved by some pixels, pixels that leave the image lost and those that come in empty.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Translated {
    /// The distance.
    pub pixels: usize,
    /// Mean over the four directions, in [0, 1].
    pub accuracy: f64,
    /// Mean over the four directions, in nats.
    pub loss: f64,
}

/// Checks the distances.
pub(super) fn check(pixels: &[usize]) -> Result<(), Fault> {
    let valid = pixels.iter().all(|pixels| (1..=MAX_SIDE).contains(pixels)) && is_ascending(pixels);
    Fault::require(valid, "measure.translate", "pixels from 1, in ascending order", format!("{pixels:?}"))
}
