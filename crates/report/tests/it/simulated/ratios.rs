//! Simulated recoveries of shifted images, with a known share that comes back: intervals of ratios.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, Gamma, StandardNormal};
use rayon::prelude::*;
use untied_report::{Recovered, ratio};

/// Studies that share a random stream.
const CHUNK: usize = 100;
/// Test images, and what one of them is worth.
const IMAGES: f64 = 1000.0;
/// The accuracy that a shift costs on average.
const LOST: f64 = 0.3;

/// How losses and the shares that come back vary. Draw d of seed s loses lₛ + 0.05·z(s, d), at least 0.01, where lₛ is gamma
/// distributed with the mean 0.3; its share is `share` + between·z(s) + within·z(s, d), with standard normal z; accuracies are
/// whole images of 1000.
#[derive(Clone, Copy)]
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    pub(crate) share: f64,
    pub(crate) between: f64,
    pub(crate) within: f64,
    /// Deviation of lₛ, as a share of its mean.
    pub(crate) losses: f64,
    /// Whether what comes back varies as much for seeds that lose little, not in proportion.
    pub(crate) is_even: bool,
    /// Every seed has the same two draws, one with more and one with less to come back, as a uniform shift has that is added
    /// and subtracted.
    pub(crate) is_fixed: bool,
}

const SEEDS: Scene = Scene {
    name: "seeds differ",
    share: 0.6,
    between: 0.1,
    within: 0.02,
    losses: 0.15,
    is_even: false,
    is_fixed: false,
};

pub(crate) const SCENES: [Scene; 9] = [
    SEEDS,
    Scene { name: "seeds and draws differ", within: 0.1, ..SEEDS },
    Scene { name: "draws differ", between: 0.02, within: 0.1, ..SEEDS },
    Scene { name: "the same two draws for every seed", between: 0.05, within: 0.1, is_fixed: true, ..SEEDS },
    Scene { name: "nearly all comes back", share: 0.98, between: 0.01, within: 0.01, ..SEEDS },
    Scene { name: "seeds differ, losses by 30 %", losses: 0.3, ..SEEDS },
    Scene { name: "seeds differ, losses by 50 %", losses: 0.5, ..SEEDS },
    Scene { name: "seeds differ, losses by 70 %", losses: 0.7, ..SEEDS },
    Scene { name: "seeds differ alike, losses by 70 %", losses: 0.7, is_even: true, ..SEEDS },
];

/// The share of intervals that hold the true ratio, of studies with two draws a seed.
pub(crate) fn coverage(scene: Scene, seeds: usize, studies: usize) -> f64 {
    let chunk = |chunk: usize| {
        let mut rng = ChaCha8Rng::seed_from_u64(seeds as u64);
        rng.set_stream(chunk as u64);
        (0..CHUNK).filter(|_| scene.holds(seeds, &mut rng)).count()
    };
    (0..studies / CHUNK).into_par_iter().map(chunk).sum::<usize>() as f64 / studies as f64
}

impl Scene {
    /// Whether the interval of one study holds the true share.
    fn holds(self, seeds: usize, rng: &mut ChaCha8Rng) -> bool {
        let study: Vec<Vec<Recovered>> = (0..seeds).map(|_| self.seed(rng)).collect();
        let interval = ratio(&study, 1.0 / IMAGES).and_then(|ratio| ratio.interval);
        let [low, high] = interval.expect("every seed lost something");
        low <= self.share && self.share <= high
    }

    fn seed(self, rng: &mut ChaCha8Rng) -> Vec<Recovered> {
        let z = |rng: &mut ChaCha8Rng| -> f64 { StandardNormal.sample(rng) };
        let whole = |accuracy: f64| (accuracy * IMAGES).round() / IMAGES;
        let shape = self.losses.powi(-2);
        let level: f64 = Gamma::new(shape, LOST / shape).expect("a shape").sample(rng);
        let between = self.between * z(rng) * if self.is_even { LOST / level.max(0.01) } else { 1.0 };
        let share = self.share + between;
        let draw = |draw: usize| {
            let lost = (level + 0.05 * z(rng)).max(0.01);
            let fixed = if draw == 0 { self.within } else { -self.within };
            let apart = if self.is_fixed { fixed } else { self.within * z(rng) };
            Recovered { gained: whole(lost * (share + apart)), lost: whole(lost) }
        };
        (0..2).map(draw).collect()
    }
}
