//! Forward and backward (dx, dw, db) of one convolution in f32, given dy.

use burn::backend::Flex;
use burn::backend::tensor::FloatTensor;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Distribution, Shape, Tensor};
use divan::black_box;
use untied_conv::{Bias, ConvBackend, ConvSpec};

/// Images, channels in and out, height and width, kernel size, groups.
pub(crate) type Sizes = [usize; 6];

pub(crate) const SHAPES: [Sizes; 7] = [
    [64, 1, 16, 28, 3, 1],
    [64, 16, 32, 14, 3, 1],
    [64, 32, 64, 7, 3, 1],
    [64, 3, 32, 32, 3, 1],
    [64, 64, 128, 8, 3, 1],
    [64, 64, 64, 16, 1, 1],
    // Depthwise.
    [64, 64, 64, 16, 3, 64],
];

fn random<const D: usize>(shape: [usize; D]) -> FloatTensor<Flex> {
    let device = Device::flex();
    let tensor = Tensor::<D>::random(shape, Distribution::Normal(0.0, 1.0), &device);
    tensor.try_into_primitive::<Flex>().expect("a tensor of Flex")
}

/// x, weight, dy.
pub(crate) fn operands([n, channels_in, channels_out, size, kernel, groups]: Sizes) -> [FloatTensor<Flex>; 3] {
    [
        random([n, channels_in, size, size]),
        random([channels_out, channels_in / groups, kernel, kernel]),
        random([n, channels_out, size, size]),
    ]
}

/// A convolution that keeps the size, forward and backward at each call.
pub(crate) fn ours(shape: Sizes, bias: &Bias) -> impl Fn() + use<> {
    let [_, _, channels_out, size, kernel, groups] = shape;
    let [x, weight, dy] = operands(shape);
    let spatial = bias.spatial_shape([size, size]).expect("axes");
    let bias_shape = spatial.map(|[height, width]| [channels_out, height, width]);
    let bias = bias_shape.map(random);
    let options = ConvOptions::new([1, 1], [kernel / 2; 2], [1, 1], groups);
    let [x_shape, weight_shape] = [&x, &weight].map(|tensor| tensor.layout().shape());
    let spec = ConvSpec::new(x_shape, weight_shape, &options).expect("a convolution");
    move || {
        let dx = Flex::untied_conv_x_backward(weight.clone(), dy.clone(), spec);
        let (x, weight, dy) = (x.clone(), weight.clone(), dy.clone());
        if let Some((bias, bias_shape)) = bias.clone().zip(bias_shape) {
            let y = Flex::untied_conv_bias(x.clone(), weight, bias, spec);
            let parameters = Flex::untied_conv_parameters_backward(x, dy, Shape::new(bias_shape), spec);
            drop(black_box((y, dx, parameters)));
        } else {
            let y = Flex::untied_conv(x.clone(), weight, spec);
            drop(black_box((y, dx, Flex::untied_conv_weight_backward(x, dy, spec))));
        }
    }
}
