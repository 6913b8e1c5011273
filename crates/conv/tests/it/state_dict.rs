//! Files that PyTorch wrote; `tests/golden/generate.py` made them.
#![cfg(any(feature = "safetensors", feature = "pytorch"))]

use std::collections::BTreeMap;
use std::path::PathBuf;

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData, Tolerance};
use serde::Deserialize;
use untied_conv::state_dict::load;
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
        let file = include_str!("../golden/state_dict.json");
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

#[cfg(feature = "safetensors")]
mod safetensors {
    use super::{Bias, Conv2dConfig, Device, Model, TensorData, file, load};
    use burn::tensor::{DType, Tensor};
    use serde_json::{Map, Value, json};
    use untied_conv::state_dict::SafetensorsStore;

    fn store() -> SafetensorsStore {
        SafetensorsStore::from_file(file("conv.safetensors"))
    }

    #[test]
    fn a_model_computes_what_pytorch_does() {
        let mut model = Model::new(3);
        let result = load(&mut model, &mut store()).unwrap();
        assert!(result.unused.is_empty());
        assert_eq!(model.first.bias.as_ref().unwrap().dims(), [3, 1, 1]);
        model.assert_pytorchs();
    }

    /// PyTorch's file with its numbers in another type: the length of a header, the header and the numbers.
    fn store_of(dtype: DType, name: &str) -> SafetensorsStore {
        let file = std::fs::read(file("conv.safetensors")).expect("the committed file");
        let (length, rest) = file.split_first_chunk().expect("a length");
        let (header, bytes) = rest.split_at(u64::from_le_bytes(*length) as usize);
        let header: Map<String, Value> = serde_json::from_slice(header).expect("a header");
        let (mut tensors, mut numbers) = (Map::new(), vec![]);
        for (key, tensor) in header.into_iter().filter(|(key, _)| key != "__metadata__") {
            let [from, to] = serde_json::from_value(tensor["data_offsets"].clone()).expect("two offsets");
            let shape: Vec<usize> = serde_json::from_value(tensor["shape"].clone()).expect("a shape");
            let data = TensorData::from_bytes_vec(bytes[from..to].to_vec(), shape.clone(), DType::F32);
            let start = numbers.len();
            numbers.extend_from_slice(data.convert_dtype(dtype).as_bytes());
            tensors.insert(key, json!({ "dtype": name, "shape": shape, "data_offsets": [start, numbers.len()] }));
        }
        let header = serde_json::to_vec(&tensors).expect("a header");
        let length = (header.len() as u64).to_le_bytes();
        SafetensorsStore::from_bytes(Some([&length[..], &header, &numbers].concat()))
    }

    #[test]
    fn double_precision_becomes_the_models_own() {
        let mut model = Model::new(3);
        load(&mut model, &mut store_of(DType::F64, "F64")).unwrap();
        model.assert_pytorchs();
    }

    #[test]
    fn half_precision_becomes_the_models_own() {
        let mut model = Model::new(3);
        load(&mut model, &mut store_of(DType::F16, "F16")).unwrap();
        let x = Tensor::zeros([1, 2, 5, 6], (&Device::default(), DType::F32));
        assert_eq!(model.second.forward(model.first.forward(x)).dtype(), DType::F32);
    }

    #[test]
    fn integers_are_refused() {
        let message = load(&mut Model::new(3), &mut store_of(DType::I32, "I32")).unwrap_err().to_string();
        assert!(message.contains("'first.weight'"), "{message}");
    }

    #[test]
    fn one_layer_of_a_file_is_loaded_by_its_name() {
        let mut first = Conv2dConfig::new([2, 3], [3, 3]).init(&Device::default());
        let mut store = store().with_key_remapping("^first\\.", "");
        assert_eq!(load(&mut first, &mut store).unwrap().unused, ["second.weight"]);
        let untied = first.untied([5, 6]).unwrap();
        assert_eq!(untied.bias.unwrap().dims(), [3, 3, 4]);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let mut wider = Model::new(5);
        let message = load(&mut wider, &mut store()).unwrap_err().to_string();
        for told in ["'first.weight'", "'first.bias'", "'second.weight'"] {
            assert!(message.contains(told), "{message}");
        }
        let mut unnamed = Conv2dConfig::new([2, 3], [3, 3]).init(&Device::default());
        let message = load(&mut unnamed, &mut store()).unwrap_err().to_string();
        assert_eq!(message, "state dict: `bias` is missing; `weight` is missing");
        let untied = Conv2dConfig::new([2, 3], [3, 3]).with_bias(Bias::Untied).with_input_size(Some([5, 6]));
        let mut model = Model { first: untied.init(&Device::default()), second: Model::new(3).second };
        let message = load(&mut model, &mut store()).unwrap_err().to_string();
        assert!(message.contains("'first.bias'") && !message.contains("weight"), "{message}");
    }

    #[test]
    fn a_missing_file_is_named() {
        let mut none = SafetensorsStore::from_file(file("none.safetensors"));
        let message = load(&mut Model::new(3), &mut none).unwrap_err().to_string();
        assert!(message.starts_with("state dict: "), "{message}");
    }
}

#[cfg(feature = "pytorch")]
#[test]
fn pytorchs_own_file_is_read() {
    let mut store = untied_conv::state_dict::PytorchStore::from_file(file("conv.pt"));
    let mut model = Model::new(3);
    load(&mut model, &mut store).unwrap();
    model.assert_pytorchs();
}
