//! The sums behind a bias by their definition: with J = Σ c·y, ∂J/∂y is the cotangent c.

use burn::module::{Module, Param};
use burn::tensor::{DType, Device, Tensor, TensorData, Tolerance};
use untied_conv::{Bias, Conv2d, Conv2dConfig};
use untied_gradcheck::Input;

const OUTPUT: [usize; 4] = [3, 2, 4, 5];

fn random<const D: usize>(name: &'static str, shape: [usize; D]) -> (Vec<f64>, Tensor<D>) {
    let values = Input::random(name, shape, 1).values;
    let data = TensorData::new(values.clone(), shape);
    (values, Tensor::from_data(data, (&Device::flex().autodiff(), DType::F64)))
}

fn layer(bias: Bias) -> Conv2d {
    let device = Device::flex().autodiff();
    let mut conv = Conv2dConfig::new([1, 2], [2, 1]).with_bias(bias).with_input_size([5, 5]).init(&device);
    conv.weight = Param::from_tensor(random("weight", [2, 1, 2, 1]).1);
    let double = |term: Param<Tensor<3>>| Param::from_tensor(random("term", term.dims()).1);
    conv.bias = conv.bias.map(double);
    conv.further_terms = conv.further_terms.into_iter().map(double).collect();
    conv
}

/// Sums of an output-shaped tensor over the images and over what shares a parameter of a term `[c, h, w]`.
fn shared(term: [usize; 3], values: &[f64]) -> Vec<f64> {
    let [images, channels, height, width] = OUTPUT;
    let mut sums = vec![0.0; term.iter().product()];
    for (at, value) in values.iter().enumerate().take(images * channels * height * width) {
        let index = [at / (height * width) % channels, at / width % height, at % width];
        let [c, y, x]: [usize; 3] = std::array::from_fn(|axis| if term[axis] == 1 { 0 } else { index[axis] });
        sums[(c * term[1] + y) * term[2] + x] += value;
    }
    sums
}

fn assert_close(got: &[f64], expected: &[f64]) {
    assert_eq!(got.len(), expected.len());
    assert!(got.iter().zip(expected).all(|(got, expected)| (got - expected).abs() < 1e-12), "{got:?}\n{expected:?}");
}

#[test]
fn they_are_those_of_every_parameter() {
    let (x, (cotangent, c)) = (random("x", [3, 1, 5, 5]).1, random("c", OUTPUT));
    for (bias, terms) in [
        (Bias::Tied, vec![[2, 1, 1]]),
        (Bias::Untied, vec![[2, 4, 5]]),
        (Bias::UntiedAlong(vec![1]), vec![[2, 1, 5]]),
        (Bias::Factorised, vec![[2, 1, 1], [1, 4, 1], [1, 1, 5]]),
    ] {
        let conv = layer(bias);
        let (y, probe) = conv.forward_with_probe(x.clone());
        y.clone().into_data().assert_approx_eq::<f64>(&conv.forward(x.clone()).into_data(), Tolerance::absolute(0.0));
        let gradients = (y * c.clone()).sum().backward();
        let sums = probe.sums(&gradients).expect("the bias learns");
        let of_terms = |values: &[f64]| terms.iter().flat_map(|&term| shared(term, values)).collect::<Vec<f64>>();
        assert_close(&sums.gradient, &of_terms(&cotangent));
        assert_close(&sums.absolute, &of_terms(&cotangent.iter().map(|value| value.abs()).collect::<Vec<f64>>()));
        let dy: Vec<f64> = probe.gradient(&gradients).expect("J depends on y").into_data().iter::<f64>().collect();
        assert_close(&dy, &cotangent);
    }
}

#[test]
fn without_a_gradient_there_are_none() {
    let x = random("x", [3, 1, 5, 5]).1;
    let conv = layer(Bias::Tied);
    let (y, _) = conv.forward_with_probe(x.clone());
    let (_, elsewhere) = conv.forward_with_probe(x.clone());
    assert!(elsewhere.sums(&y.sum().backward()).is_none());
    let (y, probe) = conv.freeze().forward_with_probe(x.clone());
    let gradients = y.sum().backward();
    assert!(probe.sums(&gradients).is_none());
    assert!(probe.gradient(&gradients).is_some());
    let (y, probe) = layer(Bias::None).forward_with_probe(x);
    assert!(probe.sums(&y.sum().backward()).expect("of no parameters").gradient.is_empty());
}
