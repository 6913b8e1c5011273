//! A ratio of sums over seeds, with Student's interval of the linearised ratio.

use crate::statistics::student;

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
/// With the sums gₛ and lₛ over the draws of each of n seeds and R = Σ gₛ / Σ lₛ, the interval is Student's of the linearised
/// ratio,
///
/// ```text
/// R ± t₀.₉₇₅(f)·max(d, floor) / (√n·l̄),   d² = Σ rₛ² / (n − 1),   f = (Σ lₛ)² / Σ lₛ² − 1, at least 1
/// rₛ = (gₛ − R·lₛ)·(1 − 1/n) / (1 − lₛ/Σ l)
/// ```
///
/// rₛ is what R changes without seed s, times n − 1 and l̄ (the jackknife): a seed that lost much draws R to itself, and its bare
/// residual hides how far it is from the others. f counts as many seeds as lost something worth mentioning (Kish's effective
/// number): of five seeds one of which lost all there is, only one tells anything. Where all lost as much, the two change
/// nothing; where losses differ by 70 %, as those of weak shifts do, bare residuals with n − 1 degrees of freedom hold 91 %.
///
/// `floor` is the least that the metric can resolve, summed over the draws of a seed: shares that agree exactly keep an
/// interval of some width. A mean of ratios would let the seeds that lost next to nothing decide.
///
/// Source: Durbin 1959, Biometrika 46:477; Cochran 1977, Sampling Techniques, 3rd edition, chapter 6; Kish 1965, Survey Sampling.
pub fn ratio(seeds: &[Vec<Recovered>], floor: f64) -> Option<Ratio> {
    let sum = |draws: &Vec<Recovered>| {
        draws.iter().fold([0.0, 0.0], |[gained, lost], draw| [gained + draw.gained, lost + draw.lost])
    };
    let sums: Vec<[f64; 2]> = seeds.iter().filter(|draws| !draws.is_empty()).map(sum).collect();
    let [gained, lost] = sums.iter().fold([0.0, 0.0], |[g, l], [gained, lost]| [g + gained, l + lost]);
    let value = (lost > 0.0).then_some(gained / lost).filter(|ratio| ratio.is_finite())?;
    let interval = if sums.iter().all(|[_, lost]| *lost > 0.0) { interval(&sums, value, lost, floor) } else { None };
    Some(Ratio { value, interval })
}

/// Of the sums of every seed, which all lost something.
fn interval(sums: &[[f64; 2]], value: f64, lost: f64, floor: f64) -> Option<[f64; 2]> {
    let n = sums.len() as f64;
    if n < 2.0 {
        return None;
    }
    let residual = |[gained, of]: &[f64; 2]| (gained - value * of) * (1.0 - 1.0 / n) / (1.0 - of / lost);
    let squares: f64 = sums.iter().map(|sum| residual(sum).powi(2)).sum();
    let error = (squares / (n - 1.0)).sqrt().max(floor) * n.sqrt() / lost;
    let effective = lost * lost / sums.iter().map(|[_, of]| of * of).sum::<f64>();
    student::interval(value, error, (effective - 1.0).max(1.0), 0.95)
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

    /// (0.1 + 0.3 + 0.0 + 0.2) / (0.2 + 0.4 + 0.1 + 0.3) = 0.6, while the mean of the ratios is 0.479. The residuals
    /// 0.4 − 0.6·0.6 = 0.04 and 0.2 − 0.6·0.4 = −0.04 are halved, and divided by 0.4 and 0.6, what the other seed lost of all;
    /// t₀.₉₇₅(1) = 12.706 204 736 174 694.
    #[test]
    fn a_ratio_of_sums_with_the_interval_of_its_residuals() {
        let all = ratio(&[vec![pair(0.1, 0.2), pair(0.3, 0.4)], vec![pair(0.0, 0.1), pair(0.2, 0.3)]], 0.0).unwrap();
        assert_close(all.value, 0.6);
        let [low, high] = all.interval.unwrap();
        let deviation = 0.02 * (1.0 / 0.16 + 1.0 / 0.36f64).sqrt();
        assert_close(high - 0.6, 12.706_204_736_174_694 * deviation / (2f64.sqrt() * 0.5));
        assert_close(low + high, 1.2);
    }

    /// The interval is that of the values which R takes without one seed or another: √((n − 1)/n·Σ (R₋ₛ − R)²).
    #[test]
    fn the_error_is_that_of_leaving_out_each_seed() {
        let seeds: Vec<Vec<Recovered>> =
            [(0.3, 0.5), (0.1, 0.3), (0.4, 0.4), (0.2, 0.6)].map(|(gained, lost)| vec![pair(gained, lost)]).into();
        let all = ratio(&seeds, 0.0).unwrap();
        let without = |left_out: usize| {
            let others: Vec<Vec<Recovered>> = seeds
                .iter()
                .enumerate()
                .filter(|(seed, _)| *seed != left_out)
                .map(|(_, draws)| draws.clone())
                .collect();
            ratio(&others, 0.0).unwrap().value
        };
        let error = (0.75 * (0..4).map(|seed| (without(seed) - all.value).powi(2)).sum::<f64>()).sqrt();
        // (1.8²)/(0.25 + 0.09 + 0.16 + 0.36) − 1 degrees of freedom.
        let freedom = 1.8 * 1.8 / 0.86 - 1.0;
        let expected = student::interval(all.value, error, freedom, 0.95).unwrap();
        all.interval.unwrap().into_iter().zip(expected).for_each(|(ours, theirs)| assert_close(ours, theirs));
    }

    #[test]
    fn equal_shares_keep_an_interval_of_the_floor() {
        let seeds = vec![vec![pair(0.75, 3.0); 3]; 5];
        let all = ratio(&seeds, 0.001).unwrap();
        // 2.776445105197793 = scipy.stats.t.ppf(0.975, 4); a seed loses 9.
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
