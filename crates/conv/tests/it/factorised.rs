//! A factorised bias, the sum of one term along each axis: shapes, outputs, gradients and conversions.

use burn::module::{Param, ParamId};
use burn::tensor::{DType, Device, Tensor, TensorData};
use untied_conv::{Bias, Conv, Conv1dConfig, Conv2dConfig, Conv3dConfig, ConvConfig, ConvError, Interpolation};
use untied_gradcheck::{Arguments, GradCheck, Input};

const CHANNELS: [usize; 2] = [2, 3];
/// The terms along channels and spatial axes.
const TERMS: [&str; 4] = ["channels", "axis 0", "axis 1", "axis 2"];

/// A layer for inputs of 2 channels, with a kernel of 2 along every axis.
fn config<const D: usize>(size: [usize; D]) -> ConvConfig<D> {
    ConvConfig::new(CHANNELS, [2; D]).with_bias(Bias::Factorised).with_input_size(Some(size))
}

type Init<const D: usize, const R: usize, const B: usize> =
    fn(&ConvConfig<D>, &Device) -> Result<Conv<D, R, B>, ConvError>;

/// The layer with these parameters, which stay what they are to autodiff.
fn with_parameters<const D: usize, const R: usize, const B: usize>(
    layer: Conv<D, R, B>,
    weight: Tensor<R>,
    terms: Vec<Tensor<B>>,
) -> Conv<D, R, B> {
    let mut terms = terms.into_iter().map(|term| Param::initialized(ParamId::new(), term));
    let weight = Param::initialized(ParamId::new(), weight);
    Conv { weight, bias: terms.next(), further_terms: terms.collect(), ..layer }
}

/// Every gradient against central differences under a random cotangent, and every element of the bias against its
/// definition, `Σₐ θₐ[index along axis a]`.
fn check<const D: usize, const R: usize, const B: usize>(size: [usize; D], init: Init<D, R, B>) {
    let layer = init(&config(size), &Device::flex()).expect("a possible layer");
    let output: Vec<usize> = [3].into_iter().chain(size.map(|size| size - 1)).collect();
    let shape = |axis: usize| (0..=D).map(|other| if other == axis { output[axis] } else { 1 }).collect::<Vec<_>>();
    let found: Vec<Vec<usize>> =
        layer.bias.iter().chain(&layer.further_terms).map(|term| term.dims().to_vec()).collect();
    assert_eq!(found, (0..=D).map(shape).collect::<Vec<_>>());
    assert_eq!(layer.parameter_counts().1, output.iter().sum::<usize>());

    let mut inputs = vec![
        Input::random("x", [2, 2].into_iter().chain(size).collect::<Vec<_>>(), 1),
        Input::random("weight", [3, 2].into_iter().chain([2; D]).collect::<Vec<_>>(), 2),
    ];
    inputs.extend((0..=D).map(|axis| Input::random(TERMS[axis], shape(axis), 3 + axis as u64)));
    let function = |given: &Arguments| {
        let terms = TERMS[..=D].iter().map(|name| given.get(name)).collect();
        with_parameters(layer.clone(), given.get("weight"), terms).forward(given.get("x"))
    };
    GradCheck::default().check(function, &inputs, &Device::flex()).assert();

    // Exact: without x, y is the bias.
    let values = |input: &Input| TensorData::new(input.values.clone(), input.shape.clone());
    let [x, weight, terms @ ..] = inputs.as_slice() else { unreachable!("two inputs and the terms") };
    let tensor = |term: &Input| Tensor::<B>::from_data(values(term), (&Device::flex(), DType::F64));
    let weight = Tensor::<R>::from_data(values(weight), (&Device::flex(), DType::F64));
    let layer = with_parameters(layer, weight, terms.iter().map(tensor).collect());
    let x = Tensor::<R>::zeros(std::array::from_fn::<usize, R, _>(|axis| x.shape[axis]), (&Device::flex(), DType::F64));
    let y = layer.forward(x).into_data().try_to_vec::<f64>().expect("f64");
    let volume: usize = output.iter().product();
    for (at, y) in y.into_iter().enumerate() {
        let mut rest = at % volume;
        let mut expected = 0.0;
        for axis in (0..=D).rev() {
            expected += terms[axis].values[rest % output[axis]];
            rest /= output[axis];
        }
        assert!((y - expected).abs() < 1e-15, "element {at}: {y} instead of {expected}");
    }
}

