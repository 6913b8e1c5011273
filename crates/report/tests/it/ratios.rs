//! Intervals of recovered shares hold the true one. `RATES.md` has more numbers of seeds.

use crate::simulated::ratios::{SCENES, coverage};

const STUDIES: usize = 10_000;

/// What chance takes from a coverage of 95 % in one of a thousand: 3.09 standard errors, 0.0067.
const LEAST: f64 = 0.9433;

/// The percentiles of a bootstrap held 84 to 92 % here, bare residuals 91 % where losses differ much.
#[test]
fn intervals_of_shares_hold_the_true_share() {
    for scene in SCENES {
        for seeds in [3, 5, 10] {
            let covered = coverage(scene, seeds, STUDIES);
            assert!(covered >= LEAST, "{}, {seeds} seeds: {covered}", scene.name);
        }
    }
}
