//! Burn's own convolutions, their configurations and JSON as this crate's layers, and back.

use burn::config::Config;
use burn::module::Module;
use burn::nn::conv as nn;
use burn::nn::{Initializer, PaddingConfig1d, PaddingConfig2d, PaddingConfig3d};
use burn::tensor::{DType, Device, Tensor, TensorData, Tolerance};
use untied_conv::{
    Bias, Conv1d, Conv1dConfig, Conv2d, Conv2dConfig, Conv3d, Conv3dConfig, ConvError, Interpolation, Side,
};
use untied_gradcheck::Input;

fn random<const D: usize>(shape: [usize; D], seed: u64) -> Tensor<D> {
    let values = Input::random("values", shape, seed).values;
    Tensor::from_data(TensorData::new(values, shape), (&Device::default(), DType::F32))
}

fn assert_close<const D: usize>(got: Tensor<D>, expected: Tensor<D>) {
    got.into_data().assert_approx_eq::<f32>(&expected.into_data(), Tolerance::absolute(1e-5));
}

fn sequence() -> nn::Conv1dConfig {
    nn::Conv1dConfig::new(4, 6, 3).with_stride(2).with_groups(2).with_padding(PaddingConfig1d::Explicit(0, 2))
}

fn images() -> Vec<nn::Conv2dConfig> {
    let config = nn::Conv2dConfig::new([2, 3], [3, 2]).with_initializer(Initializer::Ones);
    vec![
        config.clone().with_bias(false).with_stride([1, 2]),
        config.clone().with_padding(PaddingConfig2d::Explicit(0, 1, 2, 3)).with_dilation([1, 2]),
        config.clone().with_padding(PaddingConfig2d::Same),
        // Burn's `Same` forgets dilation.
        config.with_padding(PaddingConfig2d::Same).with_dilation([2, 3]).with_stride([2, 1]),
    ]
}

fn volume() -> nn::Conv3dConfig {
    nn::Conv3dConfig::new([2, 2], [3, 1, 2]).with_padding(PaddingConfig3d::Explicit(1, 0, 1)).with_dilation([1, 1, 2])
}

#[test]
fn configurations_and_their_json_are_taken_and_given_back() {
    let device = Device::default();
    let ours = Conv1dConfig::from(sequence());
    assert_eq!((ours.channels, ours.kernel_size, ours.stride), ([4, 6], [3], [2]));
    assert_eq!((&ours.padding, &ours.bias), (&[Side::Explicit(0, 2)], &Bias::Tied));
    assert_eq!(Conv1dConfig::load_binary(sequence().to_string().as_bytes()).unwrap(), ours);
    assert_eq!(nn::Conv1dConfig::try_from(ours).unwrap().to_string(), sequence().to_string());
    for burns in images() {
        let ours = Conv2dConfig::from(burns.clone());
        assert_eq!(ours.bias_initializer, Initializer::Ones);
        assert_eq!(Conv2dConfig::load_binary(burns.to_string().as_bytes()).unwrap(), ours);
        assert_eq!(Conv2dConfig::load_binary(ours.to_string().as_bytes()).unwrap(), ours);
        assert_eq!(nn::Conv2dConfig::try_from(ours).unwrap().to_string(), burns.to_string());
    }
    let ours = Conv3dConfig::from(volume());
    assert_eq!(Conv3dConfig::load_binary(volume().to_string().as_bytes()).unwrap(), ours);
    assert_eq!(nn::Conv3dConfig::try_from(ours).unwrap().to_string(), volume().to_string());
    let built = Conv2dConfig::new([2, 3], [3, 3]).with_bias(Bias::Untied).with_input_size([5, 6]).with_stride([1, 2]);
    assert_eq!(built.init(&device).config(), built);
}

#[test]
fn what_burns_does_not_have_is_refused() {
    let config = || Conv2dConfig::from(nn::Conv2dConfig::new([2, 3], [3, 3]));
    for (lost, told) in [
        (config().with_bias(Bias::Untied).with_input_size([5, 5]), "a bias that is not tied"),
        (config().with_bias_initializer(Initializer::Zeros), "an initializer of its own for the bias"),
        (config().with_input_size([5, 5]), "a given input size"),
        (config().with_padding([Side::Same, Side::Valid]), "this padding"),
        (config().with_padding(Side::Same).with_dilation([2, 2]), "this padding"),
    ] {
        let message = nn::Conv2dConfig::try_from(lost).unwrap_err().to_string();
        assert_eq!(message, format!("convolution: Burn's own layer does not have {told}"));
    }
    let uneven = Conv3dConfig::from(volume()).with_padding(Side::Explicit(0, 1));
    assert_eq!(nn::Conv3dConfig::try_from(uneven).unwrap_err(), ConvError::Burn("this padding"));
    let untied = Conv2dConfig::new([2, 3], [3, 3]).with_bias(Bias::Untied).with_input_size([5, 5]);
    let layer = untied.init(&Device::default()).resized([6, 6], Interpolation::Linear).unwrap();
    assert_eq!(nn::Conv2d::try_from(layer).unwrap_err(), ConvError::Burn("a bias that is not tied"));
}

#[test]
fn json_that_fits_no_layer_is_refused() {
    let load = |text: &str| Conv2dConfig::load_binary(text.as_bytes()).unwrap_err().to_string();
    let told = load(r#"{"channels": [1, 2], "kernel_size": [3, 3], "padding": {"Explicit": [1, 2, 3]}}"#);
    assert!(told.contains("`padding`: 3 numbers fit no 2 spatial axes"), "{told}");
    let told = load(r#"{"channels_in": 1, "kernel_size": [3, 3]}"#);
    assert!(told.contains("expected `channels`, of input and output, or `channels_in` and `channels_out`"), "{told}");
    let told = load(r#"{"channels": [1, 2], "kernel_size": [3, 3], "bias": "tide"}"#);
    assert!(told.contains("a mode of the bias, true or false"), "{told}");
}

#[test]
fn layers_compute_alike_and_come_back() {
    let device = Device::default();
    let (x, burns) = (random([2, 4, 9], 1), sequence().init(&device));
    let expected = burns.forward(x.clone());
    let ours = Conv1d::from(burns);
    assert_close(ours.forward(x.clone()), expected.clone());
    assert_close(nn::Conv1d::try_from(ours).unwrap().forward(x), expected);
    for config in images() {
        let (x, burns) = (random([2, 2, 9, 8], 2), config.init(&device));
        let expected = burns.forward(x.clone());
        let ours = Conv2d::from(burns);
        assert_close(ours.forward(x.clone()), expected.clone());
        assert_close(nn::Conv2d::try_from(ours).unwrap().forward(x), expected);
    }
    let (x, burns) = (random([1, 2, 5, 4, 6], 3), volume().init(&device));
    let expected = burns.forward(x.clone());
    let ours = Conv3d::from(burns);
    assert_close(ours.forward(x.clone()), expected.clone());
    assert_close(nn::Conv3d::try_from(ours).unwrap().forward(x), expected);
}

#[test]
fn a_taken_bias_learns_or_is_frozen_as_it_was() {
    let device = Device::default().autodiff();
    let burns = || nn::Conv2dConfig::new([2, 3], [3, 3]).init(&device);
    assert!(Conv2d::from(burns()).bias.unwrap().val().is_require_grad());
    assert!(!Conv2d::from(burns().freeze()).bias.unwrap().val().is_require_grad());
    assert!(Conv2d::from(burns().valid()).train().bias.unwrap().val().is_require_grad());
}
