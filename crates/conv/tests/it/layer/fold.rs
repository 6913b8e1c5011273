//! A layer that has taken in a scale and a shift gives what they make of its output.

use burn::module::Param;
use burn::tensor::{DType, Device, Tensor, TensorData, Tolerance};
use untied_conv::{Bias, Conv2dConfig, Side};
use untied_gradcheck::Input;

fn random<const D: usize>(shape: [usize; D], seed: u64) -> Tensor<D> {
    let values = Input::random("values", shape, seed).values;
    Tensor::from_data(TensorData::new(values, shape), (&Device::default(), DType::F32))
}

#[test]
fn every_bias_mode_folds() {
    let (scale, shift, x) = (random([3], 1), random([3], 2), random([2, 2, 4, 5], 3));
    for (mode, folded_mode) in [
        (Bias::None, Bias::Tied),
        (Bias::Tied, Bias::Tied),
        (Bias::Untied, Bias::Untied),
        (Bias::UntiedAlong(vec![0]), Bias::UntiedAlong(vec![0])),
        (Bias::Factorised, Bias::Untied),
    ] {
        let config = Conv2dConfig::new([2, 3], [3, 2]).with_bias(mode).with_input_size([4, 5]).with_padding(Side::Same);
        let mut conv = config.init(&Device::default());
        conv.bias = conv.bias.map(|bias| Param::from_tensor(random(bias.dims(), 4)));
        conv.further_terms = conv.further_terms.iter().map(|term| Param::from_tensor(random(term.dims(), 5))).collect();
        let per_channel = |values: &Tensor<1>| values.clone().reshape([1, 3, 1, 1]);
        let expected = conv.forward(x.clone()) * per_channel(&scale) + per_channel(&shift);
        let folded = conv.folded(scale.clone(), shift.clone());
        assert_eq!(folded.bias_mode, folded_mode);
        folded.forward(x.clone()).into_data().assert_approx_eq::<f32>(&expected.into_data(), Tolerance::absolute(1e-5));
    }
}

#[test]
#[should_panic(expected = "convolution: expected a shift of length 3, got 2")]
fn another_length_is_refused() {
    let conv = Conv2dConfig::new([2, 3], [1, 1]).init(&Device::default());
    let _ = conv.folded(random([3], 1), random([2], 2));
}
