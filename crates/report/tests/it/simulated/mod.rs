//! Simulated studies: accuracies drawn around known differences and judged as real ones are.
#![allow(dead_code, reason = "the test and the example use a part each")]

pub(crate) mod images;
pub(crate) mod looks;
mod noise;
pub(crate) mod ratios;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, Uniform};
use rayon::prelude::*;
use serde_json::json;
use untied_report::compare;
use untied_study::{Caveat, CellRecord, CompareConfig, Verdict};

use crate::made_up::{baseline, cell, factors};
#[allow(unused_imports, reason = "the test and the example use a part each")]
pub(crate) use crate::simulated::noise::{COLLAPSES, Noise, OTHERS, SYMMETRIC};

/// Differences from here on count.
pub(crate) const MARGIN: f64 = 0.01;
/// A margin far below the scatter.
pub(crate) const NARROW: f64 = 0.001;
/// Studies per rate, and how many of them share a random stream.
pub(crate) const STUDIES: usize = 10_000;
const CHUNK: usize = 100;

/// Shares of the simulated studies, or of their comparisons.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rates {
    /// Studies with a false verdict: `different` where the true difference is 0, `equivalent` where it is the margin or
    /// more.
    pub(crate) wrong: f64,
    pub(crate) equivalent: f64,
    pub(crate) different: f64,
    /// Equivalences without the caveat of rare failures.
    pub(crate) unwarned: f64,
    /// Comparisons whose verdict is said to hang on one seed.
    pub(crate) one_seed: f64,
    /// Comparisons that are not equivalent, with a seed that is said to lie far from all others.
    pub(crate) far: f64,
    /// Intervals that hold the true difference.
    pub(crate) covered: f64,
}

/// Simulates studies of one variant per true difference, all against one baseline.
pub(crate) fn simulate(noise: Noise, seeds: usize, differences: &[f64]) -> Rates {
    simulate_with(MARGIN, noise, seeds, differences)
}

/// Likewise with a margin of one's own. A narrow one leaves all that is called `different` to the t test.
pub(crate) fn simulate_with(margin: f64, noise: Noise, seeds: usize, differences: &[f64]) -> Rates {
    let template = template(noise, seeds, differences.len());
    let config = CompareConfig { margin, ..baseline() };
    let chunk = |chunk: usize| {
        let mut rng = ChaCha8Rng::seed_from_u64(seeds as u64);
        rng.set_stream(chunk as u64);
        let mut cells = template.clone();
        let mut counts = Rates::default();
        for _ in 0..CHUNK {
            draw(&mut cells, noise, seeds, differences, &mut rng);
            count(&mut counts, &cells, &config, differences);
        }
        counts
    };
    let counts = (0..STUDIES / CHUNK).into_par_iter().map(chunk).reduce(Rates::default, Rates::plus);
    let of_comparisons = 1.0 / (STUDIES * differences.len()) as f64;
    Rates { wrong: counts.wrong / STUDIES as f64, ..counts.scaled(of_comparisons) }
}

/// The cells of the baseline, then those of every treatment.
fn template(noise: Noise, seeds: usize, treatments: usize) -> Vec<CellRecord> {
    let biases = std::iter::once("none".to_owned()).chain((0..treatments).map(|index| format!("treatment {index}")));
    let variant = |bias: String| {
        (0..seeds).map(move |seed| {
            let mut cell = cell(factors(&[("model.bias", json!(bias))]), seed as u64, 0.0, 1);
            cell.test_images = noise.images;
            cell
        })
    };
    biases.flat_map(variant).collect()
}

fn draw(cells: &mut [CellRecord], noise: Noise, seeds: usize, differences: &[f64], rng: &mut ChaCha8Rng) {
    let true_accuracies = Uniform::new(0.85, 0.9).expect("a range");
    for seed in 0..seeds {
        let accuracy = true_accuracies.sample(rng);
        cells[seed].metrics.test_accuracy = Some((noise.baseline)(rng, accuracy));
        for (index, difference) in differences.iter().enumerate() {
            let cell = &mut cells[(index + 1) * seeds + seed];
            cell.metrics.test_accuracy = Some((noise.treatment)(rng, accuracy + difference));
        }
    }
}

fn count(counts: &mut Rates, cells: &[CellRecord], config: &CompareConfig, differences: &[f64]) {
    let comparisons = compare(cells, &[], config);
    let share = |flag: bool| f64::from(u8::from(flag));
    let mut any_wrong = false;
    for (one, &truth) in comparisons.iter().zip(differences) {
        let [low, high] = one.ci95.expect("two pairs or more");
        let (equivalent, different) = (one.verdict == Verdict::Equivalent, one.verdict == Verdict::Different);
        let collapse = one.caveats.contains(&Caveat::Collapse);
        any_wrong |= (different && truth == 0.0) || (equivalent && truth.abs() >= config.margin);
        let one = Rates {
            wrong: 0.0,
            equivalent: share(equivalent),
            different: share(different),
            unwarned: share(equivalent && !collapse),
            one_seed: share(one.caveats.contains(&Caveat::OneSeed)),
            far: share(collapse && !equivalent),
            covered: share(low <= truth && truth <= high),
        };
        *counts = counts.plus(one);
    }
    counts.wrong += share(any_wrong);
}

impl Rates {
    fn plus(self, other: Self) -> Self {
        Self {
            wrong: self.wrong + other.wrong,
            equivalent: self.equivalent + other.equivalent,
            different: self.different + other.different,
            unwarned: self.unwarned + other.unwarned,
            one_seed: self.one_seed + other.one_seed,
            far: self.far + other.far,
            covered: self.covered + other.covered,
        }
    }

    fn scaled(self, by: f64) -> Self {
        Self {
            wrong: self.wrong * by,
            equivalent: self.equivalent * by,
            different: self.different * by,
            unwarned: self.unwarned * by,
            one_seed: self.one_seed * by,
            far: self.far * by,
            covered: self.covered * by,
        }
    }
}
