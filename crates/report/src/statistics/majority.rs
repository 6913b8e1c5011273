//! A classifier against one that always gives the same answer.

use statrs::distribution::{Binomial, DiscreteCDF};

/// Largest p of a classifier that is called better.
const BETTER_AT: f64 = 0.05;

/// Whether an accuracy on so many images is higher than that of always answering the class with this share of them, by the exact
/// binomial test: P(X ≥ right answers) ≤ 0.05 for X of the binomial distribution. None for shares outside [0, 1].
pub(crate) fn beats(accuracy: f64, images: usize, share: f64) -> Option<bool> {
    let right = (accuracy * images as f64).round();
    if !(0.0..=images as f64).contains(&right) {
        return None;
    }
    let guesses = Binomial::new(share, images as u64).ok()?;
    let at_least = (right as u64).checked_sub(1).map_or(1.0, |fewer| guesses.sf(fewer));
    Some(at_least <= BETTER_AT)
}

#[cfg(test)]
mod tests {
    use super::*;

    // scipy.stats.binomtest(k, 360, 0.325, alternative="greater").pvalue: 0.0416 for 133, 0.0524 for 132.
    #[test]
    fn the_bound_is_that_of_the_exact_test() {
        assert_eq!(beats(133.0 / 360.0, 360, 0.325), Some(true));
        assert_eq!(beats(132.0 / 360.0, 360, 0.325), Some(false));
        assert_eq!(beats(0.0, 360, 0.1), Some(false));
        assert_eq!(beats(1.0, 360, 0.1), Some(true));
    }

    #[test]
    fn nonsense_is_not_judged() {
        for (accuracy, share) in [(f64::NAN, 0.1), (0.5, f64::NAN), (1e300, 0.1), (-0.5, 0.1), (0.5, 1.5)] {
            assert_eq!(beats(accuracy, 100, share), None);
        }
    }
}
