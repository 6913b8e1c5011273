//! A small residual net, and the parts of it that are timed.

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Distribution, Tensor};
use divan::black_box;
use untied_batch_norm::{BatchNorm, BatchNormConfig, batch_norm_relu};
use untied_conv::{Bias, Conv2d, Conv2dConfig, Side};

/// Images of a batch, their channels, height and width.
pub(crate) const IMAGES: [usize; 4] = [64, 3, 32, 32];
const CHANNELS: usize = 32;

#[derive(Module, Debug)]
pub(crate) struct Net {
    stem: Conv2d,
    norm: BatchNorm,
    block: [(Conv2d, BatchNorm); 2],
    head: Linear,
}

impl Net {
    fn new(bias: Bias, device: &Device) -> Self {
        let conv = |channels| Conv2dConfig::new([channels, CHANNELS], [3, 3]).with_padding(Side::Same);
        let norm = || BatchNormConfig::new(CHANNELS).init(device);
        let inner = || (conv(CHANNELS).with_bias(false).init(device), norm());
        Self {
            stem: conv(IMAGES[1]).with_bias(bias).with_input_size([IMAGES[2], IMAGES[3]]).init(device),
            norm: norm(),
            block: [inner(), inner()],
            head: LinearConfig::new(CHANNELS, 10).init(device),
        }
    }

    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let x = self.norm.forward_relu(self.stem.forward(images));
        let [(conv1, norm1), (conv2, norm2)] = &self.block;
        let y = norm1.forward_relu(conv1.forward(x.clone()));
        let y = relu(norm2.forward(conv2.forward(y)) + x);
        self.head.forward(y.mean_dims(&[2, 3]).flatten(1, 3))
    }
}

fn random(shape: [usize; 4], device: &Device) -> Tensor<4> {
    Tensor::random(shape, Distribution::Normal(0.0, 1.0), device)
}

/// Forward and backward of batch norm with ReLU, as nodes of the graph, under (y · dy).sum().
pub(crate) fn norm(shape: [usize; 4]) -> Box<dyn Fn()> {
    let device = Device::flex().autodiff();
    let (x, dy) = (random(shape, &device).require_grad(), random(shape, &device));
    let [gamma, beta] = [(); 2].map(|()| Tensor::<1>::ones([shape[1]], &device).require_grad());
    Box::new(move || {
        let y = batch_norm_relu(x.clone(), gamma.clone(), beta.clone(), 1e-5).output;
        drop(black_box((y * dy.clone()).sum().backward()));
    })
}

/// Forward and backward of the net.
pub(crate) fn step(bias: Bias) -> Box<dyn Fn()> {
    let device = Device::flex().autodiff();
    let (net, images) = (Net::new(bias, &device), random(IMAGES, &device));
    Box::new(move || drop(black_box(net.forward(images.clone()).square().mean().backward())))
}

/// The net in evaluation.
pub(crate) fn inference(bias: Bias) -> Box<dyn Fn()> {
    let device = Device::flex();
    let (net, images) = (Net::new(bias, &device.clone().autodiff()).valid(), random(IMAGES, &device));
    Box::new(move || drop(black_box(net.forward(images.clone()))))
}

/// The first convolution of the net in evaluation.
pub(crate) fn stem(bias: Bias) -> Box<dyn Fn()> {
    let device = Device::flex();
    let (net, images) = (Net::new(bias, &device.clone().autodiff()).valid(), random(IMAGES, &device));
    Box::new(move || drop(black_box(net.stem.forward(images.clone()))))
}
