//! Checkpoints as programs write them: wrapped names, counts of batches, and the store's own options.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use serde_json::{Map, json};
use untied_batch_norm::{BatchNorm, BatchNormConfig};
use untied_conv::state_dict::{Layout, SafetensorsStore, StateDictError, load};
use untied_conv::{Conv2d, Conv2dConfig};

#[derive(Module, Debug)]
struct Net {
    stem: Conv2d,
    norm: BatchNorm,
}

fn net(momentum: Option<f64>) -> Net {
    let device = Device::default();
    let stem = Conv2dConfig::new([1, 2], [1, 1]).init(&device);
    Net { stem, norm: BatchNormConfig::new(2).with_momentum(momentum).init(&device) }
}

/// A file of `(name, type, shape, little-endian bytes)`.
pub(super) fn store(tensors: Vec<(String, &str, Vec<usize>, Vec<u8>)>) -> SafetensorsStore {
    let (mut header, mut bytes) = (Map::new(), vec![]);
    for (name, dtype, shape, values) in tensors {
        let start = bytes.len();
        bytes.extend(values);
        header.insert(name, json!({ "dtype": dtype, "shape": shape, "data_offsets": [start, bytes.len()] }));
    }
    let header = serde_json::to_vec(&header).unwrap();
    SafetensorsStore::from_bytes(Some([&(header.len() as u64).to_le_bytes()[..], &header, &bytes].concat()))
}

fn floats(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// The state dict of PyTorch's `stem` and `norm`, under a prefix.
fn tensors(prefix: &str) -> Vec<(String, &'static str, Vec<usize>, Vec<u8>)> {
    let named = |name: &str| format!("{prefix}{name}");
    vec![
        (named("stem.weight"), "F32", vec![2, 1, 1, 1], floats(&[1.0, 2.0])),
        (named("stem.bias"), "F32", vec![2], floats(&[3.0, 4.0])),
        (named("norm.weight"), "F32", vec![2], floats(&[5.0, 6.0])),
        (named("norm.bias"), "F32", vec![2], floats(&[7.0, 8.0])),
        (named("norm.running_mean"), "F32", vec![2], floats(&[0.5, 0.25])),
        (named("norm.running_var"), "F32", vec![2], floats(&[9.0, 10.0])),
        (named("norm.num_batches_tracked"), "I64", vec![], 3i64.to_le_bytes().to_vec()),
    ]
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

#[test]
fn wrapped_names_are_found_where_one_prefix_fits() {
    for prefix in ["", "module.", "_orig_mod.", "state_dict.", "model.", "state_dict.module._orig_mod."] {
        let mut net = net(Some(0.1));
        let loaded = load(&mut net, &mut store(tensors(prefix))).unwrap();
        assert_eq!((loaded.prefix.as_str(), loaded.layout), (prefix, Layout::PyTorch));
        assert_eq!((loaded.applied.len(), loaded.unused.len()), (6, 0), "{loaded}");
        assert_eq!(values(net.stem.bias.unwrap().val()), [3.0, 4.0]);
        assert_eq!(values(net.norm.gamma.unwrap().val()), [5.0, 6.0]);
        assert_eq!(values(net.norm.running_var.value()), [9.0, 10.0]);
    }
    let loaded = load(&mut net(Some(0.1)), &mut store(tensors("module."))).unwrap();
    assert_eq!(loaded.to_string(), "6 tensors loaded, laid out as PyTorch's, under names that begin with `module.`");
}

#[test]
fn two_prefixes_that_fit_are_refused() {
    let both = [tensors("model."), tensors("state_dict.")].concat();
    let error = load(&mut net(Some(0.1)), &mut store(both)).unwrap_err();
    assert!(matches!(&error, StateDictError::Prefix { prefixes } if prefixes == "`model.`, `state_dict.`"), "{error}");
    // Names of the module's own are no prefix.
    let unknown = load(&mut net(Some(0.1)), &mut store(tensors("encoder."))).unwrap_err().to_string();
    assert!(unknown.contains("are missing; the file also has `encoder.norm.bias`"), "{unknown}");
}

#[test]
fn the_count_of_batches_goes_on() {
    let mut net = net(None);
    let loaded = load(&mut net, &mut store(tensors("module."))).unwrap();
    assert!(loaded.unused.is_empty(), "{loaded}");
    assert_eq!(values(net.norm.batches.as_ref().unwrap().value()), [3.0]);
    let device = Device::default().autodiff();
    // (3·0.5 + 4.5)/4 and (3·0.25 + 4.25)/4
    let _ = net.norm.train().forward(Tensor::<2>::from_floats([[4.0, 4.0], [5.0, 4.5]], &device));
}

#[test]
fn the_average_goes_on_from_the_count() {
    let mut net = net(None);
    load(&mut net, &mut store(tensors(""))).unwrap();
    let norm = net.norm.train();
    let device = Device::default().autodiff();
    let _ = norm.forward(Tensor::<2>::from_floats([[4.0, 4.0], [5.0, 4.5]], &device));
    // (3·0.5 + 4.5)/4 and (3·0.25 + 4.25)/4
    assert_eq!(values(norm.running_mean.value()), [1.5, 1.25]);
    let mut store = SafetensorsStore::from_bytes(None);
    untied_conv::state_dict::save(&norm, &mut store).unwrap();
    let mut again = BatchNormConfig::new(2).with_momentum(None).init(&Device::default());
    load(&mut again, &mut store).unwrap();
    assert_eq!(values(again.batches.unwrap().value()), [4.0]);
}

#[test]
fn a_file_without_a_count_leaves_it() {
    let mut net = net(None);
    let without = tensors("").into_iter().filter(|(name, ..)| !name.contains("tracked")).collect();
    load(&mut net, &mut store(without)).unwrap();
    assert_eq!(values(net.norm.batches.unwrap().value()), [0.0]);
}

#[test]
fn the_stores_own_options_are_respected() {
    let mut partial = net(None);
    let loaded = load(&mut partial, &mut store(tensors("")).with_regex("^stem")).unwrap();
    assert_eq!(loaded.applied, ["stem.weight", "stem.bias"]);
    assert_eq!(loaded.skipped.len(), 4);
    assert_eq!(values(partial.norm.running_mean.value()), [0.0; 2]);
    assert_eq!(values(partial.norm.batches.unwrap().value()), [0.0]);
    let some = || tensors("").into_iter().filter(|(name, ..)| name.starts_with("stem")).collect();
    assert!(load(&mut net(None), &mut store(some())).is_err());
    let loaded = load(&mut net(None), &mut store(some()).allow_partial(true)).unwrap();
    assert_eq!((loaded.applied.len(), loaded.missing.len()), (2, 4));
    let missing = "not in the file: `norm.bias`, `norm.running_mean`, `norm.running_var`, `norm.weight`";
    assert_eq!(loaded.to_string(), format!("2 tensors loaded, laid out as PyTorch's; {missing}"));
    let mut renamed = net(None);
    let mut store = store(tensors("old_")).with_key_remapping("^old_", "");
    assert_eq!(load(&mut renamed, &mut store).unwrap().applied.len(), 6);
}

#[test]
fn a_bias_for_a_layer_without_one_is_not_dropped_in_silence() {
    let device = Device::default();
    let stem = Conv2dConfig::new([1, 2], [1, 1]).with_bias(false).init(&device);
    let mut net = Net { stem, ..net(Some(0.1)) };
    let message = load(&mut net, &mut store(tensors("module."))).unwrap_err().to_string();
    assert!(message.contains("`module.stem.bias` [2]") && message.contains("`without_bias`"), "{message}");
}
