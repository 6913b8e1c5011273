//! A ratio of sums over seeds, with Student's interval of the linearised ratio.

use crate::statistics::student::{self, sample};

/// The loss of one shift of one model, and how much of it came back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recovered {
    /// What came back, in the metric's unit.
    pub gained: f64,
    /// What the shift cost, in the same unit.
    pub lost: f64,
}

/// Σ gained / Σ lost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// The ratio.
    pub value: f64,
    /// 95 %; None for fewer than two seeds, or where some seed lost nothing.
    pub interval: Option<[f64; 2]>,
}

/// The ratio of sums over the draws of every seed; None unless something was lost.
///
/// With the sums gₛ and lₛ over the draws of each of n seeds, R = Σ gₛ / Σ lₛ, and d the standard deviation of the residuals
///
/// ```text
/// rₛ = gₛ − R·lₛ,   R ± t₀.₉₇₅(n − 1)·max(d, floor) / (√n·l̄)
/// ```
///
/// `floor` is the least that the metric can resolve, summed over the draws of a seed: shares that agree exactly keep an
/// interval of some width. A mean of ratios would let the seeds that lost next to nothing decide.
///
/// Source: Cochran 1977, Sampling Techniques, 3rd edition, section 6.4.
pub fn ratio(seeds: &[Vec<Recovered>], floor: f64) -> Option<Ratio> {
    let sum = |draws: &Vec<Recovered>| {
        draws.iter().fold([0.0, 0.0], |[gained, lost], draw| [gained + draw.gained, lost + draw.lost])
    };
    let sums: Vec<[f64; 2]> = seeds.iter().filter(|draws| !draws.is_empty()).map(sum).collect();
    let [gained, lost] = sums.iter().fold([0.0, 0.0], |[g, l], [gained, lost]| [g + gained, l + lost]);
    let value = (lost > 0.0).then_some(gained / lost).filter(|ratio| ratio.is_finite())?;
    let residuals: Vec<f64> = sums.iter().map(|[gained, lost]| gained - value * lost).collect();
    let of_residuals = sample(&residuals).filter(|_| sums.iter().all(|[_, lost]| *lost > 0.0));
    let interval = of_residuals.and_then(|residuals| {
        let mean_lost = lost / residuals.n as f64;
        let error = residuals.sd.max(floor) / (mean_lost * (residuals.n as f64).sqrt());
        student::interval(value, error, residuals.n as f64 - 1.0, 0.95)
    });
    Some(Ratio { value, interval })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(gained: f64, lost: f64) -> Recovered {
        Recovered { gained, lost }
    }

    fn assert_close(ours: f64, theirs: f64) {
        assert!((ours - theirs).abs() < 1e-12, "{ours} is not {theirs}");
    }

    /// (0.1 + 0.3 + 0.0 + 0.2) / (0.2 + 0.4 + 0.1 + 0.3) = 0.6, while the mean of the ratios is 0.479. The residuals are
    /// 0.4 − 0.6·0.6 = 0.04 and 0.2 − 0.6·0.4 = −0.04, of deviation 0.04·√2; t₀.₉₇₅(1) = 12.706 204 736 174 694.
    #[test]
    fn a_ratio_of_sums_with_the_interval_of_its_residuals() {
        let all = ratio(&[vec![pair(0.1, 0.2), pair(0.3, 0.4)], vec![pair(0.0, 0.1), pair(0.2, 0.3)]], 0.0).unwrap();
        assert_close(all.value, 0.6);
        let [low, high] = all.interval.unwrap();
        assert_close(high - 0.6, 12.706_204_736_174_694 * 0.04 * 2f64.sqrt() / (2f64.sqrt() * 0.5));
        assert_close(low + high, 1.2);
    }

    #[test]
    fn equal_shares_keep_an_interval_of_the_floor() {
        let seeds: Vec<Vec<Recovered>> = (1..=5).map(|n| vec![pair(0.25 * f64::from(n), f64::from(n)); 3]).collect();
        let all = ratio(&seeds, 0.001).unwrap();
        // 2.776445105197793 = scipy.stats.t.ppf(0.975, 4); a seed loses 9 on average.
        let reach = 2.776_445_105_197_793 * 0.001 / (5f64.sqrt() * 9.0);
        let [low, high] = all.interval.unwrap();
        assert_close(all.value, 0.25);
        assert_close(low, 0.25 - reach);
        assert_close(high, 0.25 + reach);
    }

    #[test]
    fn too_little_gives_no_interval() {
        assert_eq!(ratio(&[], 0.001), None);
        assert_eq!(ratio(&[vec![pair(0.1, 0.0)]], 0.001), None);
        assert_eq!(ratio(&[vec![pair(0.1, 0.2), pair(0.3, 0.4)]], 0.001).unwrap().interval, None);
        assert_eq!(ratio(&[vec![pair(0.1, 0.5)], vec![pair(0.1, -0.1)]], 0.001).unwrap().interval, None);
        assert_eq!(ratio(&[vec![pair(f64::NAN, 0.5)]], 0.001), None);
    }
}
