//! Training forward and backward (dx, dw, db) of one convolution in f32, given dy; all cores.
//!
//! `pytorch.py` times the same of PyTorch.
//! `cargo bench --bench conv`
#![cfg(feature = "flex")]

use burn::backend::Flex;
use burn::backend::ops::{ConvOptions, ModuleOps};
use burn::backend::tensor::FloatTensor;
use burn::tensor::{Device, Distribution, Shape, Tensor};
use divan::{Bencher, black_box};
use untied_conv::{Bias, ConvBackend, ConvSpec};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Images, channels in and out, height and width, kernel size.
const SHAPES: [[usize; 5]; 6] = [
    [64, 1, 16, 28, 3],
    [64, 16, 32, 14, 3],
    [64, 32, 64, 7, 3],
    [64, 3, 32, 32, 3],
    [64, 64, 128, 8, 3],
    [64, 64, 64, 16, 1],
];

fn main() {
    divan::main();
}

fn random<const D: usize>(shape: [usize; D]) -> FloatTensor<Flex> {
    let device = Device::flex();
    let tensor = Tensor::<D>::random(shape, Distribution::Normal(0.0, 1.0), &device);
    tensor.try_into_primitive::<Flex>().expect("a tensor of Flex")
}

/// x, weight, dy.
fn operands([n, channels_in, channels_out, size, kernel]: [usize; 5]) -> [FloatTensor<Flex>; 3] {
    [
        random([n, channels_in, size, size]),
        random([channels_out, channels_in, kernel, kernel]),
        random([n, channels_out, size, size]),
    ]
}

fn ours(bencher: Bencher, shape: [usize; 5], bias: &Bias) {
    let [_, _, channels_out, size, kernel] = shape;
    let [x, weight, dy] = operands(shape);
    let spatial = bias.spatial_shape([size, size]).expect("axes");
    let bias_shape = spatial.map(|[height, width]| [channels_out, height, width]);
    let bias = bias_shape.map(random);
    let padding = [[0, 0], [kernel / 2; 2], [kernel / 2; 2]];
    let spec = ConvSpec { stride: [1; 3], dilation: [1; 3], padding, groups: 1 };
    let [x_shape, weight_shape] = [&x, &weight].map(|tensor| tensor.layout().shape().clone());
    bencher.bench_local(|| {
        let dx = Flex::untied_conv_x_backward(weight.clone(), dy.clone(), x_shape.clone(), spec);
        let (x, weight, dy, shape) = (x.clone(), weight.clone(), dy.clone(), weight_shape.clone());
        if let Some((bias, bias_shape)) = bias.clone().zip(bias_shape) {
            let y = Flex::untied_conv_bias(x.clone(), weight, bias, spec);
            let parameters = Flex::untied_conv_parameters_backward(x, dy, shape, Shape::new(bias_shape), spec);
            drop(black_box((y, dx, parameters)));
        } else {
            let y = Flex::untied_conv(x.clone(), weight, spec);
            drop(black_box((y, dx, Flex::untied_conv_weight_backward(x, dy, shape, spec))));
        }
    });
}

#[divan::bench(args = SHAPES, sample_size = 1)]
fn ours_none(bencher: Bencher, shape: [usize; 5]) {
    ours(bencher, shape, &Bias::None);
}

#[divan::bench(args = SHAPES, sample_size = 1)]
fn ours_tied(bencher: Bencher, shape: [usize; 5]) {
    ours(bencher, shape, &Bias::Tied);
}

#[divan::bench(args = SHAPES, sample_size = 1)]
fn ours_untied(bencher: Bencher, shape: [usize; 5]) {
    ours(bencher, shape, &Bias::Untied);
}

#[divan::bench(args = SHAPES, sample_size = 1)]
fn burn_none(bencher: Bencher, shape: [usize; 5]) {
    let [x, weight, dy] = operands(shape);
    let options = || ConvOptions::new([1, 1], [shape[4] / 2; 2], [1, 1], 1);
    bencher.bench_local(|| {
        let y = Flex::conv2d(x.clone(), weight.clone(), None, options());
        let dx = Flex::conv2d_x_backward(x.clone(), weight.clone(), dy.clone(), options());
        drop(black_box((y, dx, Flex::conv2d_weight_backward(x.clone(), weight.clone(), dy.clone(), options()))));
    });
}
