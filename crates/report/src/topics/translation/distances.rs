//! Accuracy on test images that were moved, alone and against the baseline.

use std::collections::HashMap;

use untied_study::{CellRecord, Factors, Metric};

use crate::results::View;
use crate::results::variant::Variant;
use crate::results::variant::value;
use crate::statistics::student::{Sample, mean_interval, paired_test, sample};

/// The four directions that an accuracy is the mean of.
const DIRECTIONS: f64 = 4.0;

/// One variant on images moved by so many pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Distance {
    pub(crate) pixels: usize,
    pub(crate) accuracy: Sample,
    pub(crate) interval: Option<[f64; 2]>,
    /// Less the baseline's, paired by seed; None for the baseline itself and without any pair.
    pub(crate) difference: Option<Difference>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Difference {
    pub(crate) mean: f64,
    pub(crate) ci95: Option<[f64; 2]>,
}

/// Finds the baseline of any variant.
pub(crate) struct Baselines<'v, 'a> {
    baseline: Option<&'a Factors>,
    variants: HashMap<&'a Factors, &'v Variant<'a>>,
}

impl<'v, 'a> Baselines<'v, 'a> {
    pub(crate) fn new(view: &'v View<'a>) -> Self {
        let variants = view.variants.iter().map(|variant| (variant.factors, variant)).collect();
        Self { baseline: view.baseline, variants }
    }

    /// The variant with the baseline's factors and otherwise the same; None for the baseline itself.
    fn of(&self, variant: &Variant<'a>) -> Option<&'v Variant<'a>> {
        let mut factors = variant.factors.clone();
        factors.extend(self.baseline?.clone());
        if factors == *variant.factors { None } else { self.variants.get(&factors).copied() }
    }
}

/// From no pixel on, the plain test accuracy; empty where no images were moved.
pub(crate) fn distances<'a>(variant: &Variant<'a>, baselines: &Baselines<'_, 'a>) -> Vec<Distance> {
    let mut pixels: Vec<usize> =
        variant.finished().flat_map(|cell| &cell.measured.translated).map(|one| one.pixels).collect();
    if pixels.is_empty() {
        return Vec::new();
    }
    pixels.push(0);
    pixels.sort_unstable();
    pixels.dedup();
    let baseline = baselines.of(variant);
    pixels.into_iter().filter_map(|pixels| distance(variant, baseline, pixels)).collect()
}

fn distance(variant: &Variant<'_>, baseline: Option<&Variant<'_>>, pixels: usize) -> Option<Distance> {
    let values: Vec<f64> = variant.finished().filter_map(|cell| accuracy(cell, pixels)).collect();
    let accuracy = sample(&values)?;
    let difference = baseline.and_then(|baseline| difference(variant, baseline, pixels));
    Some(Distance { pixels, accuracy, interval: mean_interval(accuracy), difference })
}

/// The paired difference, with a spread of at least one test image in one direction.
fn difference(variant: &Variant<'_>, baseline: &Variant<'_>, pixels: usize) -> Option<Difference> {
    let base: HashMap<u64, f64> =
        baseline.finished().filter_map(|cell| Some((cell.seed, accuracy(cell, pixels)?))).collect();
    let pair = |cell: &CellRecord| Some(accuracy(cell, pixels)? - base.get(&cell.seed)?);
    let differences: Vec<f64> = variant.finished().filter_map(pair).collect();
    let images = variant.finished().map(|cell| cell.test_images).find(|images| *images > 0).unwrap_or(usize::MAX);
    let floor = 1.0 / (DIRECTIONS * images as f64);
    let ci95 = paired_test(&differences, floor, floor, 0.95).map(|test| test.tests.interval);
    Some(Difference { mean: sample(&differences)?.mean, ci95 })
}

fn accuracy(cell: &CellRecord, pixels: usize) -> Option<f64> {
    let moved = cell.measured.translated.iter().find(|one| one.pixels == pixels).map(|one| one.accuracy);
    let plain = || if pixels == 0 { value(cell, Metric::TestAccuracy) } else { None };
    moved.or_else(plain).filter(|accuracy| accuracy.is_finite())
}
