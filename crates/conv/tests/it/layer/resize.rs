//! Biases for another input size, against PyTorch's interpolation. `tests/golden/generate.py` wrote the values.

use burn::module::Param;
use burn::tensor::{DType, Device, Tensor, TensorData};
use serde::Deserialize;
use untied_conv::{Bias, Conv, Conv1dConfig, Conv2dConfig, Conv3dConfig, ConvConfig, ConvError, Interpolation};

use untied_gradcheck::Golden;

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    mode: String,
    from: Golden,
    to: Golden,
}

impl Case {
    fn check<const D: usize, const R: usize, const B: usize>(
        &self,
        init: fn(&ConvConfig<D>, &Device) -> Result<Conv<D, R, B>, ConvError>,
    ) {
        let interpolation = if self.mode == "nearest-exact" { Interpolation::Nearest } else { Interpolation::Linear };
        let size = |values: &Golden| values.shape[1..].try_into().expect("a size per axis");
        // A kernel of one: the output has the size of the input.
        let config = ConvConfig::new([1, 2], [1; D]).with_bias(Bias::Untied).with_input_size(Some(size(&self.from)));
        let mut layer = init(&config, &Device::default()).expect("a possible layer");
        let from = TensorData::new(self.from.values.clone(), self.from.shape.clone());
        layer.bias = Some(Param::from_tensor(Tensor::from_data(from, (&Device::default(), DType::F32))));

        let resized = layer.resized(size(&self.to), interpolation).expect("a possible size");
        assert_eq!(resized.input_size, Some(size(&self.to)));
        let bias = resized.bias.expect("it had one").val();
        assert_eq!(bias.dims().to_vec(), self.to.shape);
        for (got, expected) in bias.into_data().try_to_vec::<f32>().unwrap().iter().zip(&self.to.values) {
            let told = format!("{} {:?} to {:?}", self.mode, self.from.shape, self.to.shape);
            assert!((f64::from(*got) - expected).abs() <= 1e-6, "{told}: expected {expected}, got {got}");
        }
    }
}

#[test]
fn agrees_with_pytorch() {
    let file: File = serde_json::from_str(include_str!("../../golden/resized.json")).expect("the committed file");
    assert_eq!(file.cases.len(), 12);
    for case in file.cases {
        match case.from.shape.len() {
            2 => case.check(Conv1dConfig::try_init),
            3 => case.check(Conv2dConfig::try_init),
            _ => case.check(Conv3dConfig::try_init),
        }
    }
}

#[test]
fn a_constant_stays_and_shared_axes_stay_shared() {
    let device = Device::default();
    let layer = |bias: Bias| {
        let config = Conv2dConfig::new([1, 2], [3, 3]).with_bias(bias).with_input_size(Some([6, 8]));
        config.with_bias_initializer(burn::nn::Initializer::Constant { value: 0.7 }).init(&device)
    };
    for interpolation in [Interpolation::Nearest, Interpolation::Linear] {
        for (bias, shape) in [
            (Bias::Untied, [2, 10, 3]),
            (Bias::UntiedAlong(vec![0]), [2, 10, 1]),
            (Bias::UntiedAlong(vec![1]), [2, 1, 3]),
            (Bias::Tied, [2, 1, 1]),
        ] {
            let resized = layer(bias).resized([12, 5], interpolation).unwrap();
            assert_eq!(resized.forward(Tensor::zeros([1, 1, 12, 5], &device)).dims(), [1, 2, 10, 3]);
            let bias = resized.bias.unwrap();
            assert_eq!(bias.dims(), shape);
            assert!(bias.val().into_data().try_to_vec::<f32>().unwrap().iter().all(|number| *number == 0.7));
        }
        let none = layer(Bias::None).resized([12, 5], interpolation).unwrap();
        assert!(none.bias.is_none());
    }
}

#[test]
fn the_same_size_changes_nothing() {
    let device = Device::default();
    let config = Conv2dConfig::new([1, 2], [3, 3]).with_bias(Bias::Untied).with_input_size(Some([6, 8]));
    let layer = config.with_bias_initializer(burn::nn::Initializer::Uniform { min: -1.0, max: 1.0 }).init(&device);
    for interpolation in [Interpolation::Nearest, Interpolation::Linear] {
        let same = layer.clone().resized([6, 8], interpolation).unwrap();
        assert_eq!(same.bias.unwrap().val().into_data(), layer.bias.as_ref().unwrap().val().into_data());
    }
}
