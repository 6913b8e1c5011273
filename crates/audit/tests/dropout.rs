//! Dropout is the same in every call, and the audited module stays as it is.
//!
//! Alone in its process: other threads would draw from the same random numbers.

use burn::module::Module;
use burn::nn::{BatchNorm, BatchNormConfig, Dropout, DropoutConfig, Linear, LinearConfig};
use burn::tensor::{Device, Distribution, Tensor};
use untied_audit::{AuditOptions, audit};

#[derive(Module, Debug)]
struct Net {
    first: Linear,
    norm: BatchNorm,
    dropout: Dropout,
    last: Linear,
}

impl Net {
    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        self.last.forward(self.dropout.forward(self.norm.forward(self.first.forward(x))))
    }
}

fn tensors(net: &Net) -> Vec<u8> {
    net.clone().into_record().into_bytes().expect("a record").to_vec()
}

#[test]
fn the_module_and_its_running_statistics_stay() {
    let device = Device::flex().autodiff();
    let linear = || LinearConfig::new(4, 4).init(&device);
    let dropout = DropoutConfig::new(0.5).init();
    let net = Net { first: linear(), norm: BatchNormConfig::new(4).init(&device), dropout, last: linear() };
    let before = tensors(&net);
    let input = Tensor::<2>::random([16, 4], Distribution::Default, &device);
    let outputs = |net: &Net| net.forward(input.clone());
    let first = audit(&net, outputs, &AuditOptions::default()).expect("audited");
    assert_eq!(tensors(&net), before);
    let redundant = |name: &str| first.find(name).expect(name).redundant;
    assert_eq!(["first.bias", "norm.beta", "last.bias"].map(redundant), [4, 0, 0], "{first}");
    // The same again: dropout draws the same numbers, and no statistics have moved.
    assert_eq!(audit(&net, outputs, &AuditOptions::default()), Ok(first));
}
