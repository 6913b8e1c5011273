//! What a layer-wide average over the steps certified although it is wrong or unseen, or refused although it is redundant.

use untied_redundancy::network::{Activation, Convolution, Network, Operation, Padding as Extent};
use untied_redundancy::{CERTIFICATE_FACTOR, Finding, Normalization};
use untied_study::{Bias, Dtype, LayerRedundancy};

use super::mutants::{Mutant, Wrong, uncentred};
use super::steps::{Bench, finding, model, plan, worst};
use crate::model::plan::Plan;
use crate::optimization::loss::cross_entropy;

/// The rule that looks at averages over the layer and the steps.
fn layer_wide_certifies(layer: &LayerRedundancy) -> bool {
    layer.redundant_gradient_norm <= CERTIFICATE_FACTOR * layer.round_off
}

/// A convolution with a tied bias on 16 channels of 28×28, and batch norm, whose gradients have no holes.
fn large() -> Plan {
    let convolution = Convolution { padding: Extent::Same, ..Convolution::new(16, [3, 3]) };
    let mut network = Network::new([1, 28, 28]).unwrap();
    for (name, operation) in [
        ("block1.convolution", Operation::Convolution(convolution)),
        ("block1.convolution.bias", Operation::Bias(Bias::Tied)),
        ("block1.norm", Operation::Normalization { normalization: Normalization::Batch, beta: true }),
        ("block1.activation", Operation::Activation(Activation::Relu)),
        ("mean", Operation::Mean),
        ("features", Operation::Flatten),
        ("head", Operation::Linear { features: 3 }),
        ("loss", Operation::Loss),
    ] {
        network.then(name, operation).unwrap();
    }
    Plan::of(network, 0.1)
}

#[test]
fn a_channel_at_work_does_not_hide_behind_a_small_gamma() {
    for gamma in [1e-4, 1e-5, 1e-6, 1e-7] {
        let bench = Bench::new(large(), Dtype::F32, 64, 1)
            .with("norm.gamma", |index, value| if index == 0 { gamma } else { value });
        let mut measurement = bench.measurement(1);
        let seen = bench.step(&measurement, 0, 1.0);
        measurement.add(&Mutant::new(&measurement, &seen, uncentred(&seen)).read(Wrong::Channel(0)));
        let layer = &measurement.finish(&seen.net)[0];
        if gamma <= 1e-5 {
            assert!(layer_wide_certifies(layer), "γ = {gamma}: {layer:?}");
        }
        assert_eq!(finding(layer), Finding::NotCertified, "γ = {gamma}");
        assert!(worst(layer) > 1e4, "γ = {gamma}: {layer:?}");
    }
}

#[test]
fn late_steps_do_not_hide_behind_early_gradients() {
    let bench = Bench::new(large(), Dtype::F32, 8, 2);
    let mut measurement = bench.measurement(16);
    let mut last = None;
    for number in 0..16 {
        let seen = bench.step(&measurement, number, 0.2_f64.powi(number));
        if number < 12 {
            seen.record(&mut measurement);
        } else {
            measurement.add(&Mutant::new(&measurement, &seen, uncentred(&seen)).read(Wrong::Channel(0)));
        }
        last = Some(measurement.finish(&seen.net).swap_remove(0));
    }
    let layer = last.expect("a step");
    assert!(layer_wide_certifies(&layer), "{layer:?}");
    assert_eq!(finding(&layer), Finding::NotCertified);
    assert!(worst(&layer) > 1e4, "{layer:?}");
}

#[test]
fn what_is_all_zero_is_no_evidence() {
    let case = || Bench::new(plan(&model(Normalization::Batch, Bias::Tied)), Dtype::F32, 4, 5);
    // Every unit of the second block is dead, so that neither block gets a gradient.
    let layers = case().with("block2.norm.beta", |_, _| -100.0).records();
    for (layer, sets) in layers.iter().zip([4, 6]) {
        assert!(layer_wide_certifies(layer));
        let certificate = layer.certificate.as_ref().expect("measured");
        assert_eq!((certificate.sets, certificate.sets_without_evidence), (sets, sets));
        assert_eq!((finding(layer), certificate.worst_ratio), (Finding::NoEvidence, Some(0.0)));
    }
    // One dead channel leaves a hole.
    let layers = case().with("block1.norm.beta", |index, value| if index == 1 { -100.0 } else { value }).records();
    assert_eq!(layers[0].certificate.as_ref().expect("measured").sets_without_evidence, 1);
    assert_eq!([finding(&layers[0]), finding(&layers[1])], [Finding::NoEvidence, Finding::Certified]);
    // Units alive, loss saturated: the probability of the right class is 1, and the gradient of cross-entropy 0.
    let bench = case().with("head.bias", |class, _| if class == 0 { 1e6 } else { 0.0 });
    let mut measurement = bench.measurement(1);
    let seen = bench.step_by(&measurement, 0, |scores, bench, device| {
        cross_entropy(scores, burn::tensor::Tensor::zeros([bench.images], device))
    });
    seen.record(&mut measurement);
    let layers = measurement.finish(&seen.net);
    assert!(layers.iter().all(layer_wide_certifies));
    assert!(layers.iter().all(|layer| finding(layer) == Finding::NoEvidence), "{layers:?}");
}

#[test]
fn evidence_of_any_step_counts() {
    let bench = Bench::new(plan(&model(Normalization::Batch, Bias::Tied)), Dtype::F32, 4, 5);
    let mut measurement = bench.measurement(3);
    for (number, scale, expected) in
        [(0, 0.0, Finding::NoEvidence), (1, 1.0, Finding::Certified), (2, 0.0, Finding::Certified)]
    {
        let seen = bench.step(&measurement, number, scale);
        seen.record(&mut measurement);
        assert_eq!(finding(&measurement.finish(&seen.net)[0]), expected, "step {number}");
    }
}

/// Statistics of two or three entries take almost all of a gradient away: what is left is rounding of what was taken.
#[test]
fn sets_of_two_and_three_entries_are_certified() {
    let (mut refused, mut largest) = (0, 0.0_f64);
    for (images, seed) in [2, 3].into_iter().flat_map(|images| (0..20).map(move |seed| (images, seed))) {
        let bench = Bench::new(plan(&model(Normalization::BatchPerActivation, Bias::Untied)), Dtype::F32, images, seed)
            .with("convolution.weight", |_, value| 10.0 * value);
        for layer in bench.records() {
            refused += usize::from(!layer_wide_certifies(&layer));
            largest = largest.max(worst(&layer));
        }
    }
    assert!(refused > 0, "the sums over |∂J/∂z| alone explain nothing here");
    assert!(largest <= CERTIFICATE_FACTOR / 2.0, "{largest}");
}
