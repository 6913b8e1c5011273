//! The layers against the definition, on every backend compiled in.

use burn::module::Param;
use burn::tensor::{DType, Device, Tensor, TensorData};
use untied_conv::{Bias, Conv, Conv1dConfig, Conv2dConfig, Conv3dConfig, ConvConfig, ConvError, Side};

use crate::loops::Case;

/// The layer's output for random parameters and input, against the definition of the same geometry.
fn check<const D: usize, const R: usize, const B: usize>(
    config: &ConvConfig<D>,
    init: fn(&ConvConfig<D>, &Device) -> Result<Conv<D, R, B>, ConvError>,
    n: usize,
) {
    let size = config.input_size.expect("every case tells its size");
    let [channels_in, channels_out] = config.channels;
    for (name, device) in untied_gradcheck::devices() {
        let mut layer = init(config, &device).expect("a possible case");
        let case = Case {
            x: [n, channels_in].into_iter().chain(size).collect(),
            weight: [channels_out, channels_in / config.groups].into_iter().chain(config.kernel_size).collect(),
            bias: layer.bias.as_ref().map(|bias| bias.dims().to_vec()),
            stride: config.stride.to_vec(),
            padding: config.geometry().padding_pairs(size).unwrap().map(Into::into).to_vec(),
            dilation: config.dilation.to_vec(),
            groups: config.groups,
        };
        let inputs = case.inputs(7);
        layer.weight = Param::from_tensor(tensor(&inputs.weight, &case.weight, &device));
        layer.bias = case.bias.as_ref().map(|shape| Param::from_tensor(tensor(&inputs.bias, shape, &device)));
        let y = layer.forward(tensor(&inputs.x, &case.x, &device));
        assert_eq!(y.dims()[2..], config.geometry().output_size(size).unwrap());
        assert_eq!(y.dims().to_vec(), case.output());
        // The gradients are the definition's own: the output alone is compared.
        let y = y.into_data().convert::<f64>().try_to_vec().unwrap();
        let results = crate::loops::Results { y, ..case.results(&inputs) };
        assert_eq!(results.difference(&case, &inputs, 2f64.powi(-24)), None, "{name} {case:?}");
    }
}

fn tensor<const D: usize>(values: &[f64], shape: &[usize], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape.to_vec()), (device, DType::F32))
}

/// Every bias mode of a rank.
fn modes(rank: usize) -> Vec<Bias> {
    let along =
        (1..1 << rank).map(|set: usize| Bias::UntiedAlong((0..rank).filter(|axis| set >> axis & 1 == 1).collect()));
    [Bias::None, Bias::Tied, Bias::Untied].into_iter().chain(along).collect()
}

/// Layers for inputs of a size, and how many images they see.
fn layers<const D: usize>(size: [usize; D]) -> Vec<(ConvConfig<D>, usize)> {
    let base = |kernel| ConvConfig::new([4, 8], [kernel; D]).with_input_size(Some(size));
    let uneven = std::array::from_fn(|axis| Side::Explicit(axis, 2 * axis + 1));
    let mut mixed = [Side::Same; D];
    mixed[D - 1] = Side::Valid;
    vec![
        (base(3), 2),
        (base(1), 3),
        (base(3).with_padding(Side::Same).with_groups(2), 1),
        (base(2).with_padding(Side::Same).with_stride([2; D]), 2),
        (base(2).with_padding(mixed).with_dilation([2; D]), 1),
        (base(2).with_padding(uneven).with_stride([3; D]), 2),
        (base(2).with_stride([3; D]).with_groups(4), 2),
    ]
}

fn every_layer<const D: usize, const R: usize, const B: usize>(
    size: [usize; D],
    init: fn(&ConvConfig<D>, &Device) -> Result<Conv<D, R, B>, ConvError>,
) {
    for bias in modes(D) {
        for (config, n) in layers(size) {
            check(&config.with_bias(bias.clone()), init, n);
        }
    }
}

#[test]
fn sequences() {
    every_layer([9], Conv1dConfig::try_init);
}

#[test]
fn images() {
    every_layer([7, 8], Conv2dConfig::try_init);
}

#[test]
fn volumes() {
    every_layer([5, 4, 6], Conv3dConfig::try_init);
}
