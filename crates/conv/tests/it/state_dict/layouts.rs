//! Files of Burn and of PyTorch: told apart, refused where they cannot be, and written as PyTorch takes them.

use std::path::PathBuf;

use burn::module::Module;
use burn::nn;
use burn::tensor::{DType, Device, Tensor, TensorData};
use burn_store::{HalfPrecisionAdapter, ModuleSnapshot, ModuleStore};
use untied_batch_norm::{BatchNorm, BatchNormConfig};
use untied_conv::state_dict::{
    BurnpackStore, Layout, SafetensorsStore, StateDictError, load, load_as, load_file, save, save_file,
};
use untied_conv::{Bias, Conv2d, Conv2dConfig};
use untied_gradcheck::Input;

/// Burn's layers, or ours.
#[derive(Module, Debug)]
struct Net<C: Module, N: Module> {
    conv: C,
    norm: N,
    head: nn::Linear,
}

type Burns = Net<nn::conv::Conv2d, nn::BatchNorm>;
type Ours = Net<Conv2d, BatchNorm>;

fn linear() -> nn::Linear {
    // Square: its shape does not tell whether it is transposed.
    nn::LinearConfig::new(4, 4).init(&Device::default())
}

fn burns() -> Burns {
    let device = Device::default();
    let conv = nn::conv::Conv2dConfig::new([2, 4], [3, 3]).init(&device);
    Net { conv, norm: nn::BatchNormConfig::new(4).init(&device), head: linear() }
}

fn ours() -> Ours {
    let device = Device::default();
    let conv = Conv2dConfig::new([2, 4], [3, 3]).init(&device);
    Net { conv, norm: BatchNormConfig::new(4).init(&device), head: linear() }
}

fn x() -> Tensor<4> {
    let values = Input::random("x", [2, 2, 3, 3], 1).values;
    Tensor::from_data(TensorData::new(values, [2, 2, 3, 3]), (&Device::default(), DType::F32))
}

fn output(conv: &Tensor<4>, norm: impl Fn(Tensor<4>) -> Tensor<4>, head: &nn::Linear) -> Vec<f32> {
    head.forward(norm(conv.clone()).flatten::<2>(1, 3)).into_data().try_to_vec().unwrap()
}

impl Burns {
    fn run(&self) -> Vec<f32> {
        output(&self.conv.forward(x()), |y| self.norm.forward(y), &self.head)
    }
}

impl Ours {
    fn run(&self) -> Vec<f32> {
        output(&self.conv.forward(x()), |y| self.norm.forward(y), &self.head)
    }
}

fn weight_of(linear: &nn::Linear) -> Vec<f32> {
    linear.weight.val().into_data().try_to_vec().unwrap()
}

fn assert_close(got: &[f32], expected: &[f32]) {
    assert!(got.iter().zip(expected).all(|(got, expected)| (got - expected).abs() < 1e-5), "{got:?} {expected:?}");
}

fn path(folder: &tempfile::TempDir, name: &str) -> PathBuf {
    folder.path().join(name)
}

#[test]
fn files_and_records_of_burns_own_layers_are_taken() {
    let folder = tempfile::tempdir().unwrap();
    let burns = burns();
    let (pack, tensors) = (path(&folder, "net.bpk"), path(&folder, "net.safetensors"));
    burns.save_into(&mut BurnpackStore::from_file(&pack)).unwrap();
    burns.save_into(&mut SafetensorsStore::from_file(&tensors)).unwrap();
    for path in [pack, tensors] {
        let mut net = ours();
        let loaded = load_file(&mut net, &path).unwrap();
        assert_eq!((loaded.layout, loaded.applied.len(), loaded.unused.len()), (Layout::Burn, 8, 0), "{loaded}");
        assert_close(&net.run(), &burns.run());
    }
    let mut net = ours();
    let record = burns.clone().into_record().into_bytes().unwrap();
    load(&mut net, &mut BurnpackStore::from_bytes(Some(record))).unwrap();
    assert_close(&net.run(), &burns.run());
}

#[test]
fn our_own_files_are_taken_too() {
    let (mut net, other) = (ours(), ours());
    let mut store = SafetensorsStore::from_bytes(None);
    other.save_into(&mut store).unwrap();
    assert_eq!(load(&mut net, &mut store).unwrap().layout, Layout::Burn);
    assert_close(&net.run(), &other.run());
}

#[test]
fn to_pytorch_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let (file, net) = (path(&folder, "net.safetensors"), ours());
    save_file(&net, &file).unwrap();
    let mut store = SafetensorsStore::from_file(&file);
    let tensors = store.get_all_tensors().unwrap();
    let shapes: Vec<_> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor.shape.to_vec())).collect();
    // `torch.nn.Conv2d(2, 4, 3)`, `torch.nn.BatchNorm2d(4)` and `torch.nn.Linear(4, 4)`.
    assert_eq!(
        shapes,
        [
            ("conv.bias", vec![4]),
            ("conv.weight", vec![4, 2, 3, 3]),
            ("head.bias", vec![4]),
            ("head.weight", vec![4, 4]),
            ("norm.bias", vec![4]),
            ("norm.running_mean", vec![4]),
            ("norm.running_var", vec![4]),
            ("norm.weight", vec![4]),
        ]
    );
    let mut back = ours();
    assert_eq!(load_file(&mut back, &file).unwrap().layout, Layout::PyTorch);
    assert_eq!(weight_of(&back.head), weight_of(&net.head));
    assert_close(&back.run(), &net.run());
    let refused = save_file(&net, &file).unwrap_err().to_string();
    assert!(refused.starts_with(&file.display().to_string()), "{refused}");
}

