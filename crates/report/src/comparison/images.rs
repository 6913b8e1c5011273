//! Differences of a comparison, image by image.

use untied_study::{CellRecord, Comparison, Metric, Over};

use crate::comparison::pairs::Pairs;
use crate::statistics::crossed::Crossed;
use crate::statistics::power::seeds_needed;
use crate::statistics::student::{PairedTest, Tests};

/// The pairs' answers to the test images; None unless both sides of every pair have answered the same ones.
pub(crate) fn crossed(cells: &[CellRecord], pairs: &Pairs, comparison: &Comparison) -> Option<Crossed> {
    let one_source = !comparison.baseline.keys().any(|key| key.starts_with("data.source"));
    if comparison.metric != Metric::TestAccuracy || !one_source {
        return None;
    }
    let difference = |&(treatment, baseline): &(usize, usize)| {
        let answers = |index: usize| cells[index].answers.of(cells[index].test_images);
        if cells[treatment].test_images != cells[baseline].test_images {
            return None;
        }
        let both = answers(treatment)?.zip(answers(baseline)?);
        Some(both.map(|(treatment, baseline)| i8::from(treatment) - i8::from(baseline)).collect())
    };
    let rows: Option<Vec<Vec<i8>>> = pairs.complete.iter().map(difference).collect();
    Crossed::new(&rows?)
}

/// Tests over seeds and images that never claim more than those over seeds alone: what cannot be said of these images can be
/// said even less of others. (An estimate from few seeds can be large by chance, and the images steady it.)
pub(crate) fn never_above(images: Tests, seeds: &PairedTest) -> Tests {
    let width = |[low, high]: [f64; 2]| high - low;
    let seeds = seeds.tests;
    Tests {
        interval: if width(seeds.interval) > width(images.interval) { seeds.interval } else { images.interval },
        t_p: images.t_p.max(seeds.t_p),
        tost_p: images.tost_p.max(seeds.tost_p),
    }
}

/// [`seeds_needed`] for what the verdict is about; over seeds and images, enough for both tests.
pub(crate) fn suggested(comparison: &Comparison, level: f64) -> Option<usize> {
    let (spread, margin) = (comparison.spread?, comparison.margin);
    let on_these = seeds_needed(spread, 0.0, margin, level)?;
    match comparison.over {
        Over::Seeds => Some(on_these),
        Over::SeedsAndImages => Some(on_these.max(seeds_needed(spread, comparison.image_error?, margin, level)?)),
    }
}
