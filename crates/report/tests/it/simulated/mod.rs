//! Simulated studies: accuracies drawn around known differences and judged as real ones are.
#![allow(dead_code, reason = "the test and the example use a part each")]

pub(crate) mod looks;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Binomial, Distribution, Exp1, LogNormal, StandardNormal, StandardUniform, StudentT, Uniform};
use rayon::prelude::*;
use serde_json::json;
use untied_report::compare;
use untied_study::{Caveat, CellRecord, CompareConfig, Verdict};

use crate::made_up::{baseline, cell, factors};

/// Differences from here on count.
pub(crate) const MARGIN: f64 = 0.01;
/// A margin far below the scatter.
pub(crate) const NARROW: f64 = 0.001;
/// Studies per rate, and how many of them share a random stream.
pub(crate) const STUDIES: usize = 10_000;
const CHUNK: usize = 100;

/// The accuracy that a run measures, where it would measure the given one on average.
type Draw = fn(&mut ChaCha8Rng, f64) -> f64;

/// How the accuracies of one seed scatter.
#[derive(Clone, Copy)]
pub(crate) struct Noise {
    pub(crate) name: &'static str,
    /// Images in the test set.
    images: usize,
    baseline: Draw,
    treatment: Draw,
}

/// Enough images for the floor of the spread not to matter.
const MANY: usize = 1_000_000_000;

/// Noise that is symmetric around the true difference, with tails as heavy as normal ones or heavier, or discrete.
pub(crate) const SYMMETRIC: [Noise; 8] = [
    continuous("normal, σ = 0.4 margins", |rng, accuracy| accuracy + 0.4 * MARGIN * normal(rng)),
    continuous("normal, σ = 2 margins", |rng, accuracy| accuracy + 2.0 * MARGIN * normal(rng)),
    continuous("Student's t, 2 degrees of freedom", |rng, accuracy| accuracy + 0.4 * MARGIN * student(2.0, rng)),
    continuous("Cauchy", |rng, accuracy| accuracy + 0.1 * MARGIN * student(1.0, rng)),
    continuous("one seed in ten 20 times as far off", |rng, accuracy| {
        accuracy + 0.2 * MARGIN * normal(rng) * if one_in_ten(rng) { 20.0 } else { 1.0 }
    }),
    Noise { name: "binomial, 360 images", images: 360, baseline: images_of_360, treatment: images_of_360 },
    Noise {
        name: "σ = 1 of 360 images, rounded",
        images: 360,
        baseline: round_360,
        treatment: |rng, accuracy| {
            let noise = normal(rng) / 360.0;
            round_360(rng, accuracy + noise)
        },
    },
    Noise {
        name: "σ = 3 of 1000 images, rounded",
        images: 1000,
        baseline: round_1000,
        treatment: |rng, accuracy| {
            let noise = 3.0 * normal(rng) / 1000.0;
            round_1000(rng, accuracy + noise)
        },
    },
];

/// Noise of mean 0 that Student's t is not made for. Positive skew: most differences lie below their mean.
pub(crate) const OTHERS: [Noise; 6] = [
    continuous("exponential (skewness 2)", |rng, accuracy| accuracy + 0.5 * MARGIN * (exponential(rng) - 1.0)),
    continuous("log-normal (skewness 6)", |rng, accuracy| accuracy + 0.3 * MARGIN * (log_normal(rng) - 0.5f64.exp())),
    continuous("one seed in ten far above the rest", |rng, accuracy| {
        accuracy + MARGIN * if one_in_ten(rng) { 0.9 } else { -0.1 }
    }),
    COLLAPSE,
    continuous("two values, equally likely", |rng, accuracy| {
        accuracy + MARGIN * if uniform(rng) < 0.5 { 0.5 } else { -0.5 }
    }),
    continuous("uniform", |rng, accuracy| accuracy + MARGIN * (uniform(rng) - 0.5)),
];

/// One seed in ten loses 10 margins, of mean 0; the others scatter little.
pub(crate) const COLLAPSE: Noise = continuous("one seed in ten fails, 10 margins below", |rng, accuracy| {
    accuracy + MARGIN * (1.0 + 0.2 * normal(rng) - if one_in_ten(rng) { 10.0 } else { 0.0 })
});

const fn continuous(name: &'static str, treatment: Draw) -> Noise {
    Noise { name, images: MANY, baseline: |_, accuracy| accuracy, treatment }
}

fn normal(rng: &mut ChaCha8Rng) -> f64 {
    StandardNormal.sample(rng)
}

fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    StandardUniform.sample(rng)
}

fn one_in_ten(rng: &mut ChaCha8Rng) -> bool {
    uniform(rng) < 0.1
}

fn exponential(rng: &mut ChaCha8Rng) -> f64 {
    Exp1.sample(rng)
}

fn log_normal(rng: &mut ChaCha8Rng) -> f64 {
    LogNormal::new(0.0, 1.0).expect("a deviation").sample(rng)
}

fn student(freedom: f64, rng: &mut ChaCha8Rng) -> f64 {
    StudentT::new(freedom).expect("degrees of freedom").sample(rng)
}

fn images_of_360(rng: &mut ChaCha8Rng, accuracy: f64) -> f64 {
    Binomial::new(360, accuracy).expect("an accuracy").sample(rng) as f64 / 360.0
}

fn round_360(_: &mut ChaCha8Rng, accuracy: f64) -> f64 {
    (accuracy * 360.0).round() / 360.0
}

fn round_1000(_: &mut ChaCha8Rng, accuracy: f64) -> f64 {
    (accuracy * 1000.0).round() / 1000.0
}

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
    let counts = (0..STUDIES / CHUNK).into_par_iter().map(chunk).reduce(Rates::default, sum);
    let comparisons = (STUDIES * differences.len()) as f64;
    Rates {
        wrong: counts.wrong / STUDIES as f64,
        equivalent: counts.equivalent / comparisons,
        different: counts.different / comparisons,
        unwarned: counts.unwarned / comparisons,
        covered: counts.covered / comparisons,
    }
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
    let mut any_wrong = false;
    for (one, &truth) in comparisons.iter().zip(differences) {
        let [low, high] = one.ci95.expect("two pairs or more");
        let (equivalent, different) = (one.verdict == Verdict::Equivalent, one.verdict == Verdict::Different);
        any_wrong |= (different && truth == 0.0) || (equivalent && truth.abs() >= config.margin);
        counts.equivalent += f64::from(u8::from(equivalent));
        counts.unwarned += f64::from(u8::from(equivalent && !one.caveats.contains(&Caveat::Collapse)));
        counts.different += f64::from(u8::from(different));
        counts.covered += f64::from(u8::from(low <= truth && truth <= high));
    }
    counts.wrong += f64::from(u8::from(any_wrong));
}

fn sum(a: Rates, b: Rates) -> Rates {
    Rates {
        wrong: a.wrong + b.wrong,
        equivalent: a.equivalent + b.equivalent,
        different: a.different + b.different,
        unwarned: a.unwarned + b.unwarned,
        covered: a.covered + b.covered,
    }
}
