//! The table against brute force: the rank of the Jacobian of the normalized output by the bias.

mod dual;
mod normalize;

use dual::Dual;
use normalize::{Case, IMAGES, normalize};
use proptest::prelude::*;
use untied_redundancy::{Bias, BiasTerms, Mode, Normalization, norm};

use crate::{behind, map, noise, rank, untied_along};

/// The normalized output of fixed data plus a bias, and its derivative as the bias moves along `direction`.
fn output(case: Case, map: &BiasTerms, bias: &[f64], direction: &[f64]) -> Vec<Dual> {
    let locations: usize = map.spatial().iter().product();
    let data = noise(IMAGES * map.channels() * locations, 1);
    let (b, d) = (map.expand(bias), map.expand(direction));
    let entry = |(i, &a): (usize, &f64)| Dual { value: a + b[i % b.len()], slope: d[i % b.len()] };
    let z: Vec<Dual> = data.iter().enumerate().map(entry).collect();
    normalize(case, map.channels(), locations, &z)
}

fn slopes(case: Case, map: &BiasTerms, bias: &[f64], direction: &[f64]) -> Vec<f64> {
    output(case, map, bias, direction).iter().map(|y| y.slope).collect()
}

fn values(case: Case, map: &BiasTerms, bias: &[f64]) -> Vec<f64> {
    output(case, map, bias, bias).iter().map(|y| y.value).collect()
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |largest, value| value.abs().max(largest))
}

fn difference(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |largest, (a, b)| (a - b).abs().max(largest))
}

/// One column per bias parameter: the derivative of the output as that parameter moves.
fn jacobian(case: Case, map: &BiasTerms, bias: &[f64]) -> Vec<Vec<f64>> {
    let unit = |k| (0..map.parameters()).map(|j| f64::from(u8::from(j == k))).collect::<Vec<_>>();
    (0..map.parameters()).map(|k| slopes(case, map, bias, &unit(k))).collect()
}

fn any_map() -> impl Strategy<Value = BiasTerms> {
    (1_usize..=4, prop::collection::vec((1_usize..=3, any::<bool>()), 1..=3)).prop_map(|(channels, axes)| {
        let spatial: Vec<usize> = axes.iter().map(|axis| axis.0).collect();
        let untied: Vec<usize> = (0..axes.len()).filter(|&axis| axes[axis].1).collect();
        map(&untied_along(untied), channels, &spatial)
    })
}

fn every_case(channels: usize) -> Vec<Case> {
    let training = |normalization| Case { normalization, mode: Mode::Training };
    let groups = (1..=channels).filter(|groups| channels.is_multiple_of(*groups)).map(Normalization::Group);
    let all = [
        Normalization::None,
        Normalization::Batch,
        Normalization::BatchPerActivation,
        Normalization::Instance,
        Normalization::Layer,
        Normalization::Rms,
        Normalization::FilterResponse,
    ];
    let evaluated = [Normalization::Batch, Normalization::BatchPerActivation];
    let constant = [Mode::FrozenNorm, Mode::Evaluation];
    let evaluated = constant.into_iter().flat_map(|mode| evaluated.map(|normalization| Case { normalization, mode }));
    all.into_iter().chain(groups).map(training).chain(evaluated).collect()
}

/// Checks one row of the table for one shape.
fn check(case: Case, map: &BiasTerms) {
    let context = format!("{case:?}, bias {:?} of {:?}", map.terms(), map.output());
    let redundancy = behind(case.normalization, case.mode, map);
    let bias = noise(map.parameters(), 2);

    let rank = rank::rank(jacobian(case, map, &bias), 1e-9);
    assert_eq!(redundancy.dimensions(), map.parameters() - rank, "{context}");

    let direction = noise(map.parameters(), 3);
    let redundant = redundancy.project(&direction);
    let working = redundancy.residual(&direction);
    assert!(largest(&slopes(case, map, &bias, &redundant)) < 1e-13, "{context}");
    if redundancy.dimensions() < redundancy.parameters() {
        let response = largest(&slopes(case, map, &bias, &working));
        assert!(response > 1e-3 * norm(&working), "{context}: {response}");
    }

    // The normalization removes P·b itself: what is left does all the work of b.
    let without = values(case, map, &redundancy.residual(&bias));
    assert!(difference(&values(case, map, &bias), &without) < 1e-13, "{context}");
}

#[test]
fn every_row_for_every_bias() {
    for axes in [&[][..], &[0], &[1], &[0, 1]] {
        let map = map(&untied_along(axes.to_vec()), 4, &[2, 3]);
        for case in every_case(4) {
            check(case, &map);
        }
    }
}

/// A projection on any other set of indices would not do: the removed part is not an arbitrary mean.
#[test]
fn a_wrong_row_is_caught() {
    let map = map(&Bias::Untied, 4, &[2, 3]);
    let bias = noise(map.parameters(), 2);
    let per_channel = behind(Normalization::Batch, Mode::Training, &map);
    let redundant = per_channel.project(&noise(map.parameters(), 3));
    let wrong = [
        (Normalization::Layer, Mode::Training),
        (Normalization::Rms, Mode::Training),
        (Normalization::FilterResponse, Mode::Training),
        (Normalization::Batch, Mode::Evaluation),
        (Normalization::Batch, Mode::FrozenNorm),
    ];
    for (normalization, mode) in wrong {
        let case = Case { normalization, mode };
        assert!(largest(&slopes(case, &map, &bias, &redundant)) > 1e-3, "{case:?}");
    }
}

/// Of `a[c] + u[y] + v[x]`, batch norm removes `a` wholly and the means of `u` and `v`; without any norm, two constants
/// can go from one term to another.
#[test]
fn every_row_for_a_factorised_bias() {
    let map = map(&Bias::Factorised, 4, &[2, 3]);
    for case in every_case(4) {
        check(case, &map);
    }
    let dimensions = |norm| behind(norm, Mode::Training, &map).dimensions();
    assert_eq!([Normalization::None, Normalization::Rms].map(dimensions), [2, 2]);
    assert_eq!([Normalization::Batch, Normalization::Instance].map(dimensions), [4 + 2, 4 + 2]);
    assert_eq!([Normalization::Group(2), Normalization::Layer].map(dimensions), [2 + 2, 1 + 2]);
    assert_eq!(dimensions(Normalization::BatchPerActivation), 4 + 2 + 3);
}

/// A sum of terms, whose gauge freedom no table of index sets knows.
#[test]
fn every_row_for_sums_of_terms() {
    let sums = [
        vec![vec![4, 1, 1], vec![1, 2, 1], vec![1, 1, 3]],
        vec![vec![4, 1, 1], vec![1, 2, 3]],
        vec![vec![4, 2, 1], vec![4, 1, 3]],
        vec![vec![4, 2, 3], vec![4, 1, 1], vec![1, 1, 1]],
    ];
    for terms in sums {
        let map = BiasTerms::from_terms(terms, 4, &[2, 3]).expect("terms fit the output");
        for case in every_case(4) {
            check(case, &map);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_row_for_random_shapes(map in any_map()) {
        for case in every_case(map.channels()) {
            check(case, &map);
        }
    }
}
