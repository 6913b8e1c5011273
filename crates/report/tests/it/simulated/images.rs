//! Simulated studies whose seeds and test images are both drawn: two variants answer every image, and are judged as real ones.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use rayon::prelude::*;
use serde_json::json;
use statrs::distribution::{ContinuousCDF, Normal};
use untied_report::compare;
use untied_study::{CellRecord, CompareConfig, Over, Verdict};

use crate::made_up::{baseline, cell, factors};

/// Studies that share a random stream.
const CHUNK: usize = 50;
/// A normal number is not drawn where one this large (of 3.4 million, one) would decide otherwise.
const DECIDED: f64 = 5.0;

/// How a baseline and a treatment answer images: rightly where
///
/// ```text
/// baseline   q(i)            + c(s)        + u(s, i) > 0
/// treatment  q(i) + δ + g(i) + c(s) + a(s) + v(s, i) > 0
/// ```
///
/// with normal q (mean such that the baseline has its accuracy), g, c and a for image i and seed s, and normal u and v of
/// variance 1. δ makes the difference of the accuracies, over all seeds and images there could be, what it is to be.
#[derive(Clone, Copy)]
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    pub(crate) images: usize,
    pub(crate) accuracy: f64,
    /// Deviation of q: how far images differ in difficulty.
    pub(crate) difficulty: f64,
    /// Deviation of g: how far the treatment suits some images and not others.
    pub(crate) taste: f64,
    /// Deviation of c: how far seeds differ.
    pub(crate) seed: f64,
    /// Deviation of a: how far the difference depends on the seed.
    pub(crate) seed_difference: f64,
    /// Correlation of u and v: what the variants of a seed share.
    pub(crate) shared: f64,
}

/// As trained networks answer: most images are decided, and variants of one seed disagree about few.
const TRAINED: Scene = Scene {
    name: "360 images",
    images: 360,
    accuracy: 0.95,
    difficulty: 6.0,
    taste: 0.5,
    seed: 0.2,
    seed_difference: 0.1,
    shared: 0.5,
};

pub(crate) const SCENES: [Scene; 8] = [
    TRAINED,
    Scene { name: "1000 images", images: 1000, accuracy: 0.87, difficulty: 3.0, ..TRAINED },
    Scene { name: "the same images differ for every seed", taste: 3.0, shared: 0.95, seed_difference: 0.0, ..TRAINED },
    Scene { name: "seeds decide", seed_difference: 1.5, seed: 1.0, ..TRAINED },
    Scene { name: "answers like coins", difficulty: 0.0, taste: 0.0, shared: 0.0, seed_difference: 0.0, ..TRAINED },
    Scene { name: "hardly an answer differs", taste: 0.1, shared: 0.99, seed_difference: 0.05, ..TRAINED },
    Scene {
        name: "no seed differs, few images do",
        difficulty: 20.0,
        taste: 2.0,
        shared: 1.0,
        seed: 0.0,
        seed_difference: 0.0,
        ..TRAINED
    },
    Scene { name: "10 000 images", images: 10_000, accuracy: 0.97, ..TRAINED },
];

/// Shares of the simulated studies.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rates {
    /// Intervals over seeds and images that hold the true difference.
    pub(crate) covered: f64,
    /// Intervals over seeds alone that do.
    pub(crate) covered_by_seeds: f64,
    pub(crate) equivalent: f64,
    pub(crate) different: f64,
    /// Answers that differ, of all pairs of answers.
    pub(crate) discordant: f64,
}

impl Rates {
    fn plus(self, other: Self) -> Self {
        Self {
            covered: self.covered + other.covered,
            covered_by_seeds: self.covered_by_seeds + other.covered_by_seeds,
            equivalent: self.equivalent + other.equivalent,
            different: self.different + other.different,
            discordant: self.discordant + other.discordant,
        }
    }
}

