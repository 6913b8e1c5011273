//! The feature maps, biases and norms of the page's second part, and how many dimensions each norm removes.

mod pictures;

use serde::Serialize;
use untied_redundancy::{Bias, BiasTerms, Mode, Normalization, Redundancy};

pub(crate) use pictures::{CHANNELS, IMAGES, SIZE};

/// Added to variances and mean squares.
const EPSILON: f64 = 1e-5;

/// The norms that can be chosen.
pub(crate) const NORMS: [(&str, Normalization); 7] = [
    ("none", Normalization::None),
    ("batch", Normalization::Batch),
    ("batch_per_activation", Normalization::BatchPerActivation),
    ("instance", Normalization::Instance),
    ("group", Normalization::Group(2)),
    ("layer", Normalization::Layer),
    ("rms", Normalization::Rms),
];

/// All that the page's script has to know.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FeatureMapData {
    channels: usize,
    /// Height and width.
    size: usize,
    epsilon: f64,
    /// Of each image, all elements `[c, y, x]`, row-major.
    images: Vec<Vec<f64>>,
    /// The tied bias, one number a channel.
    tied: [f64; CHANNELS],
    patterns: Vec<Pattern>,
    norms: Vec<NormData>,
}

/// What an untied bias adds to the tied one.
#[derive(Debug, Serialize)]
struct Pattern {
    name: &'static str,
    /// Elements `[c, y, x]`.
    values: Vec<f64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct NormData {
    name: &'static str,
    /// Whether it divides, and whether it subtracts means.
    divides: bool,
    centres: bool,
    /// The statistics set of every element `[n, c, y, x]`.
    sets: Vec<usize>,
    /// Redundant dimensions of no bias, a tied and an untied one, among how many parameters.
    redundant: [[usize; 2]; 3],
}

pub(crate) fn data() -> FeatureMapData {
    FeatureMapData {
        channels: CHANNELS,
        size: SIZE,
        epsilon: EPSILON,
        images: pictures::feature_maps(),
        tied: [1.0, -0.5, 0.75, 0.25],
        patterns: pictures::PATTERNS.map(|(name, of)| Pattern { name, values: pictures::drawn(of) }).into(),
        norms: NORMS.map(|(name, norm)| norm_data(name, norm)).into(),
    }
}

fn norm_data(name: &'static str, norm: Normalization) -> NormData {
    let spec = norm.spec();
    let set = |at| spec.as_ref().map_or(0, |spec| spec.statistics_set([CHANNELS, SIZE, SIZE], at));
    let axis = |size: usize| 0..size;
    let elements = axis(IMAGES).flat_map(|n| {
        axis(CHANNELS).flat_map(move |c| axis(SIZE).flat_map(move |y| axis(SIZE).map(move |x| [n, c, y, x])))
    });
    NormData {
        name,
        divides: spec.is_some(),
        centres: spec.as_ref().is_some_and(|spec| spec.centres),
        sets: elements.map(set).collect(),
        redundant: [Bias::None, Bias::Tied, Bias::Untied].map(|bias| dimensions(norm, &bias)),
    }
}

/// Redundant dimensions and parameters of a bias right before a norm.
fn dimensions(norm: Normalization, bias: &Bias) -> [usize; 2] {
    let redundancy = || {
        let removed = norm.removed(Mode::Training, CHANNELS, SIZE * SIZE)?;
        Redundancy::new(removed, &BiasTerms::new(bias, CHANNELS, &[SIZE, SIZE])?)
    };
    // The groups divide the channels.
    redundancy().map_or([0; 2], |redundancy| [redundancy.dimensions(), redundancy.parameters()])
}
