//! Forward and gradients against PyTorch's, in f64. `golden/generate.py` wrote the values.
#![cfg(feature = "flex")]
#![expect(clippy::print_stdout, reason = "a failing case is told by the last line")]

use std::collections::BTreeMap;

use burn::module::Param;
use burn::nn::PaddingConfig2d;
use burn::tensor::{DType, Device, Tensor, TensorData, Tolerance};
use serde::Deserialize;
use untied_conv::{Bias, Conv2d, Conv2dConfig};

#[derive(Deserialize)]
struct Golden {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    stride: [usize; 2],
    /// Top, left, bottom, right.
    padding: [usize; 4],
    dilation: [usize; 2],
    groups: usize,
    tensors: BTreeMap<String, Values>,
}

#[derive(Deserialize)]
struct Values {
    shape: Vec<usize>,
    values: Vec<f64>,
}

impl Case {
    fn tensor<const D: usize>(&self, name: &str) -> Tensor<D> {
        let Values { shape, values } = &self.tensors[name];
        let device = Device::flex().autodiff();
        Tensor::from_data(TensorData::new(values.clone(), shape.clone()), (&device, DType::F64))
    }

    fn layer(&self, input: [usize; 2], output: [usize; 2]) -> Conv2d {
        let [channels_out, per_group, height, width] = self.tensor::<4>("w").dims();
        let bias = self.tensors.get("b").map(|bias| [bias.shape[1], bias.shape[2]]);
        let mode = match bias {
            None => Bias::None,
            Some([1, 1]) => Bias::Tied,
            Some(shape) if shape == output => Bias::Untied,
            Some([_, 1]) => Bias::UntiedAlong(vec![0]),
            Some(_) => Bias::UntiedAlong(vec![1]),
        };
        let [top, left, bottom, right] = self.padding;
        let mut layer = Conv2dConfig::new([per_group * self.groups, channels_out], [height, width])
            .with_stride(self.stride)
            .with_padding(PaddingConfig2d::Explicit(top, left, bottom, right))
            .with_dilation(self.dilation)
            .with_groups(self.groups)
            .with_bias(mode)
            .with_input_size(Some(input))
            .init(&Device::flex().autodiff());
        layer.weight = Param::from_tensor(self.tensor("w"));
        if bias.is_some() {
            assert_eq!(
                layer.bias.as_ref().map(|bias| bias.dims()),
                Some(self.tensor::<3>("b").dims()),
                "{}",
                self.name
            );
            layer.bias = Some(Param::from_tensor(self.tensor("b")));
        }
        layer
    }

    fn assert_close<const D: usize>(&self, what: &str, got: Tensor<D>) {
        println!("{} {what}", self.name);
        let expected = self.tensor::<D>(what);
        assert_eq!(got.dims(), expected.dims());
        got.into_data().assert_approx_eq::<f64>(&expected.into_data(), Tolerance::absolute(1e-12));
    }
}

#[test]
fn agrees_with_pytorch() {
    let golden: Golden = serde_json::from_str(include_str!("golden/pytorch.json")).expect("the committed file");
    assert_eq!(golden.cases.len(), 9);
    for case in golden.cases {
        let x = case.tensor::<4>("x").require_grad();
        let [.., height, width] = x.dims();
        let [.., height_out, width_out] = case.tensor::<4>("y").dims();
        let layer = case.layer([height, width], [height_out, width_out]);

        let y = layer.forward(x.clone());
        let gradients = (y.clone() * case.tensor("dy")).sum().backward();
        case.assert_close("y", y);
        case.assert_close("dx", x.grad(&gradients).expect("dx"));
        case.assert_close("dw", layer.weight.grad(&gradients).expect("dw"));
        if let Some(bias) = &layer.bias {
            case.assert_close("db", bias.grad(&gradients).expect("db"));
        }
    }
}