/// Studies of one comparison with this true difference and margin, judged over seeds and images.
pub(crate) fn simulate(scene: Scene, seeds: usize, difference: f64, margin: f64, studies: usize) -> Rates {
    let config = CompareConfig { margin, over: Over::SeedsAndImages, ..baseline() };
    let chunk = |chunk: usize| {
        let mut rng = ChaCha8Rng::seed_from_u64(seeds as u64);
        rng.set_stream(chunk as u64);
        let mut rates = Rates::default();
        for _ in 0..CHUNK {
            let (cells, discordant) = scene.draw(seeds, difference, &mut rng);
            let one = &compare(&cells, &[], &config)[0];
            let holds =
                |ends: Option<[f64; 2]>| ends.is_some_and(|[low, high]| low <= difference && difference <= high);
            let count = |is: bool| f64::from(u8::from(is));
            rates = rates.plus(Rates {
                covered: count(holds(one.ci95_images)),
                covered_by_seeds: count(holds(one.ci95)),
                equivalent: count(one.verdict == Verdict::Equivalent),
                different: count(one.verdict == Verdict::Different),
                discordant,
            });
        }
        rates
    };
    let sum = (0..studies / CHUNK).into_par_iter().map(chunk).reduce(Rates::default, Rates::plus);
    let share = |count: f64| count / studies as f64;
    Rates {
        covered: share(sum.covered),
        covered_by_seeds: share(sum.covered_by_seeds),
        equivalent: share(sum.equivalent),
        different: share(sum.different),
        discordant: share(sum.discordant),
    }
}

impl Scene {
    /// The means of baseline and treatment, whose sums of normal numbers are above 0 as often as their accuracies say.
    fn means(self, difference: f64) -> [f64; 2] {
        let base = self.difficulty.powi(2) + self.seed.powi(2) + 1.0;
        let treated = base + self.taste.powi(2) + self.seed_difference.powi(2);
        let quantile = |accuracy: f64| Normal::standard().inverse_cdf(accuracy);
        [quantile(self.accuracy) * base.sqrt(), quantile(self.accuracy + difference) * treated.sqrt()]
    }

    /// The cells of one study, and the share of answers that differ.
    fn draw(self, seeds: usize, difference: f64, rng: &mut ChaCha8Rng) -> (Vec<CellRecord>, f64) {
        let normal = |rng: &mut ChaCha8Rng| -> f64 { StandardNormal.sample(rng) };
        let [base, treated] = self.means(difference);
        let image = |_| {
            let difficulty = self.difficulty * normal(rng);
            [base + difficulty, treated + difficulty + self.taste * normal(rng)]
        };
        let images: Vec<[f64; 2]> = (0..self.images).map(image).collect();
        let (mut cells, mut discordant) = ([Vec::new(), Vec::new()], 0);
        let rest = (1.0 - self.shared.powi(2)).sqrt();
        for seed in 0..seeds {
            let (both, own) = (self.seed * normal(rng), self.seed_difference * normal(rng));
            let mut answers = [Vec::with_capacity(self.images), Vec::with_capacity(self.images)];
            for means in &images {
                let [base, treated] = [means[0] + both, means[1] + both + own];
                let right = if base.min(treated) > DECIDED || base.max(treated) < -DECIDED {
                    [base > 0.0; 2]
                } else {
                    let u = normal(rng);
                    [base + u > 0.0, treated + self.shared * u + rest * normal(rng) > 0.0]
                };
                discordant += usize::from(right[0] != right[1]);
                answers.iter_mut().zip(right).for_each(|(answers, right)| answers.push(right));
            }
            for ((cells, answers), bias) in cells.iter_mut().zip(answers).zip(["none", "tied"]) {
                cells.push(answered(bias, seed as u64, &answers));
            }
        }
        (cells.concat(), discordant as f64 / (seeds * self.images) as f64)
    }
}

/// A finished run with these answers.
pub(crate) fn answered(bias: &str, seed: u64, answers: &[bool]) -> CellRecord {
    let mut run = cell(factors(&[("model.bias", json!(bias))]), seed, 0.0, 1);
    let right = answers.iter().filter(|right| **right).count();
    run.test_images = answers.len();
    run.metrics.test_accuracy = Some(right as f64 / answers.len() as f64);
    run.answers = answers.iter().copied().collect();
    run
}
