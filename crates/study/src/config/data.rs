//! `[data]`: the images, and their changes before a network sees them.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::fault::{Fault, require_positive};
use crate::factors::display_as_serialized;

/// Longest side of a canvas, in pixels.
pub(crate) const MAX_SIDE: usize = 4096;
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
        Self { source, labels_from: 0, canvas: None, shift: None }
    }

    pub(crate) fn check(&self) -> Result<(), Fault> {
        let first = self.labels_from;
        Fault::require(first <= MAX_FIRST_LABEL, "data.labels_from", format!("0 to {MAX_FIRST_LABEL}"), first)?;
        if let Some(CanvasConfig { size, .. }) = self.canvas {
            let expected = format!("1 to {MAX_SIDE} pixels");
            Fault::require((1..=MAX_SIDE).contains(&size), "data.canvas.size", expected, size)?;
        }
        self.shift.map_or(Ok(()), |shift| require_positive("data.shift.strength", shift.strength))
    }
}

/// The images and their labels.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum DataSource {
    /// 5000 + 1000 images of Fashion-MNIST, 28×28, bundled.
    #[serde(rename = "fashion-mnist-6k")]
    FashionMnist6k,
    /// 1437 + 360 handwritten digits, 8×8, bundled.
    #[serde(rename = "digits")]
    Digits,
    /// A folder with MNIST's four IDX files, plain or gzip.
    #[serde(rename = "idx")]
    Idx(PathBuf),
    /// A folder with the binary batches of CIFAR-10.
    #[serde(rename = "cifar10")]
    Cifar10(PathBuf),
    /// A folder of images, `train/CLASS/*.png` and `test/CLASS/*.png` (or `.jpg`).
    #[serde(rename = "folder")]
    Folder(PathBuf),
    /// A NumPy archive with the arrays `x_train`, `y_train`, `x_test` and `y_test`, as Keras has MNIST in.
    #[serde(rename = "npz")]
    Npz(PathBuf),
}

/// A larger square image, zero but for one image of the source, which lies at a random place of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CanvasConfig {
    /// Side of the square; at least that of the images.
    pub size: usize,
    /// Largest distance of an image from the middle, in pixels along each axis; anywhere where it is left out.
    #[serde(default)]
    pub jitter: Option<usize>,
    /// The label that a network is to tell.
    #[serde(default)]
    pub label: CanvasLabel,
}

/// The label of an image on a canvas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CanvasLabel {
    /// The class that the source gives it, wherever it lies.
    #[default]
    Class,
    /// The quarter of the canvas that its middle lies in, whatever it shows: 0 top left, 1 top right, 2 and 3 below.
    Quadrant,
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
}

display_as_serialized!(DataSource, CanvasLabel, ShiftPattern);
