//! Adjustment of p-values that come in pairs, of which one null hypothesis at most is true.

/// The p-values of a pair of null hypotheses that exclude each other.
pub(crate) type Pair = [f64; 2];

/// Shaffer's adjusted p-values of N pairs, in the order given: with p₍₁₎ ≤ … ≤ p₍₂ₙ₎,
///
/// ```text
/// p̃₍ᵢ₎ = max over j ≤ i of min(1, kⱼ·p₍ⱼ₎),   kⱼ = pairs with a null among the j-th and those after it
/// ```
///
/// This is Holm's method where logic helps: "no difference" and "a difference of the margin or more" exclude each other, so
/// that at most N of the 2N nulls are true, and Holm's multiplier 2N − j + 1 is up to twice too large. Rejecting where p̃ ≤ α
/// keeps the chance of any false rejection in the family at α, whatever the dependence: until a true null is rejected, all of
/// them are open, hence as many pairs at least, and by Bonferroni's inequality some true p is that small with probability α
/// at most.
///
/// Source: Holm 1979, Scand. J. Statist. 6:65; Shaffer 1986, J. Amer. Statist. Assoc. 81:826 (its second method).
pub(crate) fn adjusted(pairs: &[Pair]) -> Vec<Pair> {
    let mut order: Vec<(usize, usize)> = (0..pairs.len()).flat_map(|pair| [(pair, 0), (pair, 1)]).collect();
    order.sort_by(|&(a, first), &(b, second)| pairs[a][first].total_cmp(&pairs[b][second]));
    let open = open_pairs(&order);
    let mut adjusted = vec![[0.0; 2]; pairs.len()];
    let mut largest: f64 = 0.0;
    for (&(pair, side), open) in order.iter().zip(open) {
        largest = largest.max(open as f64 * pairs[pair][side]).min(1.0);
        adjusted[pair][side] = largest;
    }
    adjusted
}

/// The number of pairs that are among each null and those after it.
fn open_pairs(order: &[(usize, usize)]) -> Vec<usize> {
    let mut seen = vec![false; order.len() / 2];
    let mut count = 0;
    let mut from_the_end = |&(pair, _): &(usize, usize)| {
        count += usize::from(!std::mem::replace(&mut seen[pair], true));
        count
    };
    let mut open: Vec<usize> = order.iter().rev().map(&mut from_the_end).collect();
    open.reverse();
    open
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn assert_close(ours: &[Pair], theirs: &[Pair]) {
        let close = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-15;
        assert!(ours.as_flattened().iter().zip(theirs.as_flattened()).all(close), "{ours:?} is not {theirs:?}");
    }

    #[test]
    fn one_pair_needs_no_adjustment() {
        assert_eq!(adjusted(&[[0.3, 0.04]]), [[0.3, 0.04]]);
        assert!(adjusted(&[]).is_empty());
    }

    /// By hand: in the order 0.005 (a), 0.01 (b), 0.03 (a), 0.04 (c), 0.04 (c), 0.5 (b) the open pairs are 3 3 3 2 2 1.
    #[test]
    fn a_pair_counts_until_both_its_nulls_are_rejected() {
        let ours = adjusted(&[[0.005, 0.03], [0.5, 0.01], [0.04, 0.04]]);
        assert_close(&ours, &[[0.015, 0.09], [0.5, 0.03], [0.09, 0.09]]);
    }

    /// The definition: a null is rejected at α if every set of nulls that can be true together and holds it has a p of
    /// α over its size or less.
    fn by_closure(pairs: &[Pair], pair: usize, side: usize) -> f64 {
        let choices = 3usize.pow(pairs.len() as u32);
        let mut largest = pairs[pair][side];
        for choice in 0..choices {
            let taken: Vec<Option<usize>> =
                (0..pairs.len()).map(|index| [None, Some(0), Some(1)][choice / 3usize.pow(index as u32) % 3]).collect();
            if taken[pair] != Some(side) {
                continue;
            }
            let set: Vec<f64> = taken.iter().zip(pairs).filter_map(|(side, pair)| Some(pair[(*side)?])).collect();
            let least = set.iter().copied().fold(1.0, f64::min);
            largest = largest.max((set.len() as f64 * least).min(1.0));
        }
        largest
    }

    proptest! {
        /// A step-down method may only be more careful than the closed test that it shortens.
        #[test]
        fn never_rejects_more_than_the_closed_test(pairs in prop::collection::vec([0.0..0.2f64, 0.0..1.0f64], 1..5)) {
            for (index, ours) in adjusted(&pairs).into_iter().enumerate() {
                for side in [0, 1] {
                    prop_assert!(ours[side] >= by_closure(&pairs, index, side) - 1e-15, "{pairs:?} {index} {side}");
                    prop_assert!(ours[side] >= pairs[index][side]);
                }
            }
        }
    }
}
