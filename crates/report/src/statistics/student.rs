//! Student's t for one sample of paired differences: interval, test of no difference, test of equivalence.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// Size, mean and standard deviation (n − 1) of at least one number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sample {
    pub(crate) n: usize,
    pub(crate) mean: f64,
    pub(crate) sd: f64,
}

/// None where there are no values, or where their mean or spread is no finite number.
pub(crate) fn sample(values: &[f64]) -> Option<Sample> {
    let n = values.len();
    let mean = values.iter().sum::<f64>() / n as f64;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let sd = if n < 2 { 0.0 } else { (squares / (n - 1) as f64).sqrt() };
    (mean.is_finite() && sd.is_finite()).then_some(Sample { n, mean, sd })
}

/// The 95 % interval of a mean, m ± t₀.₉₇₅(n − 1)·sd/√n; None for fewer than two values.
pub(crate) fn mean_interval(sample: Sample) -> Option<[f64; 2]> {
    interval(sample.mean, sample.sd / (sample.n as f64).sqrt(), sample.n as f64 - 1.0, 0.95)
}

/// Tests of the mean of paired differences.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct PairedTest {
    /// max(sd, floor)
    pub(crate) spread: f64,
    pub(crate) tests: Tests,
}

/// Interval and p-values of a mean difference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Tests {
    pub(crate) interval: [f64; 2],
    /// Two-sided p of "the mean difference is 0".
    pub(crate) t_p: f64,
    /// p of "the mean difference lies outside ±margin".
    pub(crate) tost_p: f64,
}

/// Paired t test and two one-sided tests (TOST) of differences d, with s = max(sd, floor)/√n and n − 1 degrees of freedom:
///
/// ```text
/// t_p    = 2·P(T > |d̄|/s)
/// tost_p = max( P(T > (d̄ + margin)/s), P(T > (margin − d̄)/s) )
/// ```
///
/// `floor` is the smallest spread that the metric can resolve: runs that agree exactly would otherwise claim an interval
/// of no width. The interval is of this `level`, such as 0.95. None for fewer than two pairs.
///
/// Source: Student 1908; Schuirmann 1987, J. Pharmacokinet. Biopharm. 15:657; Lakens 2017, Soc. Psychol. Personal. Sci. 8:355.
pub(crate) fn paired_test(differences: &[f64], floor: f64, margin: f64, level: f64) -> Option<PairedTest> {
    let Sample { n, mean, sd } = sample(differences)?;
    let spread = sd.max(floor);
    let tests = tests(mean, spread / (n as f64).sqrt(), n as f64 - 1.0, margin, level)?;
    Some(PairedTest { spread, tests })
}

/// The t test and the two one-sided tests of a mean with this standard error and these degrees of freedom.
pub(crate) fn tests(mean: f64, error: f64, freedom: f64, margin: f64, level: f64) -> Option<Tests> {
    let interval = interval(mean, error, freedom, level)?;
    let t_p = 2.0 * upper_tail(mean.abs() / error, freedom)?;
    let below = upper_tail((mean + margin) / error, freedom)?;
    let above = upper_tail((margin - mean) / error, freedom)?;
    Some(Tests { interval, t_p: t_p.min(1.0), tost_p: below.max(above) })
}

pub(crate) fn interval(mean: f64, error: f64, freedom: f64, level: f64) -> Option<[f64; 2]> {
    let reach = student(freedom)?.inverse_cdf(0.5 + 0.5 * level) * error;
    let ends = [mean - reach, mean + reach];
    ends.iter().all(|end| end.is_finite()).then_some(ends)
}

/// P(T > t) by the survival function, which keeps its digits where 1 − cdf has none left.
pub(crate) fn upper_tail(t: f64, freedom: f64) -> Option<f64> {
    if t.is_nan() {
        return None;
    }
    Some(student(freedom)?.sf(t))
}

/// Degrees of freedom beyond these are taken for these, which makes intervals wider by less than one part in 5000: the search
/// for a quantile loses its digits further up, and at 10⁸ does not end.
pub(crate) const MOST_FREEDOM: f64 = 10_000.0;

