//! The influence of a single difference on what a sample shows.

use crate::statistics::student::{Sample, Tests, sample, tests, upper_tail};

/// One difference and the others.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Single {
    /// Position in the sample.
    pub(crate) index: usize,
    /// The mean of the others.
    pub(crate) others: f64,
    /// What as many differences like the others would show.
    pub(crate) without: Tests,
    /// How likely some difference of a sample like the others lies as far off, by Grubbs' test, which allows for the choice of
    /// the most extreme. Beyond 1 for most.
    pub(crate) p: f64,
}

/// Every difference set against the others; empty for fewer than three.
///
/// `without` has the mean and the deviation of the others (at least `floor`), but the number of all: a smaller number alone
/// changes many verdicts, whichever difference is left out. With mean m and deviation s of the others,
///
/// ```text
/// p = n·2·P(T > |d − m| / (s·√(1 + 1/(n − 1)))),   T with n − 2 degrees of freedom
/// ```
///
/// Source: Grubbs 1969, Technometrics 11:1, in the form of the deleted residual.
pub(crate) fn singles(differences: &[f64], floor: f64, margin: f64) -> Vec<Single> {
    let n = differences.len();
    if n < 3 {
        return Vec::new();
    }
    let single = |index: usize| {
        let others: Vec<f64> = differences.iter().enumerate().filter(|(i, _)| *i != index).map(|(_, d)| *d).collect();
        let Sample { mean, sd, .. } = sample(&others)?;
        let spread = sd.max(floor);
        let distance = (differences[index] - mean).abs() / (spread * (1.0 + 1.0 / (n - 1) as f64).sqrt());
        let p = 2.0 * n as f64 * upper_tail(distance, n as f64 - 2.0)?;
        Some(Single {
            index,
            others: mean,
            without: tests(mean, spread / (n as f64).sqrt(), n as f64 - 1.0, margin, 0.95)?,
            p,
        })
    };
    (0..n).filter_map(single).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_far_off_is_found_and_the_others_speak_without_it() {
        let singles = singles(&[0.001, -0.002, 0.0, 0.001, -0.4], 0.001, 0.01);
        assert_eq!(singles.iter().filter(|one| one.p <= 0.01).map(|one| one.index).collect::<Vec<_>>(), [4]);
        assert!(singles[4].without.tost_p < 0.001 && singles[0].without.tost_p > 0.1);
        assert!(singles[4].others.abs() < 1e-15);
    }

    #[test]
    fn equal_differences_are_not_far_from_each_other() {
        assert!(singles(&[0.0; 6], 0.001, 0.01).iter().all(|one| one.p > 1.0));
        assert!(singles(&[0.0, 1.0], 0.001, 0.01).is_empty());
        assert!(singles(&[f64::NAN; 3], 0.001, 0.01).is_empty());
    }
}
