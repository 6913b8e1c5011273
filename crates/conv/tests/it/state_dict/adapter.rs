//! Burn's own `load_from`, with an adapter for flat biases.

use burn::module::Module;
use burn::nn;
use burn::tensor::{Device, Tensor};
use burn_store::{ModuleAdapter, ModuleSnapshot, PyTorchToBurnAdapter};
use untied_conv::state_dict::{BurnpackStore, SafetensorsStore, TiedBiases};
use untied_conv::{Bias, Conv1d, Conv1dConfig, Conv2d, Conv2dConfig};

/// The first two layers of Burn, or ours; the third Burn's in both, and the last of any kind.
#[derive(Module, Debug)]
struct Net<A: Module, B: Module> {
    sequences: A,
    images: Vec<B>,
    burns: nn::conv::Conv2d,
    kind: Kind<B>,
}

#[derive(Module, Debug)]
enum Kind<B: Module> {
    Of(B),
}

type Burns = Net<nn::conv::Conv1d, nn::conv::Conv2d>;
type Ours = Net<Conv1d, Conv2d>;

fn burns() -> Burns {
    let device = Device::default();
    let image = || nn::conv::Conv2dConfig::new([2, 3], [3, 3]).init(&device);
    let sequences = nn::conv::Conv1dConfig::new(2, 3, 3).init(&device);
    Net { sequences, images: vec![image(), image()], burns: image(), kind: Kind::Of(image()) }
}

fn ours() -> Ours {
    let device = Device::default();
    let image = || Conv2dConfig::new([2, 3], [3, 3]).init(&device);
    let sequences = Conv1dConfig::new([2, 3], [3]).init(&device);
    Net { sequences, images: vec![image(), image()], burns: burns().burns, kind: Kind::Of(image()) }
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

fn assert_same(ours: &Ours, burns: &Burns) {
    let (Kind::Of(our), Kind::Of(burn)) = (&ours.kind, &burns.kind);
    let sequences = (ours.sequences.bias.as_ref().unwrap(), burns.sequences.bias.as_ref().unwrap());
    assert_eq!(sequences.0.dims(), [3, 1]);
    assert_eq!(values(sequences.0.val()), values(sequences.1.val()));
    for (our, burn) in ours.images.iter().chain([our]).zip(burns.images.iter().chain([burn])) {
        assert_eq!(our.bias.as_ref().unwrap().dims(), [3, 1, 1]);
        assert_eq!(values(our.bias.as_ref().unwrap().val()), values(burn.bias.as_ref().unwrap().val()));
        assert_eq!(values(our.weight.val()), values(burn.weight.val()));
    }
    assert_eq!(values(ours.burns.bias.as_ref().unwrap().val()), values(burns.burns.bias.as_ref().unwrap().val()));
}

#[test]
fn burns_files_are_loaded_plainly() {
    let burns = burns();
    let mut pack = BurnpackStore::from_bytes(None);
    burns.save_into(&mut pack).unwrap();
    let bytes = pack.get_bytes().unwrap();
    let pack = || BurnpackStore::from_bytes(Some(bytes.clone()));
    // Without the adapter, shapes differ.
    assert!(ours().load_from(&mut pack()).is_err());
    let mut net = ours();
    let adapter = TiedBiases::of(&net);
    net.load_from(&mut pack().with_from_adapter(adapter.clone())).unwrap();
    assert_same(&net, &burns);
    for skipped in [true, false] {
        let mut tensors = SafetensorsStore::from_bytes(None).skip_enum_variants(skipped);
        burns.save_into(&mut tensors).unwrap();
        let mut net = ours();
        net.load_from(&mut tensors.with_from_adapter(adapter.clone())).unwrap();
        assert_same(&net, &burns);
    }
}

#[test]
fn our_own_files_are_loaded_with_it_too() {
    let (mut net, other) = (ours(), ours());
    let mut store = SafetensorsStore::from_bytes(None);
    other.save_into(&mut store).unwrap();
    let adapter = TiedBiases::of(&net);
    net.load_from(&mut store.with_from_adapter(adapter)).unwrap();
    assert_eq!(values(net.sequences.weight.val()), values(other.sequences.weight.val()));
}

#[test]
fn pytorchs_files_are_loaded_in_a_chain() {
    let mut model = super::Model::new(3);
    let adapter = PyTorchToBurnAdapter.chain(TiedBiases::of(&model));
    let mut store = SafetensorsStore::from_file(super::file("conv.safetensors")).with_from_adapter(adapter);
    model.load_from(&mut store).unwrap();
    model.assert_pytorchs();
}

#[test]
fn what_does_not_fit_is_refused_as_ever() {
    let burns = nn::conv::Conv2dConfig::new([2, 3], [3, 3]).init(&Device::default());
    let untied = Conv2dConfig::new([2, 3], [3, 3]).with_bias(Bias::Untied).with_input_size([4, 4]);
    let wider = Conv2dConfig::new([2, 4], [3, 3]);
    for config in [untied, wider] {
        let mut conv = config.init(&Device::default());
        let mut store = SafetensorsStore::from_bytes(None);
        burns.save_into(&mut store).unwrap();
        let adapter = TiedBiases::of(&conv);
        let message = conv.load_from(&mut store.with_from_adapter(adapter)).unwrap_err().to_string();
        assert!(message.contains("bias"), "{message}");
    }
}