/// None without degrees of freedom.
pub(crate) fn student(freedom: f64) -> Option<StudentsT> {
    StudentsT::new(0.0, 1.0, if freedom > MOST_FREEDOM { MOST_FREEDOM } else { freedom }).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(ours: f64, theirs: f64, relative: f64) {
        assert!((ours - theirs).abs() <= relative * theirs.abs(), "{ours:e} is not {theirs:e}");
    }

    // SciPy 1.17.1, statsmodels 0.15.0:
    //   from scipy import stats; from statsmodels.stats.weightstats import DescrStatsW
    //   t = stats.ttest_1samp(d, 0); t.confidence_interval(0.95), t.pvalue; DescrStatsW(d).ttost_mean(-m, m)[0]
    #[test]
    fn agrees_with_scipy_and_statsmodels() {
        let test = paired_test(&[0.012, -0.004, 0.003, 0.009, -0.001], 0.0, 0.01, 0.95).unwrap().tests;
        assert_close(test.interval[0], -0.004_501_524_435_563_656, 1e-11);
        assert_close(test.interval[1], 0.012_101_524_435_563_655, 1e-11);
        assert_close(test.t_p, 0.272_643_091_805_207_46, 1e-11);
        assert_close(test.tost_p, 0.053_397_503_400_410_086, 1e-11);

        let far = [0.0301, 0.0295, 0.0310, 0.0307, 0.0299, 0.0304, 0.0302, 0.0298, 0.0305, 0.0300];
        let test = paired_test(&far, 0.0, 0.01, 0.95).unwrap().tests;
        assert_close(test.t_p, 5.617_517_520_920_201e-18, 1e-9);
        assert_close(test.tost_p, 0.999_999_999_999_999_9, 1e-12);

        let test = paired_test(&[0.001, 0.002], 0.0, 0.005, 0.95).unwrap().tests;
        assert_close(test.interval[1], 0.007_853_102_368_087_348, 1e-11);
        assert_close(test.t_p, 0.204_832_764_699_133_45, 1e-11);
        assert_close(test.tost_p, 0.045_167_235_300_866_55, 1e-11);
    }

    // scipy.stats.t.sf(t, df), scipy.stats.t.ppf(0.975, df)
    #[test]
    fn tails_and_quantiles_keep_their_digits() {
        let tails = [
            (0.5, 4, 0.321_664_981_590_931_65),
            (3.0, 9, 0.007_478_181_955_207_111),
            (20.0, 9, 4.539_760_649_958_273e-9),
            (80.0, 9, 1.885_967_724_523_378_5e-14),
            (1e4, 4, 2.999_999_800_001_011e-16),
            (1e6, 9, 2.545_897_037_013_283_4e-51),
            (63.66, 1, 0.004_999_744_085_678_7),
        ];
        for (t, freedom, expected) in tails {
            assert_close(upper_tail(t, f64::from(freedom)).unwrap(), expected, 1e-11);
        }
        let quantiles = [
            (1, 12.706_204_736_174_694),
            (2, 4.302_652_729_749_462),
            (4, 2.776_445_105_197_793_4),
            (9, 2.262_157_162_798_205),
            (29, 2.045_229_642_132_703),
        ];
        for (freedom, expected) in quantiles {
            assert_close(student(f64::from(freedom)).unwrap().inverse_cdf(0.975), expected, 1e-11);
        }
    }

    #[test]
    fn any_degrees_of_freedom_have_a_quantile() {
        for freedom in [1e4, 1e8, 1e300, f64::INFINITY] {
            // scipy.stats.norm.ppf(0.975)
            assert_close(student(freedom).unwrap().inverse_cdf(0.975), 1.959_963_984_540_054, 2e-4);
        }
        assert!(student(f64::NAN).is_none() && student(0.0).is_none());
    }

    #[test]
    fn equal_values_keep_an_interval_of_the_floor() {
        let test = paired_test(&[0.0; 4], 0.001, 0.01, 0.95).unwrap().tests;
        // 3.182446305284263 = scipy.stats.t.ppf(0.975, 3)
        assert_close(test.interval[1], 3.182_446_305_284_263 * 0.001 / 2.0, 1e-11);
        assert_close(test.t_p, 1.0, 1e-12);
        assert!(test.tost_p < 0.001);
    }

    #[test]
    fn too_little_or_too_much_gives_none() {
        assert_eq!(paired_test(&[], 0.001, 0.01, 0.95), None);
        assert_eq!(paired_test(&[0.1], 0.001, 0.01, 0.95), None);
        assert_eq!(paired_test(&[0.0, 0.0], 0.0, 0.0, 0.95), None);
        assert_eq!(paired_test(&[f64::MAX, f64::MAX], 0.1, 0.01, 0.95), None);
        assert_eq!(sample(&[]), None);
        assert_eq!(mean_interval(sample(&[1.0]).unwrap()), None);
    }
}
