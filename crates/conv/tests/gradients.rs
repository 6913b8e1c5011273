//! Gradients of every bias mode against central differences in f64, under a random cotangent.
#![cfg(feature = "flex")]

use burn::module::{Param, ParamId};
use burn::nn::PaddingConfig2d;
use burn::tensor::Device;
use untied_conv::{Bias, Conv2dConfig};
use untied_gradcheck::{Arguments, GradCheck, Input};

/// Checks x, weight and bias of the layer on a batch of `n` inputs.
fn check(config: &Conv2dConfig, n: usize) {
    let [channels_in, channels_out] = config.channels;
    let [height, width] = config.input_size.expect("every case tells its size");
    let [kernel_height, kernel_width] = config.kernel_size;
    let weight = [channels_out, channels_in / config.groups, kernel_height, kernel_width];
    let bias = config.bias_shape().expect("every case is possible");
    let mut inputs = vec![Input::random("x", [n, channels_in, height, width], 1), Input::random("weight", weight, 2)];
    inputs.extend(bias.map(|shape| Input::random("bias", shape, 3)));

    let function = |given: &Arguments| {
        let mut layer = config.init(&Device::flex());
        layer.weight = Param::initialized(ParamId::new(), given.get("weight"));
        layer.bias = bias.map(|_| Param::initialized(ParamId::new(), given.get("bias")));
        layer.forward(given.get("x"))
    };
    GradCheck::default().check(function, &inputs, &Device::flex()).assert();
}

#[test]
fn every_bias_mode() {
    for bias in [
        Bias::None,
        Bias::Tied,
        Bias::Untied,
        Bias::UntiedAlong(vec![0]),
        Bias::UntiedAlong(vec![1]),
        Bias::UntiedAlong(vec![0, 1]),
    ] {
        let config = Conv2dConfig::new([2, 3], [3, 2]).with_bias(bias).with_input_size(Some([4, 5]));
        check(&config, 2);
        check(&config.with_padding(PaddingConfig2d::Same), 1);
    }
}

#[test]
fn strides_dilation_and_groups() {
    let base = || Conv2dConfig::new([4, 4], [2, 3]).with_bias(Bias::Untied).with_input_size(Some([6, 7]));
    check(&base().with_stride([2, 3]), 2);
    check(&base().with_stride([5, 4]), 1);
    check(&base().with_dilation([2, 3]), 1);
    check(&base().with_groups(2), 2);
    check(&base().with_groups(4), 2);
    check(&base().with_padding(PaddingConfig2d::Explicit(0, 1, 2, 0)).with_stride([2, 1]), 1);
}
