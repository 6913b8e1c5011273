//! The layers as a user meets them: shapes, starting values, files, display.

mod burn_layer;
mod fold;
mod gradient_sums;
mod learning;
mod resize;
mod sharing;

use burn::config::Config;
use burn::module::Param;
use burn::nn::{Initializer, PaddingConfig2d};
use burn::tensor::{Device, Int, Tensor};
use untied_conv::{Bias, Conv1dConfig, Conv2dConfig, Conv3dConfig, Side};

fn config(bias: Bias) -> Conv2dConfig {
    Conv2dConfig::new([1, 2], [3, 3]).with_bias(bias)
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

fn count<const D: usize>(shape: [usize; D]) -> Tensor<D> {
    let numbers = shape.iter().product::<usize>() as i64;
    Tensor::<1, Int>::arange(0..numbers, &Device::default()).float().reshape(shape)
}

#[test]
fn each_location_has_its_own_number() {
    let mut conv = config(Bias::Untied).with_input_size(Some([4, 5])).init(&Device::default());
    conv.bias = Some(Param::from_tensor(count([2, 2, 3])));
    let y = conv.forward(Tensor::zeros([2, 1, 4, 5], &Device::default()));
    let once: Vec<f32> = (0..12u8).map(f32::from).collect();
    assert_eq!(values(y), [once.clone(), once].concat());
}

#[test]
fn an_untied_bias_of_equal_numbers_is_a_tied_one() {
    let device = Device::default();
    let constant = Initializer::Constant { value: 0.5 };
    let mut tied = config(Bias::Tied).with_bias_initializer(constant.clone()).init(&device);
    // Terms of one sign: where they cancel, the bound below would be that of a number much smaller than they.
    tied.weight = tied.weight.map(Tensor::abs);
    let mut untied = config(Bias::Untied).with_bias_initializer(constant).with_input_size(Some([6, 6])).init(&device);
    untied.weight = tied.weight.clone();
    let [tied, untied] = [tied, untied].map(|conv| values(conv.forward(count([1, 1, 6, 6]))));
    for (tied, untied) in tied.iter().zip(&untied) {
        // A GPU's compiler may fuse the addition of a bias with what is before it.
        assert!((tied - untied).abs() <= 1e-6 * tied.abs(), "{tied} and {untied}");
    }
}

#[test]
fn weights_are_within_the_reciprocal_root_of_the_fan_in_and_biases_zero() {
    let conv = Conv2dConfig::new([4, 8], [5, 5]).with_groups(2).init(&Device::default());
    let bound = 1.0 / 50f32.sqrt();
    let weights = values(conv.weight.val());
    assert_eq!(weights.len(), 8 * 2 * 25);
    assert!(weights.iter().all(|weight| weight.abs() <= bound));
    assert!(weights.iter().any(|weight| weight.abs() > 0.9 * bound));
    assert_eq!(values(conv.bias.unwrap().val()), [0.0; 8]);
}

#[test]
fn initializers_are_those_asked_for() {
    let conv = Conv3dConfig::new([1, 2], [1, 2, 3])
        .with_initializer(Initializer::Ones)
        .with_bias_initializer(Initializer::Constant { value: 2.0 })
        .init(&Device::default());
    assert_eq!(values(conv.weight.val()), [1.0; 12]);
    assert_eq!(values(conv.bias.unwrap().val()), [2.0; 2]);
}

#[test]
fn a_tied_layer_takes_any_size() {
    let conv = config(Bias::Tied).with_padding(Side::Same).init(&Device::default());
    for size in [1, 3, 4, 9] {
        let x = Tensor::zeros([1, 1, size, size], &Device::default());
        assert_eq!(conv.forward(x).dims(), [1, 2, size, size]);
    }
}

#[test]
fn biases_have_the_shape_of_their_mode() {
    let sequence = Conv1dConfig::new([2, 3], [3]).with_bias(Bias::Untied).with_input_size(Some([8]));
    assert_eq!(sequence.bias_shape(), Ok(Some([3, 6])));
    let volume = Conv3dConfig::new([2, 3], [3, 2, 1]).with_input_size(Some([8, 7, 6]));
    assert_eq!(volume.bias_shape(), Ok(Some([3, 1, 1, 1])));
    assert_eq!(volume.clone().with_bias(Bias::None).bias_shape(), Ok(None));
    assert_eq!(volume.with_bias(Bias::UntiedAlong(vec![2, 0])).bias_shape(), Ok(Some([3, 6, 1, 6])));
}

#[test]
fn burns_own_paddings_are_taken() {
    let ours = config(Bias::Tied).with_padding([Side::Explicit(0, 2), Side::Explicit(1, 0)]);
    assert_eq!(config(Bias::Tied).with_padding(PaddingConfig2d::Explicit(0, 1, 2, 0)), ours);
}

#[test]
fn configurations_survive_a_file() {
    let config = Conv3dConfig::new([2, 4], [3, 2, 1])
        .with_padding([Side::Same, Side::Valid, Side::Explicit(0, 1)])
        .with_stride([1, 2, 3])
        .with_groups(2)
        .with_bias(Bias::UntiedAlong(vec![1]))
        .with_input_size(Some([5, 6, 7]));
    assert_eq!(Conv3dConfig::load_binary(config.to_string().as_bytes()).unwrap(), config);
    let open = Conv1dConfig::new([1, 1], [1]);
    assert_eq!(Conv1dConfig::load_binary(open.to_string().as_bytes()).unwrap(), open);
}

#[test]
fn display_shows_parameter_counts() {
    let image = config(Bias::Untied).with_input_size(Some([6, 6])).init(&Device::default()).to_string();
    for shown in ["Conv2d {", "bias: Untied", "weights: 18", "biases: 32", "params: 50"] {
        assert!(image.contains(shown), "{image}");
    }
    let volume = Conv3dConfig::new([2, 2], [1, 1, 1]).with_bias(Bias::None).init(&Device::default()).to_string();
    for shown in ["Conv3d {", "bias: None", "weights: 4", "biases: 0"] {
        assert!(volume.contains(shown), "{volume}");
    }
}

#[test]
fn no_image_gives_no_output_and_gradients_of_zero() {
    let device = Device::default().autodiff();
    let conv = config(Bias::Untied).with_input_size([4, 5]).init(&device);
    let y = conv.forward(Tensor::zeros([0, 1, 4, 5], &device));
    assert_eq!(y.dims(), [0, 2, 2, 3]);
    let gradients = y.sum().backward();
    assert_eq!(values(conv.weight.grad(&gradients).expect("dw")), [0.0; 18]);
    assert_eq!(values(conv.bias.unwrap().grad(&gradients).expect("db")), [0.0; 12]);
    let plain = Device::default();
    assert_eq!(config(Bias::None).init(&plain).forward(Tensor::zeros([0, 1, 4, 5], &plain)).dims(), [0, 2, 2, 3]);
}
