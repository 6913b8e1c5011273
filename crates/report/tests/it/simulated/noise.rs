//! How the accuracies of simulated studies scatter around their true means.

use rand_chacha::ChaCha8Rng;
use rand_distr::{Binomial, Distribution, Exp1, LogNormal, StandardNormal, StandardUniform, StudentT};

use crate::simulated::MARGIN;

/// The accuracy that a run measures, where it would measure the given one on average.
type Draw = fn(&mut ChaCha8Rng, f64) -> f64;

/// How the accuracies of one seed scatter.
#[derive(Clone, Copy)]
pub(crate) struct Noise {
    pub(crate) name: &'static str,
    /// Images in the test set.
    pub(super) images: usize,
    pub(super) baseline: Draw,
    pub(super) treatment: Draw,
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
pub(crate) const OTHERS: [Noise; 5] = [
    continuous("exponential (skewness 2)", |rng, accuracy| accuracy + 0.5 * MARGIN * (exponential(rng) - 1.0)),
    continuous("log-normal (skewness 6)", |rng, accuracy| accuracy + 0.3 * MARGIN * (log_normal(rng) - 0.5f64.exp())),
    continuous("one seed in ten far above the rest", |rng, accuracy| {
        accuracy + MARGIN * if one_in_ten(rng) { 0.9 } else { -0.1 }
    }),
    continuous("two values, equally likely", |rng, accuracy| {
        accuracy + MARGIN * if uniform(rng) < 0.5 { 0.5 } else { -0.5 }
    }),
    continuous("uniform", |rng, accuracy| accuracy + MARGIN * (uniform(rng) - 0.5)),
];

/// Rare failures that make a difference of the margin on average; the other seeds scatter little, around the margin above. What
/// is lost is too rare for a few seeds to show it.
pub(crate) const COLLAPSES: [Noise; 2] = [
    continuous("one seed in ten loses 10 margins", |rng, accuracy| {
        accuracy + MARGIN * (1.0 + 0.2 * normal(rng) - if one_in_ten(rng) { 10.0 } else { 0.0 })
    }),
    continuous("one seed in 20 loses 20 margins", |rng, accuracy| {
        accuracy + MARGIN * (1.0 + 0.2 * normal(rng) - if uniform(rng) < 0.05 { 20.0 } else { 0.0 })
    }),
];

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