#[test]
fn outputs_and_gradients_of_every_rank() {
    check([6], Conv1dConfig::try_init);
    check([4, 5], Conv2dConfig::try_init);
    check([3, 4, 3], Conv3dConfig::try_init);
}

#[test]
fn needs_the_size_and_has_no_one_shape() {
    let config = ConvConfig::<2>::new(CHANNELS, [2, 2]).with_bias(Bias::Factorised);
    assert_eq!(config.bias_terms(), Err(ConvError::MissingInputSize { rank: 2 }));
    let config = config.with_input_size(Some([4, 5]));
    assert_eq!(config.bias_terms(), Ok(vec![[3, 1, 1], [1, 3, 1], [1, 1, 4]]));
    let message = config.bias_shape().expect_err("three terms").to_string();
    assert!(message.starts_with("convolution: ") && message.contains('3'), "{message}");
}

/// An untied bias that is a sum of three terms loses nothing; any other loses what is orthogonal to such sums.
#[test]
fn conversion_takes_the_nearest_sum() {
    let device = Device::flex();
    let layer = config([4, 5]).init(&device);
    let term = |dims: [usize; 3], seed| {
        let values = Input::random("term", dims, seed).values;
        Param::from_tensor(Tensor::<3>::from_data(TensorData::new(values, dims), &device))
    };
    let terms = [term([3, 1, 1], 1), term([1, 3, 1], 2), term([1, 1, 4], 3)];
    let [bias, further @ ..] = terms;
    let layer = Conv { bias: Some(bias), further_terms: further.to_vec(), ..layer };
    let untied = layer.clone().untied([4, 5]).expect("its size");
    assert_eq!(untied.parameter_counts().1, 3 * 3 * 4);
    assert!(untied.further_terms.is_empty());
    let (again, lost) = untied.with_bias_mode(Bias::Factorised, [4, 5]).expect("its size");
    assert!(lost.expect("it had a bias").abs().max().into_scalar::<f32>() < 1e-6);
    assert_eq!(again.parameter_counts().1, 3 + 3 + 4);

    let config = Conv2dConfig::new(CHANNELS, [2, 2]).with_bias(Bias::Untied).with_input_size(Some([4, 5]));
    let random = Conv { bias: Some(term([3, 3, 4], 4)), ..config.init(&device) };
    let (_, lost) = random.with_bias_mode(Bias::Factorised, [4, 5]).expect("its size");
    let lost = lost.expect("it had a bias");
    assert!(lost.clone().abs().max().into_scalar::<f32>() > 0.1);
    for kept in 0..3 {
        let sums = (0..3).filter(|&axis| axis != kept).fold(lost.clone(), Tensor::sum_dim);
        assert!(sums.abs().max().into_scalar::<f32>() < 1e-5, "orthogonal to every term along axis {kept}");
    }
}

#[test]
fn another_size_resamples_the_terms_of_locations() {
    let layer = config([4, 5]).init(&Device::flex()).resized([8, 5], Interpolation::Linear).expect("a possible size");
    let dims: Vec<[usize; 3]> = layer.bias.iter().chain(&layer.further_terms).map(|term| term.dims()).collect();
    assert_eq!(dims, [[3, 1, 1], [1, 7, 1], [1, 1, 4]]);
    assert_eq!(layer.forward(Tensor::zeros([1, 2, 8, 5], &Device::flex())).dims(), [1, 3, 7, 4]);
}
