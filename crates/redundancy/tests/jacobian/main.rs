//! The table against brute force: the rank of the Jacobian of the normalized output by the bias.

mod dual;
mod normalize;
mod rank;

use dual::Dual;
use normalize::{IMAGES, bias_index, normalize};
use proptest::prelude::*;
use untied_redundancy::{BiasShape, Normalization, Redundancy, norm};

/// A fixed sequence of numbers without structure, about evenly spread in (−1, 1).
fn noise(count: usize, seed: usize) -> Vec<f64> {
    let golden = 0.618_033_988_749_894_9;
    (0..count).map(|i| ((((i + 1) * (i + 7 * seed + 3)) as f64 * golden * 31.7).sin() * 43_758.545_3).fract()).collect()
}

/// The normalized output of fixed data plus a bias, and its derivative as the bias moves along `direction`.
fn output(normalization: Normalization, shape: &BiasShape, bias: &[f64], direction: &[f64]) -> Vec<Dual> {
    let locations: usize = shape.spatial().iter().product();
    let data = noise(IMAGES * shape.channels() * locations, 1);
    let entry = |(i, &a): (usize, &f64)| {
        let k = bias_index(shape, i / locations % shape.channels(), i % locations);
        Dual { value: a + bias[k], slope: direction[k] }
    };
    let z: Vec<Dual> = data.iter().enumerate().map(entry).collect();
    normalize(normalization, shape.channels(), locations, &z)
}

fn slopes(normalization: Normalization, shape: &BiasShape, bias: &[f64], direction: &[f64]) -> Vec<f64> {
    output(normalization, shape, bias, direction).iter().map(|y| y.slope).collect()
}

fn values(normalization: Normalization, shape: &BiasShape, bias: &[f64]) -> Vec<f64> {
    output(normalization, shape, bias, bias).iter().map(|y| y.value).collect()
}

fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |largest, value| value.abs().max(largest))
}

fn difference(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).fold(0.0, |largest, (a, b)| (a - b).abs().max(largest))
}

/// One column per bias number: the derivative of the output as that number moves.
fn jacobian(normalization: Normalization, shape: &BiasShape, bias: &[f64]) -> Vec<Vec<f64>> {
    let unit = |k| (0..shape.numbers()).map(|j| f64::from(u8::from(j == k))).collect::<Vec<_>>();
    (0..shape.numbers()).map(|k| slopes(normalization, shape, bias, &unit(k))).collect()
}

fn any_shape() -> impl Strategy<Value = BiasShape> {
    (1_usize..=4, prop::collection::vec((1_usize..=3, any::<bool>()), 1..=3)).prop_map(|(channels, axes)| {
        let spatial: Vec<usize> = axes.iter().map(|axis| axis.0).collect();
        let untied: Vec<usize> = (0..axes.len()).filter(|&axis| axes[axis].1).collect();
        BiasShape::untied_along(channels, &spatial, &untied).expect("sizes and axes are in range")
    })
}

fn every_normalization(channels: usize) -> Vec<Normalization> {
    let groups = (1..=channels).filter(|groups| channels.is_multiple_of(*groups));
    let mut all = vec![
        Normalization::None,
        Normalization::BatchPerChannel,
        Normalization::BatchPerActivation,
        Normalization::Instance,
        Normalization::Layer,
        Normalization::Rms,
        Normalization::BatchFrozen,
    ];
    all.extend(groups.map(|groups| Normalization::Group { groups }));
    all
}

/// Checks one row of the table for one shape.
fn check(normalization: Normalization, shape: &BiasShape) {
    let context = format!("{normalization}, bias {:?} of {:?}", shape.dimensions(), shape.spatial());
    let redundancy = Redundancy::new(normalization, shape).expect("groups divide the channels");
    let bias = noise(shape.numbers(), 2);

    let rank = rank::rank(jacobian(normalization, shape, &bias), 1e-9);
    assert_eq!(redundancy.dimensions(), shape.numbers() - rank, "{context}");

    let direction = noise(shape.numbers(), 3);
    let redundant = redundancy.project(&direction);
    let working = redundancy.residual(&direction);
    assert!(largest(&slopes(normalization, shape, &bias, &redundant)) < 1e-13, "{context}");
    if redundancy.dimensions() < redundancy.numbers() {
        let response = largest(&slopes(normalization, shape, &bias, &working));
        assert!(response > 1e-3 * norm(&working), "{context}: {response}");
    }

    // The normalization removes P·b itself: what is left does all the work of b.
    let without = values(normalization, shape, &redundancy.residual(&bias));
    assert!(difference(&values(normalization, shape, &bias), &without) < 1e-13, "{context}");
}

#[test]
fn every_row_for_every_bias() {
    for axes in [&[][..], &[0], &[1], &[0, 1]] {
        let shape = BiasShape::untied_along(4, &[2, 3], axes).expect("axes are in range");
        for normalization in every_normalization(4) {
            check(normalization, &shape);
        }
    }
}

/// A projection on any other set of indices would not do: the removed part is not an arbitrary mean.
#[test]
fn a_wrong_row_is_caught() {
    let shape = BiasShape::untied(4, &[2, 3]).expect("sizes are in range");
    let bias = noise(shape.numbers(), 2);
    let per_channel = Redundancy::new(Normalization::BatchPerChannel, &shape).expect("no groups to divide");
    let redundant = per_channel.project(&noise(shape.numbers(), 3));
    for normalization in [Normalization::Layer, Normalization::Rms, Normalization::BatchFrozen] {
        assert!(largest(&slopes(normalization, &shape, &bias, &redundant)) > 1e-3, "{normalization}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_row_for_random_shapes(shape in any_shape()) {
        for normalization in every_normalization(shape.channels()) {
            check(normalization, &shape);
        }
    }
}
