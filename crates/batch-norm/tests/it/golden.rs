//! Training, evaluation, gradients and running statistics against PyTorch's, in f64. `golden/generate.py` wrote the
//! values.
#![cfg(feature = "flex")]
#![expect(clippy::print_stdout, reason = "a failing case is told by the last line")]

use std::collections::BTreeMap;

use burn::module::{Module, Param, RunningState};
use burn::tensor::{DType, Device, Tensor, Tolerance};
use serde::Deserialize;
use untied_batch_norm::{BatchNorm, BatchNormConfig};
use untied_gradcheck::Golden;

#[derive(Deserialize)]
struct File {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    epsilon: f64,
    momentum: Option<f64>,
    affine: bool,
    tensors: BTreeMap<String, Golden>,
}

impl Case {
    fn tensor<const D: usize>(&self, name: &str) -> Tensor<D> {
        self.tensors[name].tensor(&Device::flex().autodiff())
    }

    /// The layer in f64, with the generator's γ and β.
    fn layer(&self) -> BatchNorm {
        let channels = self.tensors["x"].shape[1];
        let device = Device::flex().autodiff();
        let mut norm = BatchNormConfig::new(channels)
            .with_epsilon(self.epsilon)
            .with_momentum(self.momentum)
            .with_affine(self.affine)
            .init(&device);
        if self.affine {
            norm.gamma = Some(Param::from_tensor(self.tensor("gamma")));
            norm.beta = Some(Param::from_tensor(self.tensor("beta")));
        }
        norm.running_mean = RunningState::new(Tensor::zeros([channels], (&device, DType::F64)));
        norm.running_var = RunningState::new(Tensor::ones([channels], (&device, DType::F64)));
        norm
    }

    fn assert_close<const D: usize>(&self, what: &str, got: Tensor<D>) {
        println!("{} {what}", self.name);
        assert_eq!(got.dims()[..], self.tensors[what].shape[..]);
        got.into_data().assert_approx_eq::<f64>(&self.tensor::<D>(what).into_data(), Tolerance::absolute(1e-12));
    }

    fn check<const D: usize>(&self) {
        let norm = self.layer();
        let x = self.tensor::<D>("x").require_grad();
        let _ = norm.forward(self.tensor::<D>("first"));
        let y = norm.forward(x.clone());
        let gradients = (y.clone() * self.tensor("dy")).sum().backward();
        self.assert_close("y", y);
        self.assert_close("dx", x.grad(&gradients).expect("dx"));
        for (name, parameter) in [("dgamma", &norm.gamma), ("dbeta", &norm.beta)] {
            if let Some(parameter) = parameter {
                self.assert_close(name, parameter.grad(&gradients).expect(name));
            }
        }
        self.assert_close("running_mean", norm.running_mean.value_sync());
        self.assert_close("running_var", norm.running_var.value_sync());
        self.assert_close("y_evaluated", norm.valid().forward(self.tensor::<D>("x").inner()));
    }
}

#[test]
fn agrees_with_pytorch() {
    let golden: File = serde_json::from_str(include_str!("../golden/pytorch.json")).expect("the committed file");
    assert_eq!(golden.cases.len(), 8);
    for case in golden.cases {
        match case.tensors["x"].shape.len() {
            2 => case.check::<2>(),
            3 => case.check::<3>(),
            4 => case.check::<4>(),
            5 => case.check::<5>(),
            rank => panic!("no case has rank {rank}"),
        }
    }
}
