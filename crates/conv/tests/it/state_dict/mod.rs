//! Files that PyTorch wrote; `tests/golden/generate.py` made them.
#![cfg(any(feature = "safetensors", feature = "pytorch"))]

#[cfg(feature = "safetensors")]
mod adapter;
#[cfg(feature = "safetensors")]
mod layouts;
#[cfg(feature = "safetensors")]
mod messages;
#[cfg(feature = "safetensors")]
mod safetensors;
#[cfg(feature = "safetensors")]
mod wrapped;

use std::collections::BTreeMap;
use std::path::PathBuf;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData, Tolerance};
use serde::Deserialize;
#[cfg(feature = "pytorch")]
use untied_conv::state_dict::{Layout, load, load_file};
use untied_conv::{Bias, Conv2d, Conv2dConfig, Side};
use untied_gradcheck::Golden;

/// `torch.nn.Conv2d(2, 3, 3, padding=1)`, then `torch.nn.Conv2d(3, 4, (2, 3), bias=False)`.
#[derive(Module, Debug)]
struct Model {
    first: Conv2d,
    second: Conv2d,
}

impl Model {
    fn new(channels: usize) -> Self {
        let device = Device::default();
        Self {
            first: Conv2dConfig::new([2, channels], [3, 3]).with_padding(Side::Same).init(&device),
            second: Conv2dConfig::new([channels, 4], [2, 3]).with_bias(Bias::None).init(&device),
        }
    }

    fn assert_pytorchs(&self) {
        let file = include_str!("../../golden/state_dict.json");
        let file: File = serde_json::from_str(file).expect("the committed file");
        let tensor = |name: &str| {
            let Golden { shape, values } = &file.tensors[name];
            TensorData::new(values.clone(), shape.clone()).convert::<f32>()
        };
        let y = self.second.forward(self.first.forward(Tensor::from_data(tensor("x"), &Device::default())));
        y.into_data().assert_approx_eq::<f32>(&tensor("y"), Tolerance::absolute(1e-6));
    }
}

#[derive(Deserialize)]
struct File {
    #[serde(rename = "torch")]
    _version: String,
    #[serde(flatten)]
    tensors: BTreeMap<String, Golden>,
}

fn file(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "golden", name].iter().collect()
}

#[cfg(feature = "pytorch")]
#[test]
fn pytorchs_own_file_is_read() {
    let mut store = untied_conv::state_dict::PytorchStore::from_file(file("conv.pt"));
    let mut model = Model::new(3);
    assert_eq!(load(&mut model, &mut store).unwrap().layout, Layout::PyTorch);
    model.assert_pytorchs();
    let mut model = Model::new(3);
    load_file(&mut model, file("conv.pt")).unwrap();
    model.assert_pytorchs();
}
