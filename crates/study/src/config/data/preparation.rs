//! Keys of `[data]` that say which images are used, and in which form.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::canvas::MAX_SIDE;
use crate::config::fault::{Fault, Float};
use crate::factors::display_as_serialized;

/// Colours of an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Colour {
    /// One channel; of colours, 0.2126·red + 0.7152·green + 0.0722·blue.
    Grey,
    /// Red, green and blue.
    Rgb,
}

/// Most images to use, drawn from each class in proportion to its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Most training images, those for validation among them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub train: Option<usize>,
    /// Most test images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<usize>,
    /// Draws them; the seed of a cell does not matter here, so that all cells have the same images.
    #[serde(default)]
    pub seed: u64,
}

/// What one mean and one deviation of the pixels is taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standardise {
    /// Each channel on its own.
    #[default]
    Channel,
    /// All pixels of all channels.
    Global,
}

pub(super) fn check(
    size: Option<[usize; 2]>,
    shares: [(&str, Option<f64>); 2],
    limit: Option<Limit>,
) -> Result<(), Fault> {
    if let Some(size) = size {
        let expected = format!("a height and a width of 1 to {MAX_SIDE} pixels");
        let valid = size.iter().all(|side| (1..=MAX_SIDE).contains(side));
        Fault::require(valid, "data.size", expected, format!("{size:?}"))?;
    }
    for (key, share) in shares {
        let Some(share) = share else { continue };
        Fault::require(share > 0.0 && share < 1.0, key, "a share above 0 and below 1", Float(share))?;
    }
    let Some(Limit { train, test, seed: _ }) = limit else { return Ok(()) };
    for (key, most) in [("data.limit.train", train), ("data.limit.test", test)] {
        Fault::require(most != Some(0), key, "1 image or more", 0)?;
    }
    Ok(())
}

display_as_serialized!(Colour, Standardise);
