//! The layer as a user meets it: shapes, starting values, refusals, display.
#![cfg(feature = "flex")]

use burn::nn::{Initializer, PaddingConfig2d};
use burn::tensor::{Device, Tensor};
use untied_conv::{Bias, Conv2dConfig, ConvError};

fn config(bias: Bias) -> Conv2dConfig {
    Conv2dConfig::new([1, 2], [3, 3]).with_bias(bias)
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

#[test]
fn each_location_has_its_own_number() {
    let device = Device::flex();
    let mut conv = config(Bias::Untied).with_input_size(Some([4, 5])).init(&device);
    let bias = Tensor::<1, burn::tensor::Int>::arange(0..12, &device).float().reshape([2, 2, 3]);
    conv.bias = Some(burn::module::Param::from_tensor(bias));
    let y = conv.forward(Tensor::zeros([2, 1, 4, 5], &device));
    let once: Vec<f32> = (0..12u8).map(f32::from).collect();
    assert_eq!(values(y), [once.clone(), once].concat());
}

#[test]
fn an_untied_bias_of_equal_numbers_is_a_tied_one() {
    let device = Device::flex();
    let constant = Initializer::Constant { value: 0.5 };
    let tied = config(Bias::Tied).with_bias_initializer(constant.clone()).init(&device);
    let mut untied = config(Bias::Untied).with_bias_initializer(constant).with_input_size(Some([6, 6])).init(&device);
    untied.weight = tied.weight.clone();
    let x = Tensor::<1, burn::tensor::Int>::arange(0..36, &device).float().reshape([1, 1, 6, 6]);
    assert_eq!(values(tied.forward(x.clone())), values(untied.forward(x)));
}

#[test]
fn weights_are_within_the_reciprocal_root_of_the_fan_in_and_biases_zero() {
    let conv = Conv2dConfig::new([4, 8], [5, 5]).with_groups(2).init(&Device::flex());
    let bound = 1.0 / 50f32.sqrt();
    let weights = values(conv.weight.val());
    assert_eq!(weights.len(), 8 * 2 * 25);
    assert!(weights.iter().all(|weight| weight.abs() <= bound));
    assert!(weights.iter().any(|weight| weight.abs() > 0.9 * bound));
    assert_eq!(values(conv.bias.unwrap().val()), [0.0; 8]);
}

#[test]
fn a_tied_layer_takes_any_size() {
    let conv = config(Bias::Tied).with_padding(PaddingConfig2d::Same).init(&Device::flex());
    for size in [3, 4, 9] {
        assert_eq!(conv.forward(Tensor::zeros([1, 1, size, size], &Device::flex())).dims(), [1, 2, size, size]);
    }
}

#[test]
fn impossible_configurations_are_errors() {
    let message = |config: Conv2dConfig| config.try_init(&Device::flex()).unwrap_err().to_string();
    assert_eq!(config(Bias::Untied).try_init(&Device::flex()).unwrap_err(), ConvError::MissingInputSize);
    assert!(message(config(Bias::Untied)).contains("an untied bias needs the input size"));
    assert!(message(config(Bias::UntiedAlong(vec![0]))).contains("an untied bias needs the input size"));
    assert!(message(config(Bias::UntiedAlong(vec![2]))).contains("axes below 2, at least one, got [2]"));
    let too_small = config(Bias::Untied).with_input_size(Some([4, 2]));
    assert!(message(too_small).contains("an input of at least 3 along axis 1, padding included, got 2"));
    assert!(message(config(Bias::Tied).with_stride([1, 0])).contains("a positive stride, got [1, 0]"));
    assert!(message(config(Bias::Tied).with_groups(3)).contains("channels that 3 groups divide, got 1 in and 2 out"));
    assert!(message(config(Bias::Tied).with_groups(0)).contains("a positive number of groups"));
    assert!(message(Conv2dConfig::new([0, 2], [3, 3])).contains("a positive number of channels, got [0, 2]"));
    assert!(message(Conv2dConfig::new([1, 2], [0, 3])).contains("a positive kernel size, got [0, 3]"));
}

#[test]
#[should_panic(expected = "an untied bias needs the input size")]
fn init_panics_with_the_text_of_the_error() {
    let _ = config(Bias::Untied).init(&Device::flex());
}

#[test]
#[should_panic(expected = "expected an input [n, 1, 6, 6], got [2, 1, 6, 7]")]
fn another_size_is_refused() {
    let conv = config(Bias::Untied).with_input_size(Some([6, 6])).init(&Device::flex());
    let _ = conv.forward(Tensor::zeros([2, 1, 6, 7], &Device::flex()));
}

#[test]
#[should_panic(expected = "expected an input [n, 1, h, w], got [2, 3, 6, 7]")]
fn other_channels_are_refused() {
    let _ = config(Bias::Tied).init(&Device::flex()).forward(Tensor::zeros([2, 3, 6, 7], &Device::flex()));
}

#[test]
#[should_panic(expected = "an input of at least 3 along axis 0, padding included, got 2")]
fn an_input_smaller_than_the_kernel_is_refused() {
    let _ = config(Bias::Tied).init(&Device::flex()).forward(Tensor::zeros([1, 1, 2, 7], &Device::flex()));
}

#[test]
fn display_shows_parameter_counts() {
    let text = config(Bias::Untied).with_input_size(Some([6, 6])).init(&Device::flex()).to_string();
    assert!(text.contains("bias: Untied") && text.contains("weights: 18") && text.contains("biases: 32"), "{text}");
}
