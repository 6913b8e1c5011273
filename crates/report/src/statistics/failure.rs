//! Rare failures that a number of runs can exclude.

/// The failure rate that n runs without a failure exclude with 95 % certainty, 1 − 0.05^(1/n): at any larger one, a failure
/// would have been seen with that probability. About 3/n.
///
/// Source: Hanley & Lippman-Hand 1983, J. Amer. Med. Assoc. 249:1743 ("rule of three").
pub(crate) fn excluded_rate(runs: usize) -> f64 {
    1.0 - 0.05f64.powf(1.0 / runs as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_larger_rate_would_have_shown() {
        assert!((excluded_rate(10) - 0.258_866).abs() < 1e-6);
        for runs in [1, 5, 30] {
            assert!(((1.0 - excluded_rate(runs)).powi(runs as i32) - 0.05).abs() < 1e-12);
        }
    }
}
