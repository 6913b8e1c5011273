//! The number of seeds that it takes to decide.

use statrs::distribution::{ContinuousCDF, Normal};
use statrs::function::gamma::ln_gamma;

use crate::statistics::student::{MOST_FREEDOM, student};

/// Chance of a verdict that suggested seeds give.
pub(crate) const POWER: f64 = 0.8;
/// More seeds than this are not suggested.
pub(crate) const MOST_SEEDS: usize = 10_000;
const POINTS: usize = 48;

/// The smallest number n of pairs with [`POWER`] of showing equivalence, one-sided at `level`, where the variants do not
/// differ, the pairs' differences have the deviation `spread`, and the choice of test images adds the standard error `images`
/// to their mean, 0 for verdicts on these images. None where not even [`MOST_SEEDS`] are enough.
///
/// As many also have at least this power of showing a difference of the margin's size, two-sided at 2·`level`.
pub(crate) fn seeds_needed(spread: f64, images: f64, margin: f64, level: f64) -> Option<usize> {
    let enough = |n: usize| power(n, spread, images, margin, level).is_some_and(|power| power >= POWER);
    let normal = Normal::standard();
    let quantiles = normal.inverse_cdf(1.0 - level) + normal.inverse_cdf(0.5 + POWER / 2.0);
    // No number of seeds makes up for too few images.
    let room = (margin / quantiles).powi(2) - images.powi(2);
    if room <= 0.0 {
        return None;
    }
    // What known deviations would need, and what estimating them adds; a little off where few are enough.
    let guess = spread.powi(2) / room + normal.inverse_cdf(level).powi(2) / 2.0;
    if guess <= MOST_SEEDS as f64 { smallest((guess as usize).max(2), enough) } else { None }
}

/// The smallest n from 2 to [`MOST_SEEDS`] that is enough, where all larger ones are, too: looked for from a guess outwards
/// in growing steps, then by halves.
fn smallest(guess: usize, enough: impl Fn(usize) -> bool) -> Option<usize> {
    let (mut too_few, mut n, mut step) = (guess - 1, guess, 1);
    while too_few > 1 && enough(too_few) {
        (n, too_few) = (too_few, too_few.saturating_sub(step).max(1));
        step *= 2;
    }
    while !enough(n) {
        if n >= MOST_SEEDS {
            return None;
        }
        (too_few, n) = (n, MOST_SEEDS.min(n + step));
        step *= 2;
    }
    while n - too_few > 1 {
        let middle = usize::midpoint(too_few, n);
        if enough(middle) { n = middle } else { too_few = middle }
    }
    Some(n)
}

/// Chance that the mean of n normal differences, true mean 0, gives TOST p ≤ `level`, with standard error
/// E = √(spread²/n + images²) and r = E²/(spread²/n), 1 where `images` is 0:
///
/// ```text
/// P = ∫ max(0, 2·Φ(margin/E − t₁₋ₗₑᵥₑₗ((n − 1)·r)·u) − 1)·p(u) du,   u = estimated E/E,  f·u² ~ χ²(f),  f = (n − 1)·r²
/// ```
///
/// since the mean and the deviation of a normal sample are independent. Simpson's rule, over all u that count.
///
/// Source: Phillips 1990, J. Pharmacokinet. Biopharm. 18:137; Schuirmann 1987, ibid. 15:657.
fn power(n: usize, spread: f64, images: f64, margin: f64, level: f64) -> Option<f64> {
    let over_seeds = spread / (n as f64).sqrt();
    let error = over_seeds.hypot(images);
    let ratio = (error / over_seeds).powi(2);
    let freedom = ((n - 1) as f64 * ratio * ratio).min(MOST_FREEDOM);
    let quantile = student((n - 1) as f64 * ratio)?.inverse_cdf(1.0 - level);
    let reach = margin / error;
    let half_width = 8.0 / (2.0 * freedom).sqrt();
    let low = (1.0 - half_width).max(0.0);
    let high = (1.0 + half_width).min(reach / quantile);
    if high.partial_cmp(&low)?.is_le() {
        return Some(0.0);
    }
    let normal = Normal::standard();
    let constant = 2f64.ln() + freedom / 2.0 * (freedom / 2.0).ln() - ln_gamma(freedom / 2.0);
    let integrand = |u: f64| {
        let density = (constant + (freedom - 1.0) * u.max(f64::MIN_POSITIVE).ln() - freedom / 2.0 * u * u).exp();
        (2.0 * normal.cdf(reach - quantile * u) - 1.0).max(0.0) * density
    };
    let step = (high - low) / POINTS as f64;
    let weight = |index: usize| match index {
        0 | POINTS => 1.0,
        odd if odd % 2 == 1 => 4.0,
        _ => 2.0,
    };
    Some((0..=POINTS).map(|index| weight(index) * integrand(low + step * index as f64)).sum::<f64>() * step / 3.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_spread_smaller_margins_and_larger_families_need_more_seeds() {
        let needed = |spread, margin, level| seeds_needed(spread, 0.0, margin, level).unwrap();
        assert!(needed(0.01, 0.01, 0.0125) < needed(0.02, 0.01, 0.0125));
        assert!(needed(0.01, 0.01, 0.0125) < needed(0.01, 0.005, 0.0125));
        assert!(needed(0.01, 0.01, 0.0125) < needed(0.01, 0.01, 0.003));
    }

    #[test]
    fn many_seeds_follow_the_normal_approximation() {
        // (2.2414 + 1.2816)²·400: quantiles 1 - 0.0125 and 0.9 of the normal distribution.
        let needed = seeds_needed(0.2, 0.0, 0.01, 0.0125).unwrap();
        assert!((4964..4969).contains(&needed), "{needed}");
    }

    #[test]
    fn what_no_number_of_seeds_decides_gets_none() {
        assert_eq!(seeds_needed(1.0, 0.0, 0.01, 0.0125), None);
        for (spread, margin) in [(0.01, 0.0), (f64::NAN, 0.01), (0.01, f64::NAN), (f64::INFINITY, 0.01)] {
            assert_eq!(seeds_needed(spread, 0.0, margin, 0.0125), None, "{spread} {margin}");
        }
        assert_eq!(seeds_needed(1e-300, 0.0, 0.01, 0.0125), Some(2));
    }

    #[test]
    fn images_ask_for_more_seeds_and_too_few_of_them_for_no_number() {
        let needed = |images| seeds_needed(0.01, images, 0.01, 0.0125);
        assert!(needed(0.0) < needed(0.0025) && needed(0.0025).is_some(), "{:?} {:?}", needed(0.0), needed(0.0025));
        // 0.01 / (2.2414 + 1.2816) = 0.002838
        assert_eq!(needed(0.002_84), None);
    }

    #[test]
    fn the_smallest_number_is_found_from_any_guess() {
        for wanted in [2, 3, 17, 1000, MOST_SEEDS] {
            for guess in [2, 3, 16, 17, 18, 999, 5000, MOST_SEEDS] {
                assert_eq!(smallest(guess, |n| n >= wanted), Some(wanted), "from {guess}");
            }
        }
        assert_eq!(smallest(7, |_| false), None);
    }
}
