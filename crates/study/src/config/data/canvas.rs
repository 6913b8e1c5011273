//! `data.canvas`: images somewhere on a larger one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::factors::display_as_serialized;

/// Longest side of an image or a canvas, in pixels.
pub(crate) const MAX_SIDE: usize = 4096;

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

display_as_serialized!(CanvasLabel);
