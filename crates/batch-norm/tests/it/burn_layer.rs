//! Burn's own batch norm, its configuration, JSON and records, as this crate's layer, and back.
#![cfg(feature = "flex")]

use burn::config::Config;
use burn::module::Module;
use burn::nn;
use burn::tensor::{Device, Tensor};
use untied_batch_norm::{BatchNorm, BatchNormConfig, BatchNormError, Statistics};

fn x() -> Tensor<2> {
    Tensor::from_floats([[1.0, -2.0], [3.0, 0.5], [8.0, 1.0]], &Device::flex().autodiff())
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

fn burns() -> nn::BatchNorm {
    let norm = nn::BatchNormConfig::new(2).with_momentum(0.25).with_epsilon(1e-3).init(&Device::flex().autodiff());
    let _ = norm.forward(x());
    norm
}

#[test]
fn configurations_and_their_json_are_taken_and_given_back() {
    let burns = nn::BatchNormConfig::new(7).with_momentum(0.25).with_epsilon(1e-3);
    let ours = BatchNormConfig::new(7).with_momentum(0.25).with_epsilon(1e-3);
    assert_eq!(BatchNormConfig::from(burns.clone()), ours);
    assert_eq!(BatchNormConfig::load_binary(burns.to_string().as_bytes()).unwrap(), ours);
    assert_eq!(BatchNormConfig::load_binary(ours.to_string().as_bytes()).unwrap(), ours);
    let back = nn::BatchNormConfig::try_from(ours.clone()).unwrap();
    assert_eq!((back.num_features, back.epsilon, back.momentum), (7, 1e-3, 0.25));
    let error = BatchNormConfig::load_binary(br#"{"num_features": 2, "momentun": 0.1}"#).unwrap_err().to_string();
    assert!(error.contains("unknown field `momentun`"), "{error}");
    for lost in [
        ours.clone().with_momentum(None),
        ours.clone().with_affine(false),
        ours.clone().with_statistics(Statistics::PerActivation { size: vec![2] }),
    ] {
        assert!(matches!(nn::BatchNormConfig::try_from(lost), Err(BatchNormError::Burn(_))));
    }
    assert_eq!(ours.init(&Device::flex()).config(), ours);
}

#[test]
fn layers_evaluate_alike_and_come_back() {
    let burns = burns();
    let expected = values(burns.valid().forward(x().inner()));
    let ours = BatchNorm::from(burns);
    assert_eq!(values(ours.valid().forward(x().inner())), expected);
    assert!(ours.gamma.as_ref().unwrap().val().is_require_grad());
    let back = nn::BatchNorm::try_from(ours).unwrap();
    assert_eq!((back.momentum, back.epsilon), (0.25, 1e-3));
    assert_eq!(values(back.valid().forward(x().inner())), expected);
    let cumulative = BatchNormConfig::new(2).with_momentum(None).init(&Device::flex());
    let error = nn::BatchNorm::try_from(cumulative).unwrap_err().to_string();
    assert_eq!(error, "batch norm: Burn's own layer does not have a cumulative average");
}

#[test]
fn records_of_burns_own_layer_are_loaded() {
    let burns = burns();
    let expected = values(burns.valid().forward(x().inner()));
    let ours = BatchNormConfig::new(2).with_epsilon(1e-3).init(&Device::flex().autodiff());
    let ours = ours.load_record(burns.valid().into_record());
    assert_eq!(values(ours.valid().forward(x().inner())), expected);
}
