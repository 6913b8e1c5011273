//! Forward and gradients against PyTorch's, in f64, of the crate and of the definition that other tests rely on.
//! `tests/golden/generate.py` wrote the values.

use std::collections::BTreeMap;

use burn::tensor::{DType, Device};
use serde::Deserialize;
use untied_gradcheck::Golden;

use crate::loops::{Case, Inputs, Results};

#[derive(Deserialize)]
struct File {
    cases: Vec<Convolution>,
}

#[derive(Deserialize)]
struct Convolution {
    name: String,
    stride: Vec<usize>,
    padding: Vec<[usize; 2]>,
    dilation: Vec<usize>,
    groups: usize,
    tensors: BTreeMap<String, Golden>,
}

impl Convolution {
    fn shape(&self, name: &str) -> Option<Vec<usize>> {
        self.tensors.get(name).map(|tensor| tensor.shape.clone())
    }

    fn values(&self, name: &str) -> Vec<f64> {
        self.tensors.get(name).map_or(vec![], |tensor| tensor.values.clone())
    }

    fn case(&self) -> Case {
        Case {
            x: self.shape("x").expect("x"),
            weight: self.shape("w").expect("w"),
            bias: self.shape("b"),
            stride: self.stride.clone(),
            padding: self.padding.clone(),
            dilation: self.dilation.clone(),
            groups: self.groups,
        }
    }

    fn inputs(&self) -> Inputs {
        let [x, weight, bias, dy] = ["x", "w", "b", "dy"].map(|name| self.values(name));
        Inputs { x, weight, bias, dy }
    }

    fn assert_close(&self, by: &str, results: &Results) {
        let Results { y, dx, dw, db } = results;
        for (name, got) in [("y", y), ("dx", dx), ("dw", dw), ("db", db)] {
            let expected = self.values(name);
            assert_eq!(got.len(), expected.len(), "{} {name}", self.name);
            for (at, (got, expected)) in got.iter().zip(expected).enumerate() {
                let right = (got - expected).abs() <= 1e-12;
                assert!(right, "{} {name}[{at}]: expected {expected}, got {got} by {by}", self.name);
            }
        }
    }
}

#[test]
fn agrees_with_pytorch() {
    let file: File = serde_json::from_str(include_str!("../golden/pytorch.json")).expect("the committed file");
    assert_eq!(file.cases.len(), 28);
    for golden in file.cases {
        let (case, inputs) = (golden.case(), golden.inputs());
        golden.assert_close("the definition", &case.results(&inputs));
        #[cfg(feature = "flex")]
        golden.assert_close("flex", &case.run(&inputs, &Device::flex(), DType::F64));
    }
}
