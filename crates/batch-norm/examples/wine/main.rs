//! Tells three kinds of wine by 13 chemical measurements, whose scales differ ten-thousandfold: a linear classifier on the
//! measurements as they are, and behind batch norm.
//!
//! `cargo run -p untied-batch-norm --example wine`. Data, beside this file: wine recognition data of UCI by way of scikit-learn,
//! CC BY 4.0, Aeberhard & Forina 1992, <https://doi.org/10.24432/C5PC7J>.

#![expect(clippy::print_stdout, reason = "an example shows what it finds")]

use burn::module::Module;
use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Device, Int, Tensor, TensorData};
use untied_batch_norm::{BatchNorm, BatchNormConfig};

const MEASUREMENTS: usize = 13;
const KINDS: usize = 3;
const BATCH: usize = 22;
const STEPS: usize = 300;
const RATE: f64 = 0.1;

/// Wines `[n, 13]` and their kinds `[n]`.
struct Wines {
    measurements: Tensor<2>,
    kinds: Tensor<1, Int>,
}

impl Wines {
    fn of(lines: &[&str], device: &Device) -> Self {
        let numbers =
            |line: &str| line.split(',').map(|number| number.parse().expect("a number")).collect::<Vec<f32>>();
        let table: Vec<Vec<f32>> = lines.iter().copied().map(numbers).collect();
        let measurements = table.iter().flat_map(|wine| wine[..MEASUREMENTS].iter().copied()).collect();
        let kinds = table.iter().map(|wine| wine[MEASUREMENTS] as i64).collect();
        Self {
            measurements: Tensor::from_data(
                TensorData::new::<f32, _>(measurements, [lines.len(), MEASUREMENTS]),
                device,
            ),
            kinds: Tensor::from_data(TensorData::new::<i64, _>(kinds, [lines.len()]), device),
        }
    }

    fn count(&self) -> usize {
        self.kinds.dims()[0]
    }
}

/// scores = norm(x)·weight + bias
struct Classifier {
    norm: Option<BatchNorm>,
    weight: Tensor<2>,
    bias: Tensor<2>,
}

impl Classifier {
    fn new(norm: Option<BatchNorm>, device: &Device) -> Self {
        let zeros = |rows| Tensor::zeros([rows, KINDS], device).require_grad();
        Self { norm, weight: zeros(MEASUREMENTS), bias: zeros(1) }
    }

    fn scores(&self, x: Tensor<2>) -> Tensor<2> {
        let x = match &self.norm {
            Some(norm) => norm.forward(x),
            None => x,
        };
        x.matmul(self.weight.clone()) + self.bias.clone()
    }

    /// A step of gradient descent.
    fn step(&mut self, wines: &Wines) {
        let loss = CrossEntropyLossConfig::new().init(&wines.kinds.device());
        let gradients = loss.forward(self.scores(wines.measurements.clone()), wines.kinds.clone()).backward();
        for tensor in [&mut self.weight, &mut self.bias] {
            let gradient = tensor.grad(&gradients).expect("the loss depends on it");
            *tensor = Tensor::from_inner(tensor.clone().inner() - gradient * RATE).require_grad();
        }
    }

    /// For evaluation, by running statistics.
    fn valid(&self) -> Self {
        let norm = self.norm.as_ref().map(BatchNorm::valid);
        Self { norm, weight: self.weight.clone().inner(), bias: self.bias.clone().inner() }
    }

    /// How many wines it tells right.
    fn right(&self, wines: &Wines) -> i64 {
        let guesses = self.scores(wines.measurements.clone()).argmax(1).flatten::<1>(0, 1);
        guesses.equal(wines.kinds.clone()).int().sum().into_scalar::<i64>()
    }
}

fn main() {
    let (device, training) = (Device::default(), Device::default().autodiff());
    let mut lines = include_str!("wine.csv").lines();
    let names: Vec<&str> = lines.next().expect("a line of names").split(',').collect();
    let lines: Vec<&str> = lines.collect();
    // They are sorted by kind: mixed by steps of a prime number.
    let mixed: Vec<&str> = (0..lines.len()).map(|at| lines[at * 71 % lines.len()]).collect();
    let (test, train) = mixed.split_at(46);
    let test = Wines::of(test, &device);
    let batches: Vec<Wines> = train.chunks(BATCH).map(|batch| Wines::of(batch, &training)).collect();

    let norm = BatchNormConfig::new(MEASUREMENTS).with_affine(false).init(&training);
    for (what, norm) in [("as they are", None), ("behind batch norm", Some(norm))] {
        let mut classifier = Classifier::new(norm, &training);
        for step in 0..STEPS {
            classifier.step(&batches[step % batches.len()]);
        }
        let trained = classifier.valid();
        println!("measurements {what}: {} of {} wines right", trained.right(&test), test.count());
        if let Some(norm) = trained.norm {
            let [means, deviations] = [norm.running_mean.value(), norm.running_var.value().sqrt()]
                .map(|row| row.into_data().try_to_vec::<f32>().expect("f32"));
            println!("  what it has seen:");
            for ((name, mean), deviation) in names.iter().zip(means).zip(deviations) {
                println!("  {name:21} {mean:8.2} ± {deviation:.2}");
            }
        }
    }
}