#[test]
fn a_file_of_pytorch_comes_back_bit_by_bit() {
    let golden: PathBuf = super::file("conv.safetensors");
    let mut model = super::Model::new(3);
    load_file(&mut model, &golden).unwrap();
    let mut written = SafetensorsStore::from_bytes(None);
    save(&model, &mut written).unwrap();
    let mut read = SafetensorsStore::from_file(golden);
    let (read, written) = (read.get_all_tensors().unwrap(), written.get_all_tensors().unwrap());
    assert!(read.keys().eq(written.keys()));
    for (read, written) in read.values().zip(written.values()) {
        assert_eq!((&read.shape, read.to_bytes().unwrap()), (&written.shape, written.to_bytes().unwrap()));
    }
    // A kernel of size 1 is no bias: its axes stay.
    let narrow = Conv2dConfig::new([2, 4], [1, 1]).with_bias(false).init(&Device::default());
    let mut store = SafetensorsStore::from_bytes(None);
    save(&narrow, &mut store).unwrap();
    assert_eq!(store.get_all_tensors().unwrap()["weight"].shape.to_vec(), [4, 2, 1, 1]);
}

/// A model without norms, whose layout no name tells.
#[derive(Module, Debug)]
struct Head {
    conv: nn::conv::Conv2d,
    head: nn::Linear,
}

fn head() -> Head {
    Head { conv: nn::conv::Conv2dConfig::new([2, 4], [3, 3]).init(&Device::default()), head: linear() }
}

fn weight(head: &Head) -> Vec<f32> {
    weight_of(&head.head)
}

#[test]
fn a_layout_in_doubt_is_refused_and_can_be_told() {
    let written = head();
    let mut store = SafetensorsStore::from_bytes(None);
    written.save_into(&mut store).unwrap();
    let error = load(&mut head(), &mut store).unwrap_err();
    assert!(matches!(&error, StateDictError::Doubt { tensors } if tensors == "`head.weight`"), "{error}");
    let mut loaded = head();
    load_as(&mut loaded, &mut store, Layout::Burn).unwrap();
    assert_eq!(weight(&loaded), weight(&written));
    load_as(&mut loaded, &mut store, Layout::PyTorch).unwrap();
    let transposed: Vec<f32> = (0..16).map(|at| weight(&written)[at % 4 * 4 + at / 4]).collect();
    assert_eq!(weight(&loaded), transposed);
}

#[test]
fn a_file_of_burn_is_known_by_its_ids_or_metadata() {
    let folder = tempfile::tempdir().unwrap();
    let written = head();
    let mut pack = BurnpackStore::from_bytes(None);
    written.save_into(&mut pack).unwrap();
    let mut loaded = head();
    load(&mut loaded, &mut BurnpackStore::from_bytes(Some(pack.get_bytes().unwrap()))).unwrap();
    assert_eq!(weight(&loaded), weight(&written));
    let file = path(&folder, "head.safetensors");
    written.save_into(&mut SafetensorsStore::from_file(&file)).unwrap();
    let mut loaded = head();
    load_file(&mut loaded, &file).unwrap();
    assert_eq!(weight(&loaded), weight(&written));
    // What `save_file` writes says that it is PyTorch's.
    let file = path(&folder, "torch.safetensors");
    save_file(&written, &file).unwrap();
    let mut loaded = head();
    load_file(&mut loaded, &file).unwrap();
    assert_eq!(weight(&loaded), weight(&written));
    // Without a word of either, it is in doubt.
    let file = path(&folder, "silent.safetensors");
    written.save_into(&mut SafetensorsStore::from_file(&file).clear_metadata()).unwrap();
    let message = load_file(&mut head(), &file).unwrap_err().to_string();
    assert!(message.starts_with(&file.display().to_string()) && message.contains("`head.weight`"), "{message}");
}

#[test]
fn half_precision_of_burn_knows_the_layers() {
    let net = ours();
    let mut store = SafetensorsStore::from_bytes(None).with_to_adapter(HalfPrecisionAdapter::new());
    net.save_into(&mut store).unwrap();
    let tensors = store.get_all_tensors().unwrap();
    assert_eq!(tensors["conv.weight"].dtype, DType::F16);
    assert_eq!(tensors["conv.bias"].dtype, DType::F16);
    // Burn leaves batch norm alone: a running variance may lie beyond half precision.
    assert_eq!(tensors["norm.running_var"].dtype, DType::F32);
    let mut back = ours();
    back.load_from(&mut store.with_from_adapter(HalfPrecisionAdapter::new())).unwrap();
    assert_eq!(back.conv.weight.val().dtype(), DType::F32);
    let error = net.run().iter().zip(back.run()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(error > 0.0 && error < 1e-2, "{error}");
}

#[test]
fn an_untied_bias_keeps_its_shape() {
    let conv = Conv2dConfig::new([2, 4], [1, 1]).with_bias(Bias::Untied).with_input_size([1, 1]);
    let conv = conv.init(&Device::default()).untied([1, 1]).unwrap();
    let wide = conv.clone().with_bias_mode(Bias::Tied, [1, 1]).unwrap().0.untied([2, 3]).unwrap();
    let mut store = SafetensorsStore::from_bytes(None);
    save(&wide, &mut store).unwrap();
    assert_eq!(store.get_all_tensors().unwrap()["bias"].shape.to_vec(), [4, 2, 3]);
}
