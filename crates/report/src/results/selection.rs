//! The part that is shown of studies too large to be shown whole.

use untied_study::Comparison;

/// Rows of a plot, one a variant or comparison.
pub(crate) const ROWS: usize = 48;
/// Panels of curves, one a context.
pub(crate) const PANELS: usize = 8;
/// Curves in a panel.
pub(crate) const CURVES: usize = 12;
/// Verdicts in words.
pub(crate) const SENTENCES: usize = 24;

/// Runs that did not finish, by cause.
pub(crate) const ITEMS: usize = 100;

/// At most so many of the items, those that rank highest, in the order that they have.
pub(crate) fn foremost<T>(items: Vec<T>, most: usize, rank: impl Fn(&T) -> f64) -> Vec<T> {
    if items.len() <= most {
        return items;
    }
    let mut order: Vec<(usize, f64)> = items.iter().map(&rank).enumerate().collect();
    order.sort_by(|(_, a), (_, b)| b.total_cmp(a));
    let mut chosen = vec![false; items.len()];
    order.iter().take(most).for_each(|(index, _)| chosen[*index] = true);
    items.into_iter().zip(chosen).filter_map(|(item, chosen)| chosen.then_some(item)).collect()
}

/// |mean difference| of a comparison, −1 if unknown: the key that selects.
pub(crate) fn size(one: &Comparison) -> f64 {
    one.mean_difference.map_or(-1.0, f64::abs)
}

/// ` Shown are 48 of 750 comparisons, those with …; results.json has all.`, or nothing where all are shown.
pub(crate) fn remark(shown: usize, all: usize, what: &str, which: &str) -> String {
    if shown == all {
        return String::new();
    }
    format!(" Shown are {shown} of {all} {what}, {which}; results.json has all.")
}

/// Exceptions that are named.
pub(crate) const NAMED: usize = 3;

/// The names of the first few, and how many more there are; None without any.
pub(crate) fn named<T>(all: &[T], name: impl Fn(&T) -> String) -> Option<(String, usize)> {
    let names: Vec<String> = all.iter().take(NAMED).map(name).collect();
    (!names.is_empty()).then(|| (names.join("; "), all.len() - names.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_stay_in_their_order() {
        assert_eq!(foremost(vec![3.0, 1.0, f64::NEG_INFINITY, 5.0, 4.0], 3, |x| *x), [3.0, 5.0, 4.0]);
        assert_eq!(foremost(vec![1.0, 2.0], 3, |x| *x), [1.0, 2.0]);
        assert_eq!(foremost(vec![0.0; 9], 2, |x| *x).len(), 2);
    }
}
