//! The verdict of adjusted p-values.

use untied_study::Verdict;

/// Largest adjusted TOST p of an equivalent variant; at 0.025 the 95 % interval lies inside ±margin.
pub(super) const EQUIVALENT_AT: f64 = 0.025;
/// Largest adjusted t-test p of a different variant.
const DIFFERENT_AT: f64 = 0.05;

/// The verdict from adjusted p-values.
pub(super) fn verdict(t_p: Option<f64>, tost_p: Option<f64>) -> Verdict {
    let at_most = |p: Option<f64>, level| p.is_some_and(|p| p <= level);
    if at_most(tost_p, EQUIVALENT_AT) {
        Verdict::Equivalent
    } else if at_most(t_p, DIFFERENT_AT) {
        Verdict::Different
    } else {
        Verdict::Inconclusive
    }
}
