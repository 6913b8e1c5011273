//! Models in which a bias is slightly at work: none is ever certified.

use burn::module::{Module, Param};
use burn::nn::{BatchNorm, BatchNormConfig};
use burn::tensor::{DType, Tensor};
use untied_audit::{AuditOptions, audit};
use untied_redundancy::Finding;

use crate::{TYPES, device, parameter, tensor};

const SHAPE: [usize; 4] = [6, 4, 3, 5];

/// A bias in front of batch norm, a small part of which goes around it.
#[derive(Module, Debug)]
struct Leaky {
    tied: Param<Tensor<1>>,
    untied: Param<Tensor<3>>,
    norm: BatchNorm,
}

impl Leaky {
    fn new() -> Self {
        let norm = BatchNormConfig::new(SHAPE[1]).init(&device());
        Self { tied: parameter([4], 2), untied: parameter([4, 3, 5], 3), norm }
    }

    /// `leak` is added to the outputs times the sum of both biases: `[c, h, w]`.
    fn forward(&self, leak: &Tensor<3>) -> Tensor<4> {
        let bias = self.tied.val().reshape([4, 1, 1]) + self.untied.val();
        let z = tensor(SHAPE, 1, leak.dtype()) + bias.clone().unsqueeze();
        self.norm.forward(z) + (leak.clone() * bias).unsqueeze()
    }
}

/// How far below the outputs a leak may lie and must still be seen.
fn sizes(dtype: DType) -> &'static [f64] {
    if dtype == DType::F64 { &[1.0, 1e-3, 1e-6, 1e-9, 1e-11] } else { &[1.0, 1e-1, 1e-2, 1e-3] }
}

fn leak(size: f64, dtype: DType, at: impl Fn(usize, usize) -> bool) -> Tensor<3> {
    let values: Vec<f64> = (0..60).map(|index| if at(index / 15, index % 15) { size } else { 0.0 }).collect();
    Tensor::from_data(burn::tensor::TensorData::new(values, [4, 3, 5]), (&device(), dtype))
}

/// The certified sets of the first family listed.
fn certified(net: &Leaky, leak: &Tensor<3>, seed: u64, name: &str) -> Vec<usize> {
    let options = AuditOptions { seed, dtype: Some(leak.dtype()), ..AuditOptions::default() };
    let found = audit(net, |net: &Leaky| net.forward(leak), &options).expect("audited");
    found.find(name).expect(name).directions.first().map_or(vec![], |of| of.certified.clone())
}

#[test]
fn without_a_leak_all_is_certified() {
    let net = Leaky::new();
    for (dtype, seed) in TYPES.into_iter().flat_map(|dtype| (0..10).map(move |seed| (dtype, seed))) {
        let none = leak(0.0, dtype, |_, _| false);
        assert_eq!(certified(&net, &none, seed, "tied"), [0, 1, 2, 3], "{dtype:?}, seed {seed}");
        assert_eq!(certified(&net, &none, seed, "untied"), [0, 1, 2, 3], "{dtype:?}, seed {seed}");
    }
}

#[test]
fn a_leak_everywhere_is_never_certified() {
    let net = Leaky::new();
    for (dtype, seed) in TYPES.into_iter().flat_map(|dtype| (0..3).map(move |seed| (dtype, seed))) {
        for &size in sizes(dtype) {
            let leak = leak(size, dtype, |_, _| true);
            let options = AuditOptions { seed, dtype: Some(dtype), ..AuditOptions::default() };
            let found = audit(&net, |net: &Leaky| net.forward(&leak), &options).expect("audited");
            for name in ["tied", "untied"] {
                let of = found.find(name).expect(name);
                assert_eq!((of.finding, of.redundant), (Finding::AtWork, 0), "{name}, {size:e}, seed {seed}: {found}");
                assert_eq!(of.rank.map(|rank| rank.redundant), Some(0), "{name}, {size:e}, seed {seed}: {found}");
            }
        }
    }
}

#[test]
fn a_leak_of_one_channel_is_not_certified_there() {
    let net = Leaky::new();
    for (dtype, channel) in TYPES.into_iter().flat_map(|dtype| (0..4).map(move |channel| (dtype, channel))) {
        let others: Vec<usize> = (0..4).filter(|&other| other != channel).collect();
        for &size in sizes(dtype) {
            let leak = leak(size, dtype, |of, _| of == channel);
            for name in ["tied", "untied"] {
                assert_eq!(certified(&net, &leak, 1, name), others, "{name}, channel {channel}, {size:e}");
            }
        }
    }
}

#[test]
fn a_leak_of_one_location_is_not_certified_in_its_channel() {
    let net = Leaky::new();
    for dtype in TYPES {
        for &size in sizes(dtype) {
            let leak = leak(size, dtype, |channel, location| (channel, location) == (2, 7));
            for name in ["tied", "untied"] {
                assert_eq!(certified(&net, &leak, 1, name), [0, 1, 3], "{name}, {size:e}");
            }
        }
    }
}
