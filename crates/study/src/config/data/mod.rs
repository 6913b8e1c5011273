//! `[data]`: the images, and their changes before a network sees them.

mod augment;
mod canvas;
mod preparation;
mod source;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::augment::{Augment, Flip};
pub(crate) use self::canvas::MAX_SIDE;
pub use self::canvas::{CanvasConfig, CanvasLabel};
pub use self::preparation::{Colour, Limit, Standardise};
pub use self::source::DataSource;
use super::fault::{Fault, require_positive};
use crate::factors::display_as_serialized;

/// Labels are bytes, and there are two or more.
const MAX_FIRST_LABEL: usize = 254;

/// `[data]`: the images to train on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataConfig {
    /// The images and their labels.
    pub source: DataSource,
    /// The first class's label in the files, 0 to 254: 1 for labels that count from 1, as EMNIST's letters do.
    #[serde(default)]
    pub labels_from: usize,
    /// Height and width that every image gets: its middle, as large as their ratio allows, is resized. Left out: images have
    /// one size already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<[usize; 2]>,
    /// Colours that every image gets. Left out: grey if all images are grey, RGB otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub colour: Option<Colour>,
    /// Red, green and blue, 0 to 255, behind transparent pixels; black where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background: Option<[u8; 3]>,
    /// Share of the images to test on, where the source has no test images of its own: drawn from each class alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test: Option<f64>,
    /// Share of the training images that is held out for validation: drawn from each class alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<f64>,
    /// Most images to use, drawn from each class alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// What one mean and one deviation of the training images' pixels is taken over.
    #[serde(default)]
    pub standardise: Standardise,
    /// Random changes of the training images, drawn anew in every epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub augment: Option<Augment>,
    /// Puts each image somewhere on a larger, empty one.
    #[serde(default)]
    pub canvas: Option<CanvasConfig>,
    /// Adds the same pattern to every standardised image, for training and testing.
    #[serde(default)]
    pub shift: Option<FixedShift>,
}

impl DataConfig {
    /// These images as they come.
    #[must_use]
    pub fn new(source: DataSource) -> Self {
        Self {
            source,
            labels_from: 0,
            size: None,
            colour: None,
            background: None,
            test: None,
            validation: None,
            limit: None,
            standardise: Standardise::default(),
            augment: None,
            canvas: None,
            shift: None,
        }
    }

    pub(crate) fn check(&self) -> Result<(), Fault> {
        let first = self.labels_from;
        Fault::require(first <= MAX_FIRST_LABEL, "data.labels_from", format!("0 to {MAX_FIRST_LABEL}"), first)?;
        preparation::check(self.size, [("data.test", self.test), ("data.validation", self.validation)], self.limit)?;
        self.augment.map_or(Ok(()), |augment| augment.check())?;
        if let Some(CanvasConfig { size, .. }) = self.canvas {
            let expected = format!("1 to {MAX_SIDE} pixels");
            Fault::require((1..=MAX_SIDE).contains(&size), "data.canvas.size", expected, size)?;
        }
        self.shift.map_or(Ok(()), FixedShift::check)
    }
}

/// One pattern that is added to every standardised image, drawn from the cell's seed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FixedShift {
    /// Its variation over locations.
    pub pattern: ShiftPattern,
    /// Its root mean square, in standard deviations of the pixels.
    pub strength: f64,
}

impl FixedShift {
    fn check(self) -> Result<(), Fault> {
        let (key, expected) = ("data.shift.pattern", "uniform, smooth or white: one pattern for all images");
        Fault::require(self.pattern != ShiftPattern::Changing, key, expected, self.pattern)?;
        require_positive("data.shift.strength", self.strength)
    }
}

/// The variation of a shift δ(y, x) varies over locations; its root mean square is 1 before its strength multiplies it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ShiftPattern {
    /// The same everywhere.
    Uniform,
    /// A sum of a few long waves, as of uneven lighting.
    Smooth,
    /// Independent at every location, as of a sensor's fixed noise.
    White,
    /// Another white pattern for every image, so that there is no one pattern that a bias could take away. Of
    /// `measure.shift.patterns` alone.
    Changing,
}

display_as_serialized!(ShiftPattern);
