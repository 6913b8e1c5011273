//! `data.augment`: random changes of training images.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::canvas::MAX_SIDE;
use crate::config::fault::{Fault, Float};
use crate::factors::display_as_serialized;

/// The larger it is, the rarer are the draws that Jöhnk's rule accepts: 1 in 70 here.
const MAX_MIXUP: f64 = 4.0;

/// Random changes of training images, in this order; each is drawn from the cell's seed, the epoch and the image, so that
/// neither threads nor interruptions matter.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Augment {
    /// Mirrors every second image, on average.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flip: Option<Flip>,
    /// Largest angle in degrees, to either side, that an image is turned by about its middle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotate: Option<f64>,
    /// Largest shift along each axis, to either side, as a share of the side; also by parts of a pixel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub translate: Option<f64>,
    /// Pixels of zeros around an image, out of which an image of its size is cut somewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crop: Option<usize>,
    /// Side of a square somewhere on an image that gets the mean of all pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cutout: Option<usize>,
    /// Deviation of normal noise, independent for each pixel, in deviations of the pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub noise: Option<f64>,
    /// α of mixup: an image becomes λ of itself and 1 − λ of another one of its batch, and so does its loss; λ is drawn from
    /// Beta(α, α) for each step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mixup: Option<f64>,
}

/// The axes that images are mirrored along, each on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Flip {
    /// Left becomes right.
    Horizontal,
    /// Up becomes down.
    Vertical,
    /// Either, or both.
    Both,
}

impl Augment {
    pub(super) fn check(&self) -> Result<(), Fault> {
        let Self { flip: _, rotate, translate, crop, cutout, noise, mixup } = *self;
        for (key, value, most, what) in [
            ("data.augment.rotate", rotate, 180.0, "degrees above 0, up to 180"),
            ("data.augment.translate", translate, 1.0, "a share above 0, up to 1"),
            ("data.augment.noise", noise, f64::MAX, "a finite number above 0"),
            ("data.augment.mixup", mixup, MAX_MIXUP, "a number above 0, up to 4"),
        ] {
            let Some(value) = value else { continue };
            Fault::require(value > 0.0 && value <= most, key, what, Float(value))?;
        }
        for (key, value) in [("data.augment.crop", crop), ("data.augment.cutout", cutout)] {
            let Some(value) = value else { continue };
            Fault::require((1..=MAX_SIDE).contains(&value), key, format!("1 to {MAX_SIDE} pixels"), value)?;
        }
        Ok(())
    }
}

display_as_serialized!(Flip);
