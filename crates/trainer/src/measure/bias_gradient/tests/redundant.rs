//! What is redundant stays below the limit, with room.

use proptest::prelude::*;
use untied_redundancy::network::{Activation, Convolution, Network, Operation, Pool, Pooling};
use untied_redundancy::{Finding, Normalization};
use untied_study::{Bias, BiasPlace, Dtype, ModelConfig, Order};

use super::steps::{Bench, CENTRING, biases, finding, model, plan, worst};
use crate::model::plan::Plan;

/// Half the limit. (Measured over 12,000 cases of each: at most 5.6, and 2.4 far behind.)
const ROOM: f64 = 16.0;

/// Powers of ten.
#[derive(Debug, Clone)]
struct Magnitudes {
    gamma: f64,
    weight: f64,
    /// Of the bias, which is the mean of what is normalized.
    mean: f64,
    /// Of β's negative: how many units are dead.
    dead: f64,
}

fn magnitudes() -> impl Strategy<Value = Magnitudes> {
    (-30.0..4.0, -5.0..2.0, -2.0..4.0, -2.0..1.0).prop_map(|(gamma, weight, mean, dead)| Magnitudes {
        gamma,
        weight,
        mean,
        dead,
    })
}

fn any_model() -> impl Strategy<Value = ModelConfig> {
    let places = [
        (Order::NormFirst, BiasPlace::Convolution),
        (Order::NormFirst, BiasPlace::Activation),
        (Order::ActivationFirst, BiasPlace::Activation),
        (Order::ActivationFirst, BiasPlace::Norm),
    ];
    let options = (0..CENTRING.len(), 0..biases().len(), 0..places.len());
    options.prop_map(move |(norm, bias, place)| {
        let (order, bias_after) = places[place];
        // Behind a norm, a bias takes the place of β.
        let beta = bias_after == BiasPlace::Convolution;
        ModelConfig { order, bias_after, beta, ..model(CENTRING[norm], biases()[bias].clone()) }
    })
}

fn images() -> impl Strategy<Value = usize> {
    prop_oneof![2_usize..=4, 5_usize..=64]
}

fn dtype() -> impl Strategy<Value = Dtype> {
    prop_oneof![Just(Dtype::F32), Just(Dtype::F64)]
}

fn bench(plan: Plan, dtype: Dtype, images: usize, sizes: &Magnitudes, seed: u64) -> Bench {
    let [gamma, weight, mean, dead] =
        [sizes.gamma, sizes.weight, sizes.mean, sizes.dead].map(|magnitude| 10_f64.powf(magnitude));
    // Of γ every second element is of this size: tiny and ordinary ones stand side by side.
    Bench::new(plan, dtype, images, seed)
        .with("gamma", |index, value| if index % 2 == 0 { gamma * value } else { value })
        .with("convolution.weight", |_, value| weight * value)
        .with("convolution.bias", |_, value| mean * (1.0 + 0.1 * value))
        .with("beta", |_, value| value - dead)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn gradients_along_redundant_sets_are_rounding(
        model in any_model(), dtype in dtype(), images in images(), sizes in magnitudes(), seed in 0_u64..1 << 32,
    ) {
        for layer in bench(plan(&model), dtype, images, &sizes, seed).records() {
            let ratio = worst(&layer);
            prop_assert!(ratio <= ROOM, "{ratio} at {layer:?}");
            prop_assert_ne!(finding(&layer), Finding::NotCertified);
        }
    }

    #[test]
    fn so_are_those_that_a_norm_removes_far_behind(
        norm in 0..CENTRING.len(), bias in 0..biases().len(), dtype in dtype(), images in images(),
        sizes in magnitudes(), seed in 0_u64..1 << 32,
    ) {
        for layer in bench(Plan::of(residual(CENTRING[norm], biases()[bias].clone()), 0.1), dtype, images, &sizes, seed).records() {
            let ratio = worst(&layer);
            prop_assert!(ratio <= ROOM, "{ratio} at {layer:?}");
            prop_assert_ne!(finding(&layer), Finding::NotCertified);
        }
    }
}

/// A bias that reaches two norms: one through pooling and a convolution, the other through that and an addition.
pub(super) fn residual(norm: Normalization, bias: Bias) -> Network {
    let mut network = Network::new([2, 9, 10]).unwrap();
    let operation = |kernel| Operation::Convolution(Convolution::new(4, [kernel; 2]));
    let norm = || Operation::Normalization { normalization: norm, beta: true };
    network.then("block1.convolution", operation(2)).unwrap();
    network.then("block1.convolution.bias", Operation::Bias(bias)).unwrap();
    network.then("block1.pooling", Operation::Pooling(Pooling::new(Pool::Max, [2, 2]))).unwrap();
    let shortcut = network.then("block2.convolution", operation(1)).unwrap();
    network.then("block2.norm", norm()).unwrap();
    network.then("block2.activation", Operation::Activation(Activation::Relu)).unwrap();
    let branch = network.then("block3.convolution", operation(1)).unwrap();
    network.add("block3.addition", Operation::Addition, &[shortcut, branch]).unwrap();
    network.then("block3.norm", norm()).unwrap();
    network.then("block3.activation", Operation::Activation(Activation::Relu)).unwrap();
    head(network)
}

fn head(mut network: Network) -> Network {
    for (name, operation) in [
        ("mean", Operation::Mean),
        ("features", Operation::Flatten),
        ("head", Operation::Linear { features: 3 }),
        ("loss", Operation::Loss),
    ] {
        network.then(name, operation).unwrap();
    }
    network
}

#[test]
fn the_reason_names_what_removes_and_what_terms_exchange() {
    let path = |norm, bias| {
        let records = Bench::new(plan(&model(norm, bias)), Dtype::F32, 2, 1).records();
        records[0].certificate.as_ref().expect("measured").path.clone()
    };
    assert_eq!(path(Normalization::Batch, Bias::Tied), "removed by block1.norm");
    assert_eq!(path(Normalization::None, Bias::Tied), "at work in block1.activation");
    assert_eq!(
        path(Normalization::Rms, Bias::Factorised),
        "2 exchanged between its own terms; the rest is at work in block1.norm"
    );
    assert_eq!(path(Normalization::Layer, Bias::Untied), "removed by block1.norm; the rest is at work in block1.norm");
}

#[test]
fn every_bias_of_these_tests_has_a_redundant_part_where_it_should() {
    for (norm, bias) in CENTRING.into_iter().flat_map(|norm| biases().map(|bias| (norm, bias))) {
        let redundant = |plan: &Plan| plan.biases.iter().map(|bias| bias.redundancy.dimensions()).collect::<Vec<_>>();
        assert!(redundant(&plan(&model(norm, bias.clone()))).iter().all(|&dimensions| dimensions > 0), "{norm} {bias}");
        let far = Plan::of(residual(norm, bias.clone()), 0.1);
        // A group's shifts are mixed by a convolution: only what is one number per channel goes on as such.
        let passes = matches!(norm, Normalization::Batch | Normalization::BatchPerActivation | Normalization::Instance);
        assert_eq!(redundant(&far)[0] > 2, passes, "{norm} {bias}: {:?}", redundant(&far));
    }
}
