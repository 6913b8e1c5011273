//! Fits a fixed picture with nothing but a bias: a tied one finds its mean, an untied one the picture.
//!
//! `cargo run -p untied-conv --example locations`

#![expect(clippy::print_stdout, reason = "an example shows what it finds")]

use burn::module::Param;
use burn::nn::Initializer;
use burn::tensor::{Device, Tensor};
use untied_conv::{Bias, Conv2dConfig};

fn main() {
    let device = Device::default().autodiff();
    let picture = Tensor::<2>::from_floats([[0.0, 1.0, 0.0], [1.0, 2.0, 1.0], [0.0, 1.0, 0.0]], &device);
    let black = Tensor::<4>::zeros([1, 1, 3, 3], &device);

    for bias in [Bias::Tied, Bias::UntiedAlong(vec![0]), Bias::Untied] {
        let mut conv = Conv2dConfig::new([1, 1], [1, 1])
            .with_bias(bias.clone())
            .with_input_size(Some([3, 3]))
            .with_initializer(Initializer::Zeros)
            .init(&device);
        for _ in 0..200 {
            let difference = conv.forward(black.clone()) - picture.clone().unsqueeze();
            let gradients = difference.square().sum().backward();
            let parameter = conv.bias.take().expect("the layer has a bias");
            let step = parameter.grad(&gradients).expect("the loss depends on it") * 0.05;
            conv.bias = Some(Param::from_tensor(Tensor::from_inner(parameter.val().inner() - step)));
        }
        let learned = conv.bias.as_ref().expect("the layer has a bias").val();
        println!(
            "{bias:?}: {:?} numbers\n{}",
            learned.dims(),
            conv.forward(black.clone()).reshape([3, 3]) as Tensor<2>
        );
    }
}
