//! Names are those of records, a module counts as it trains, and shared parameters count once.

use burn::module::{Module, Param};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::tensor::{DType, Tensor};
use untied_audit::{AuditOptions, audit};

use crate::{audited, counts, device, tensor};

#[derive(Module, Debug)]
struct Net {
    layers: Vec<Linear>,
    norm: BatchNorm,
    tail: (Linear, Linear),
}

fn net() -> Net {
    let linear = || LinearConfig::new(4, 4).init(&device());
    Net { layers: vec![linear(), linear()], norm: BatchNormConfig::new(4).init(&device()), tail: (linear(), linear()) }
}

impl Net {
    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let x = self.layers.iter().fold(x, |x, layer| layer.forward(x));
        let x = self.norm.forward(x);
        self.tail.1.forward(self.tail.0.forward(x).tanh())
    }
}

fn tensors(net: &Net) -> Vec<u8> {
    net.clone().into_record().into_bytes().expect("a record").to_vec()
}

#[test]
fn a_module_in_validation_is_audited_as_it_trains() {
    let net = net();
    let input = tensor([16, 4], 1, DType::F32);
    let outputs = |net: &Net| net.forward(input.clone());
    let found = audit(&net.valid(), outputs, &AuditOptions::default()).expect("audited");
    // Both biases reach the batch norm through linear maps.
    assert_eq!([counts(&found, "layers.0.bias").0, counts(&found, "layers.1.bias").0], [4, 4], "{found}");
}

#[test]
fn names_are_those_of_records() {
    let net = net();
    let found = audited(&net, DType::F64, |net: &Net| net.forward(tensor([16, 4], 1, DType::F64)));
    let mut names: Vec<&str> = found.parameters.iter().map(|of| of.name.as_str()).collect();
    let record = String::from_utf8_lossy(&tensors(&net)).into_owned();
    assert!(names.iter().all(|name| record.contains(name)), "{names:?}");
    names.sort_unstable();
    let expected = ["layers.0.bias", "layers.0.weight", "layers.1.bias", "layers.1.weight", "norm.beta", "norm.gamma"];
    let tail = ["tail.0.bias", "tail.0.weight", "tail.1.bias", "tail.1.weight"];
    assert_eq!(names, [expected.as_slice(), &tail].concat());
}

#[derive(Module, Debug)]
struct Twice {
    first: Param<Tensor<1>>,
    second: Param<Tensor<1>>,
}

#[test]
fn a_parameter_at_two_places_is_one() {
    let first = crate::parameter([4], 1);
    let net = Twice { second: first.clone(), first };
    // The difference of its places is 0 wherever it moves.
    let outputs = |net: &Twice| {
        let difference = net.first.val() - net.second.val();
        tensor([6, 4], 2, DType::F64) * (difference + 1.0).unsqueeze() + net.first.val().unsqueeze().tanh() * 0.5
    };
    let found = audited(&net, DType::F64, outputs);
    assert_eq!(found.parameters.len(), 1, "{found}");
    assert_eq!(counts(&found, "first"), (0, Some(0)), "{found}");
}
