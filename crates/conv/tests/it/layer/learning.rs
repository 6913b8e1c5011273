//! A bias made for a layer without one learns, unless the layer's weight is frozen.

use burn::module::{Module, ParamGroup};
use burn::tensor::{Device, Tensor};
use untied_conv::{Bias, Conv2d, Conv2dConfig};

const SIZE: [usize; 2] = [4, 5];

fn layer(device: &Device) -> Conv2d {
    Conv2dConfig::new([2, 3], [2, 2]).with_bias(false).init(device)
}

/// Every way to a bias.
fn with_biases(layer: &Conv2d) -> Vec<Conv2d> {
    let mode = |mode| layer.clone().with_bias_mode(mode, SIZE).expect("a possible size").0;
    vec![
        layer.clone().untied(SIZE).expect("a possible size"),
        layer.clone().tied().0,
        mode(Bias::UntiedAlong(vec![1])),
        mode(Bias::Factorised),
        layer.clone().folded(Tensor::ones([3], &layer.weight.device()), Tensor::ones([3], &layer.weight.device())),
    ]
}

/// Whether every term of the bias gets a gradient.
fn learns(layer: &Conv2d) -> bool {
    let y = layer.forward(Tensor::ones([1, 2, 4, 5], &Device::default().autodiff()));
    if !y.is_require_grad() && layer.bias.iter().all(|bias| !bias.val().is_require_grad()) {
        return false;
    }
    let gradients = y.sum().backward();
    layer.bias.iter().chain(&layer.further_terms).all(|term| term.grad(&gradients).is_some())
}

#[test]
fn it_learns() {
    let device = Device::default().autodiff();
    assert!(with_biases(&layer(&device)).iter().all(learns));
}

#[test]
fn it_is_frozen_where_the_weight_is() {
    let device = Device::default().autodiff();
    for layer in with_biases(&layer(&device).freeze()) {
        assert!(!layer.bias.as_ref().unwrap().val().is_require_grad());
        assert!(learns(&layer.unfreeze()));
    }
    for layer in with_biases(&layer(&device).freeze_group(ParamGroup::from_path("weight"))) {
        assert!(!layer.bias.unwrap().val().is_require_grad());
    }
}

#[test]
fn made_outside_training_it_learns_in_it() {
    let device = Device::default().autodiff();
    for trained in with_biases(&layer(&device).valid()).into_iter().map(Module::train) {
        assert!(learns(&trained));
    }
    for frozen in with_biases(&layer(&device).freeze().valid()).into_iter().map(Module::train) {
        assert!(!frozen.bias.unwrap().val().is_require_grad());
    }
    // Made on a device without autodiff, as a loaded model is.
    for trained in with_biases(&layer(&Device::default())).into_iter().map(Module::train) {
        assert!(learns(&trained));
    }
}

#[test]
fn it_learns_after_fork_and_records() {
    let device = Device::default().autodiff();
    for made in with_biases(&layer(&device)) {
        assert!(learns(&made.clone().fork(&device)));
        assert!(learns(&made.valid().fork(&Device::default()).train()));
        let record = made.clone().into_record();
        assert!(learns(&made.clone().load_record(record.clone())));
        assert!(learns(&made.valid().load_record(record).train()));
    }
}

#[test]
fn converted_outside_training_it_stays_as_it_was() {
    let device = Device::default().autodiff();
    let tied = layer(&device).tied().0;
    for mode in [Bias::Untied, Bias::Factorised, Bias::UntiedAlong(vec![0])] {
        let convert = |layer: Conv2d| layer.with_bias_mode(mode.clone(), SIZE).expect("a possible size").0.train();
        assert!(learns(&convert(tied.valid())));
        let frozen = convert(tied.clone().freeze().valid());
        assert!(frozen.bias.iter().chain(&frozen.further_terms).all(|term| !term.val().is_require_grad()));
    }
}
