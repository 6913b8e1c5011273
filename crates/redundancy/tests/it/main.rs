//! Integration tests of the crate.

mod bias;
mod certificate;
mod jacobian;
mod network;
mod normalization;
mod projection;
mod rank;
mod shift_flow;
mod table;

use untied_redundancy::{Bias, BiasTerms, Mode, Normalization, Redundancy};

/// The map of a bias that fits its output.
fn map(bias: &Bias, channels: usize, spatial: &[usize]) -> BiasTerms {
    BiasTerms::new(bias, channels, spatial).expect("sizes and axes are in range")
}

/// A bias untied along these axes; tied where there are none.
fn untied_along(axes: Vec<usize>) -> Bias {
    if axes.is_empty() { Bias::Tied } else { Bias::UntiedAlong(axes) }
}

/// What a normalization right behind a bias makes redundant.
fn behind(normalization: Normalization, mode: Mode, bias: &BiasTerms) -> Redundancy {
    let removed = normalization.removed(mode, bias.channels(), bias.spatial().iter().product());
    Redundancy::new(removed.expect("groups divide the channels"), bias).expect("groups divide the channels")
}

/// A fixed sequence of numbers without structure, about evenly spread in (−1, 1).
fn noise(count: usize, seed: usize) -> Vec<f64> {
    let golden = 0.618_033_988_749_894_9;
    (0..count).map(|i| ((((i + 1) * (i + 7 * seed + 3)) as f64 * golden * 31.7).sin() * 43_758.545_3).fract()).collect()
}
