//! Forward and backward (dx, dw, db) of one convolution in f32, given dy.
#![allow(dead_code, reason = "each bench uses a part")]

use burn::backend::Flex;
use burn::backend::tensor::FloatTensor;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{Device, Distribution, Shape, Tensor};
use divan::black_box;
use untied_conv::{Bias, ConvBackend, ConvSpec};

/// Images, channels in and out, height and width, kernel size, stride, groups. Padding is half a kernel.
pub(crate) type Sizes = [usize; 7];

pub(crate) const SHAPES: [Sizes; 22] = [
    // Of blocks with pooling.
    [64, 1, 16, 28, 3, 1, 1],
    [64, 16, 32, 14, 3, 1, 1],
    [64, 32, 64, 7, 3, 1, 1],
    [64, 3, 32, 32, 3, 1, 1],
    [64, 32, 64, 16, 3, 1, 1],
    [64, 64, 128, 8, 3, 1, 1],
    // Of residual nets.
    [64, 3, 16, 32, 3, 1, 1],
    [64, 16, 16, 32, 3, 1, 1],
    [64, 32, 32, 16, 3, 1, 1],
    [64, 64, 64, 8, 3, 1, 1],
    [64, 64, 64, 16, 3, 1, 1],
    [64, 128, 128, 16, 3, 1, 1],
    [64, 256, 256, 4, 3, 1, 1],
    [64, 16, 32, 32, 3, 2, 1],
    [64, 32, 64, 16, 3, 2, 1],
    [64, 16, 32, 32, 1, 2, 1],
    // Of depthwise separable convolutions.
    [64, 32, 64, 32, 1, 1, 1],
    [64, 64, 64, 16, 1, 1, 1],
    [64, 256, 256, 8, 1, 1, 1],
    [64, 32, 32, 32, 3, 1, 32],
    [64, 64, 64, 16, 3, 1, 64],
    [64, 128, 128, 16, 3, 2, 128],
];

pub(crate) fn random<const D: usize>(shape: [usize; D]) -> FloatTensor<Flex> {
    let device = Device::flex();
    let tensor = Tensor::<D>::random(shape, Distribution::Normal(0.0, 1.0), &device);
    tensor.try_into_primitive::<Flex>().expect("a tensor of Flex")
}

pub(crate) fn options([_, _, _, _, kernel, stride, groups]: Sizes) -> ConvOptions<2> {
    ConvOptions::new([stride; 2], [kernel / 2; 2], [1, 1], groups)
}

/// Height and width of the output.
pub(crate) fn size_out([_, _, _, size, kernel, stride, _]: Sizes) -> usize {
    (size + 2 * (kernel / 2) - kernel) / stride + 1
}

/// x, weight, dy.
pub(crate) fn operands(shape: Sizes) -> [FloatTensor<Flex>; 3] {
    let [n, channels_in, channels_out, size, kernel, _, groups] = shape;
    [
        random([n, channels_in, size, size]),
        random([channels_out, channels_in / groups, kernel, kernel]),
        random([n, channels_out, size_out(shape), size_out(shape)]),
    ]
}

/// A convolution, forward and backward at each call.
pub(crate) fn ours(shape: Sizes, bias: &Bias) -> impl Fn() + use<> {
    let [_, _, channels_out, ..] = shape;
    let [x, weight, dy] = operands(shape);
    let spatial = bias.spatial_shape([size_out(shape); 2]).expect("axes");
    let bias_shape = spatial.map(|[height, width]| [channels_out, height, width]);
    let bias = bias_shape.map(random);
    let [x_shape, weight_shape] = [&x, &weight].map(|tensor| tensor.layout().shape());
    let spec = ConvSpec::new(x_shape, weight_shape, &options(shape)).expect("a convolution");
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
