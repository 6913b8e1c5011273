//! Simulated studies whose seeds come look by look: by design, or added by hand until there is a verdict.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rayon::prelude::*;
use untied_report::{compare, look};
use untied_study::{Caveat, CellRecord, CompareConfig, Comparison, Sequential, Verdict};

use super::{CHUNK, Noise, draw, template};
use crate::made_up::baseline;

/// The designs whose rates are shown.
pub(crate) const DESIGNS: [Sequential; 3] = [
    Sequential { first: 3, step: 3, most: 12 },
    Sequential { first: 5, step: 5, most: 30 },
    Sequential { first: 2, step: 1, most: 20 },
];

/// Means over the simulated studies or their comparisons.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct LookRates {
    /// Studies with a false verdict, as for a fixed number of seeds.
    pub(crate) wrong: f64,
    pub(crate) equivalent: f64,
    pub(crate) different: f64,
    /// Equivalences without the caveat of rare failures.
    pub(crate) unwarned: f64,
    /// Intervals that hold the true difference.
    pub(crate) covered: f64,
    /// Pairs of runs that a comparison has at its last look.
    pub(crate) seeds: f64,
}

/// The way that a study's comparisons come to their verdicts.
type Judge<'j> = &'j (dyn Fn(&[CellRecord], &CompareConfig) -> Vec<Comparison> + Sync);

/// Studies with the looks of a design.
pub(crate) fn simulate_looks(
    design: Sequential,
    margin: f64,
    noise: Noise,
    differences: &[f64],
    studies: usize,
) -> LookRates {
    let judge = |cells: &[CellRecord], config: &CompareConfig| look(cells, &[], config, design).comparisons;
    simulate(design.most, margin, noise, differences, studies, &judge)
}

/// Studies of one comparison with a fixed number of seeds, which somebody extends until there is a verdict: the worst that
/// adding seeds by hand can be.
pub(crate) fn simulate_by_hand(
    design: Sequential,
    margin: f64,
    noise: Noise,
    difference: f64,
    studies: usize,
) -> LookRates {
    let judge = |cells: &[CellRecord], config: &CompareConfig| {
        let at = |seeds: usize| {
            let first: Vec<CellRecord> = cells.iter().filter(|cell| cell.seed < seeds as u64).cloned().collect();
            compare(&first, &[], config)
        };
        let decided = design.looks().map(at).find(|all| all[0].verdict != Verdict::Inconclusive);
        decided.unwrap_or_else(|| at(design.most))
    };
    simulate(design.most, margin, noise, &[difference], studies, &judge)
}

fn simulate(
    seeds: usize,
    margin: f64,
    noise: Noise,
    differences: &[f64],
    studies: usize,
    judge: Judge<'_>,
) -> LookRates {
    let template = template(noise, seeds, differences.len());
    let config = CompareConfig { margin, ..baseline() };
    let chunk = |chunk: usize| {
        let mut rng = ChaCha8Rng::seed_from_u64(1000 + seeds as u64);
        rng.set_stream(chunk as u64);
        let mut cells = template.clone();
        let mut sums = LookRates::default();
        for _ in 0..CHUNK {
            draw(&mut cells, noise, seeds, differences, &mut rng);
            add_study(&mut sums, &judge(&cells, &config), differences);
        }
        sums
    };
    let sums = (0..studies / CHUNK).into_par_iter().map(chunk).reduce(LookRates::default, add);
    let comparisons = (studies * differences.len()) as f64;
    LookRates {
        wrong: sums.wrong / studies as f64,
        equivalent: sums.equivalent / comparisons,
        different: sums.different / comparisons,
        unwarned: sums.unwarned / comparisons,
        covered: sums.covered / comparisons,
        seeds: sums.seeds / comparisons,
    }
}

fn add_study(sums: &mut LookRates, comparisons: &[Comparison], differences: &[f64]) {
    let share = |flag: bool| f64::from(u8::from(flag));
    let mut any_wrong = false;
    for (one, &truth) in comparisons.iter().zip(differences) {
        let [low, high] = one.ci95.expect("two pairs or more");
        let (equivalent, different) = (one.verdict == Verdict::Equivalent, one.verdict == Verdict::Different);
        any_wrong |= (different && truth == 0.0) || (equivalent && truth.abs() >= one.margin);
        let covered = low <= truth && truth <= high;
        let one = LookRates {
            wrong: 0.0,
            equivalent: share(equivalent),
            different: share(different),
            unwarned: share(equivalent && !one.caveats.contains(&Caveat::Collapse)),
            covered: share(covered),
            seeds: one.seeds as f64,
        };
        *sums = add(*sums, one);
    }
    sums.wrong += share(any_wrong);
}

fn add(a: LookRates, b: LookRates) -> LookRates {
    LookRates {
        wrong: a.wrong + b.wrong,
        equivalent: a.equivalent + b.equivalent,
        different: a.different + b.different,
        unwarned: a.unwarned + b.unwarned,
        covered: a.covered + b.covered,
        seeds: a.seeds + b.seeds,
    }
}
