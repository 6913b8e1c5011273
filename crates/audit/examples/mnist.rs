//! Audits a model that is not ours: the shape of Burn's own MNIST example, written with Burn's own layers.
//!
//! Its convolutions have a bias, and batch norm right behind it. `cargo run -p untied-audit --example mnist`

#![expect(clippy::print_stdout, reason = "an example shows what it finds")]

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Gelu, Linear, LinearConfig};
use burn::tensor::activation::log_softmax;
use burn::tensor::{DType, Device, Distribution, Tensor};
use untied_audit::{AuditOptions, audit};

#[derive(Module, Debug)]
struct Block {
    conv: Conv2d,
    norm: BatchNorm,
    pool: MaxPool2d,
    activation: Gelu,
}

impl Block {
    fn new(channels: [usize; 2], device: &Device) -> Self {
        Self {
            conv: Conv2dConfig::new(channels, [3, 3]).init(device),
            norm: BatchNormConfig::new(channels[1]).init(device),
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            activation: Gelu::new(),
        }
    }

    /// `[n, c, h, w]`.
    fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.pool.forward(self.activation.forward(self.norm.forward(self.conv.forward(x))))
    }
}

#[derive(Module, Debug)]
struct Mnist {
    conv1: Block,
    conv2: Block,
    dropout: Dropout,
    fc1: Linear,
    fc2: Linear,
    activation: Gelu,
}

impl Mnist {
    fn new(device: &Device) -> Self {
        Self {
            conv1: Block::new([1, 16], device),
            conv2: Block::new([16, 32], device),
            dropout: DropoutConfig::new(0.25).init(),
            fc1: LinearConfig::new(32 * 5 * 5, 64).init(device),
            fc2: LinearConfig::new(64, 10).init(device),
            activation: Gelu::new(),
        }
    }

    /// Images `[n, 1, 28, 28]` to the logarithms of class probabilities `[n, 10]`.
    fn forward(&self, images: Tensor<4>) -> Tensor<2> {
        let x = self.conv2.forward(self.conv1.forward(images)).flatten(1, 3);
        let x = self.activation.forward(self.fc1.forward(self.dropout.forward(x)));
        log_softmax(self.fc2.forward(x), 1)
    }
}

fn main() -> Result<(), untied_audit::AuditError> {
    let device = Device::default().autodiff();
    device.seed(0);
    let model = Mnist::new(&device);
    let images = Tensor::<4>::random([16, 1, 28, 28], Distribution::Normal(0.0, 1.0), &device).cast(DType::F64);
    let options = AuditOptions { dtype: Some(DType::F64), ..AuditOptions::default() };
    let found = audit(&model, |model: &Mnist| model.forward(images.clone()), &options)?;
    print!("{found}");
    Ok(())
}
