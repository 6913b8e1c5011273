//! Files of another precision, with more or less than a model has.

use burn::tensor::{DType, Device, Tensor, TensorData};
use serde_json::{Map, Value, json};
use untied_conv::state_dict::{SafetensorsStore, load, load_file};
use untied_conv::{Bias, Conv2dConfig};

use super::{Model, file};

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
    assert!(message.contains("`first.weight`: expected floats, found I32"), "{message}");
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
    for told in [
        "`first.weight`: expected [5, 2, 3, 3], found [3, 2, 3, 3]",
        "`first.bias`: expected [5, 1, 1], found [3]",
        "`second.weight`: expected [4, 5, 2, 3], found [4, 3, 2, 3]",
    ] {
        assert!(message.contains(told), "{message}");
    }
    let mut unnamed = Conv2dConfig::new([2, 3], [3, 3]).init(&Device::default());
    let message = load(&mut unnamed, &mut store()).unwrap_err().to_string();
    let has = "the file also has `first.bias`, `first.weight`, `second.weight`";
    assert_eq!(message, format!("state dict: `weight`, `bias` are missing; {has}"));
    let untied = Conv2dConfig::new([2, 3], [3, 3]).with_bias(Bias::Untied).with_input_size(Some([5, 6]));
    let mut model = Model { first: untied.init(&Device::default()), second: Model::new(3).second };
    let message = load(&mut model, &mut store()).unwrap_err().to_string();
    assert_eq!(message, "state dict: `first.bias`: expected [3, 3, 4], found [3]");
}

#[test]
fn a_missing_file_is_named() {
    let path = file("none.safetensors");
    let message = load_file(&mut Model::new(3), &path).unwrap_err().to_string();
    assert_eq!(message, format!("{}: state dict: no such file", path.display()));
    let mut none = SafetensorsStore::from_file(path);
    let message = load(&mut Model::new(3), &mut none).unwrap_err().to_string();
    assert!(message.starts_with("state dict: I/O error"), "{message}");
}
