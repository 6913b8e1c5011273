//! Conversions of trained layers between bias modes keep the function, or tell what they changed.

use burn::module::Param;
use burn::tensor::{DType, Device, Tensor, TensorData};
use untied_conv::{Bias, Conv, Conv1dConfig, Conv2dConfig, Conv3dConfig, ConvConfig, ConvError};
use untied_gradcheck::Input;

fn random<const D: usize>(shape: [usize; D], seed: u64, device: &Device) -> Tensor<D> {
    let values = Input::random("values", shape, seed).values;
    Tensor::from_data(TensorData::new(values, shape), (device, DType::F32))
}

/// A layer with random parameters.
fn layer<const D: usize, const R: usize, const B: usize>(
    config: &ConvConfig<D>,
    init: fn(&ConvConfig<D>, &Device) -> Result<Conv<D, R, B>, ConvError>,
    device: &Device,
) -> Conv<D, R, B> {
    let mut layer = init(config, device).expect("a possible layer");
    let mut seed = 2..;
    let mut drawn =
        |term: Param<Tensor<B>>| Param::from_tensor(random(term.dims(), seed.next().expect("an open range"), device));
    layer.bias = layer.bias.map(&mut drawn);
    layer.further_terms = layer.further_terms.into_iter().map(drawn).collect();
    layer
}

fn assert_close<const D: usize>(a: Tensor<D>, b: Tensor<D>, told: &str) {
    let difference = (a - b).abs().max().into_scalar::<f32>();
    assert!(difference <= 1e-6, "{told}: off by {difference}");
}

/// From every mode to every mode: the former output is the output plus the residual.
fn every_conversion<const D: usize, const R: usize, const B: usize>(
    size: [usize; D],
    init: fn(&ConvConfig<D>, &Device) -> Result<Conv<D, R, B>, ConvError>,
) {
    let along = |set: usize| Bias::UntiedAlong((0..D).filter(|axis| set >> axis & 1 == 1).collect());
    let modes: Vec<_> =
        [Bias::None, Bias::Tied, Bias::Untied, Bias::Factorised].into_iter().chain((1..1 << D).map(along)).collect();
    for (name, device) in untied_gradcheck::devices() {
        let mut x_shape = [2; R];
        x_shape[2..].copy_from_slice(&size);
        let x = random(x_shape, 1, &device);
        for from in &modes {
            for to in &modes {
                let told = format!("{name} {D}d from {from:?} to {to:?}");
                let config = ConvConfig::new([2, 3], [2; D]).with_bias(from.clone()).with_input_size(Some(size));
                let former = layer(&config, init, &device);
                let expected = former.forward(x.clone());
                let (converted, residual) = former.clone().with_bias_mode(to.clone(), size).expect("a possible size");
                let output = config.geometry().output_size(size).unwrap();
                let terms = to.terms(3, &output).unwrap();
                let parameters = terms.iter().map(|term| term.iter().product::<usize>()).sum::<usize>();
                assert_eq!(converted.parameter_counts().1, parameters, "{told}");
                assert_eq!(converted.bias_mode, *to);
                let y = converted.forward(x.clone());
                let y = match residual {
                    Some(residual) => y + residual.unsqueeze(),
                    None => y,
                };
                assert_close(y, expected, &told);
            }
        }
    }
}

#[test]
fn outputs_and_residuals_add_up() {
    every_conversion([6], Conv1dConfig::try_init);
    every_conversion([4, 5], Conv2dConfig::try_init);
    every_conversion([3, 4, 3], Conv3dConfig::try_init);
}

fn image(bias: Bias, device: &Device) -> Conv<2, 4, 3> {
    let config = Conv2dConfig::new([2, 3], [2, 2]).with_bias(bias).with_input_size(Some([4, 5]));
    layer(&config, Conv2dConfig::try_init, device)
}

#[test]
fn untying_keeps_the_function() {
    let device = Device::default();
    let x = random([2, 2, 4, 5], 1, &device);
    for bias in [Bias::None, Bias::Tied, Bias::UntiedAlong(vec![1]), Bias::Untied] {
        let tied = image(bias, &device);
        let untied = tied.clone().untied([4, 5]).unwrap();
        assert_eq!(untied.bias.as_ref().unwrap().dims(), [3, 3, 4]);
        // A GPU's compiler may fuse the addition of a bias with what is before it.
        assert_close(untied.forward(x.clone()), tied.forward(x.clone()), "the function");
    }
}

#[test]
fn tying_leaves_the_mean_and_returns_the_rest() {
    let device = Device::default();
    let untied = image(Bias::Untied, &device);
    let former = untied.bias.as_ref().unwrap().val();
    let (tied, residual) = untied.tied();
    let mean = former.clone().mean_dim(1).mean_dim(2);
    assert_close(tied.bias.as_ref().unwrap().val(), mean.clone(), "the mean");
    assert_close(residual.unwrap(), former - mean, "the rest");
    // A tied layer takes any size.
    assert_eq!(tied.forward(random([1, 2, 9, 9], 1, &device)).dims(), [1, 3, 8, 8]);
}

#[test]
fn batch_norm_sees_no_difference_but_the_rest() {
    let device = Device::default();
    // What batch norm's centring leaves of the output, per channel.
    let centred = |y: Tensor<4>| {
        let mean = [0, 2, 3].into_iter().fold(y.clone(), Tensor::mean_dim);
        y - mean
    };
    let x = random([2, 2, 4, 5], 1, &device);
    let untied = image(Bias::Untied, &device);
    let (none, parts) = untied.clone().without_bias();
    let rest = parts.unwrap().rest;
    assert!(none.bias.is_none());
    assert_close(centred(untied.forward(x.clone())), centred(none.forward(x.clone())) + rest.unsqueeze(), "untied");
    let tied = image(Bias::Tied, &device);
    let (none, parts) = tied.clone().without_bias();
    assert_eq!(parts.unwrap().rest.abs().max().into_scalar::<f32>(), 0.0);
    assert_close(centred(tied.forward(x.clone())), centred(none.forward(x)), "tied");
}

#[test]
fn without_a_bias_there_are_no_parts_and_zeros_to_tie() {
    let device = Device::default();
    assert!(image(Bias::None, &device).bias_parts().is_none());
    let (tied, residual) = image(Bias::None, &device).tied();
    assert!(residual.is_none());
    assert_eq!(tied.bias.unwrap().val().into_data().try_to_vec::<f32>().unwrap(), [0.0; 3]);
}

#[test]
fn a_converted_bias_is_a_new_parameter_that_learns() {
    let device = Device::default().autodiff();
    let tied = image(Bias::Tied, &device);
    let former = tied.bias.as_ref().unwrap().id;
    let untied = tied.untied([4, 5]).unwrap();
    let bias = untied.bias.as_ref().unwrap();
    assert!(bias.id != former, "an optimizer would take the tied bias's momentum for the untied one");
    let gradients = untied.forward(random([2, 2, 4, 5], 1, &device)).sum().backward();
    assert_eq!(bias.grad(&gradients).expect("db").into_data().try_to_vec::<f32>().unwrap(), [2.0; 36]);

    let frozen = image(Bias::Tied, &device);
    let bias = frozen.bias.map(|bias| bias.set_require_grad(false));
    let untied = Conv { bias, ..frozen }.untied([4, 5]).unwrap();
    assert!(!untied.bias.unwrap().is_require_grad());
}
