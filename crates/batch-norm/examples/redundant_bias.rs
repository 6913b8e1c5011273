//! The gradient of a bias before batch norm: rounding noise where it is tied, a real one where it is untied.
//!
//! `cargo run -p untied-batch-norm --example redundant_bias`

#![expect(clippy::print_stdout, reason = "an example shows what it finds")]

use burn::tensor::{Device, Distribution, Tensor};
use untied_batch_norm::BatchNormConfig;

fn main() {
    let device = Device::default().autodiff();
    let norm = BatchNormConfig::new(4).init(&device);
    let random = || Tensor::<4>::random([32, 4, 6, 6], Distribution::Normal(0.0, 1.0), &device);

    let tied = Tensor::<4>::zeros([1, 4, 1, 1], &device).require_grad();
    let untied = Tensor::<4>::zeros([1, 4, 6, 6], &device).require_grad();
    let y = norm.forward(random() + tied.clone() + untied.clone());
    let gradients = (y * random()).sum().backward();

    let largest =
        |bias: &Tensor<4>| bias.grad(&gradients).expect("the loss depends on it").abs().max().into_scalar::<f32>();
    println!("largest gradient of the tied bias:   {:.1e}", largest(&tied));
    println!("largest gradient of the untied bias: {:.1e}", largest(&untied));

    let mean = untied.grad(&gradients).expect("the loss depends on it").mean_dims(&[2, 3]).abs().max();
    println!("its mean over the locations:         {:.1e}", mean.into_scalar::<f32>());
}
