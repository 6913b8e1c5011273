//! Batch norm's running statistics on several devices: what a learner's workers record is their average, as with Burn's layer.

#[path = "../src/epochs.rs"]
mod epochs;

use burn::data::dataloader::DataLoaderBuilder;
use burn::data::dataloader::batcher::Batcher;
use burn::data::dataset::InMemDataset;
use burn::module::{Module, Param};
use burn::nn;
use burn::optim::SgdConfig;
use burn::tensor::{Device, Tensor, TensorData};
use burn::train::logger::InMemoryMetricLogger;
use burn::train::{
    ExecutionStrategy, InferenceStep, Learner, MultiDeviceOptim, RegressionOutput, SupervisedTraining, TrainOutput,
    TrainStep,
};
use untied_batch_norm::{BatchNorm, BatchNormConfig};

const DEVICES: usize = 4;
const EPOCHS: usize = 2;
/// A power of two, so that everything below is exact in f32.
const MOMENTUM: f64 = 0.5;

#[derive(Module, Debug)]
enum Norm {
    Ours(BatchNorm),
    Burns(nn::BatchNorm),
}

/// One number to learn, behind the norm that counts here.
#[derive(Module, Debug)]
struct Net {
    norm: Norm,
    weight: Param<Tensor<1>>,
}

impl Net {
    fn new(norm: Norm, device: &Device) -> Self {
        Self { norm, weight: Param::from_tensor(Tensor::ones([1], device)) }
    }

    fn regress(&self, x: Tensor<2>) -> RegressionOutput {
        let y = match &self.norm {
            Norm::Ours(norm) => norm.forward(x),
            Norm::Burns(norm) => norm.forward(x),
        };
        let y = y * self.weight.val().unsqueeze();
        RegressionOutput::new((y.clone() - 1.0).square().mean(), y.clone(), y)
    }
}

impl TrainStep for Net {
    type Input = Tensor<2>;
    type Output = RegressionOutput;

    fn step(&self, x: Tensor<2>) -> TrainOutput<RegressionOutput> {
        let output = self.regress(x);
        TrainOutput::new(self, output.loss.backward(), output)
    }
}

impl InferenceStep for Net {
    type Input = Tensor<2>;
    type Output = RegressionOutput;

    fn step(&self, x: Tensor<2>) -> RegressionOutput {
        self.regress(x)
    }
}

/// A batch of two numbers.
#[derive(Debug, Clone, Copy)]
struct Pair {
    mean: f32,
    /// Of each from the mean: the biased variance is its square, the unbiased one twice that.
    distance: f32,
}

struct ToPairs;

impl Batcher<Pair, Tensor<2>> for ToPairs {
    fn batch(&self, pairs: Vec<Pair>, device: &Device) -> Tensor<2> {
        let values = pairs.iter().flat_map(|pair| [pair.mean - pair.distance, pair.mean + pair.distance]).collect();
        Tensor::from_data(TensorData::new::<f32, _>(values, [2 * pairs.len(), 1]), device)
    }
}

fn pairs(count: usize) -> Vec<Pair> {
    (0..count).map(|at| Pair { mean: (3 * at % 7) as f32, distance: (1 + at % 3) as f32 }).collect()
}

/// Running mean and variance after training on `count` batches.
fn trained(norm: Norm, count: usize, optim: MultiDeviceOptim) -> [f32; 2] {
    let device = Device::flex().autodiff();
    let loader = || DataLoaderBuilder::new(ToPairs).batch_size(1).build(InMemDataset::new(pairs(count)));
    let folder = tempfile::tempdir().expect("a folder");
    let result = SupervisedTraining::new(&folder, loader(), loader())
        .with_metric_logger(InMemoryMetricLogger::new())
        .with_application_logger(None)
        .renderer(Box::new(epochs::Epochs::default()))
        .with_training_strategy(ExecutionStrategy::multi(vec![device.clone(); DEVICES], optim).into())
        .num_epochs(EPOCHS)
        .launch(Learner::new(Net::new(norm, &device), SgdConfig::new().init(), 1e-3));
    assert!(result.error.is_none(), "{:?}", result.error);
    let [mean, var] = match result.model.norm {
        Norm::Ours(norm) => [norm.running_mean, norm.running_var],
        Norm::Burns(norm) => [norm.running_mean, norm.running_var],
    };
    [mean, var].map(|state| state.value().into_scalar::<f32>())
}

/// The definition: in each step, the average of the batches that the devices saw. A device has the next of its part of the
/// batches, all parts equal, and what is left over goes to the last.
fn expected(count: usize, unbiased: bool) -> [f32; 2] {
    let (pairs, part) = (pairs(count), count / DEVICES);
    let rest = count - (DEVICES - 1) * part;
    let (mut mean, mut var) = (0.0, 1.0);
    for step in (0..EPOCHS).flat_map(|_| 0..rest) {
        let seen = (0..DEVICES).filter(|device| step < if device + 1 == DEVICES { rest } else { part });
        let seen: Vec<Pair> = seen.map(|device| pairs[device * part + step]).collect();
        let average = |of: &dyn Fn(&Pair) -> f32| seen.iter().map(of).sum::<f32>() / seen.len() as f32;
        let rate = MOMENTUM as f32;
        mean = mean * (1.0 - rate) + rate * average(&|pair| pair.mean);
        let factor = if unbiased { 2.0 } else { 1.0 };
        var = var * (1.0 - rate) + rate * factor * average(&|pair| pair.distance * pair.distance);
    }
    [mean, var]
}

#[test]
fn on_several_devices_they_are_those_of_the_definition_and_of_burns_layer() {
    let device = Device::flex().autodiff();
    // The last device has as many batches as the others, or two more.
    for count in [4 * DEVICES, 4 * DEVICES + 2] {
        for optim in [MultiDeviceOptim::OptimMainDevice, MultiDeviceOptim::OptimSharded] {
            for _ in 0..5 {
                let ours = BatchNormConfig::new(1).with_momentum(MOMENTUM).init(&device);
                let ours = trained(Norm::Ours(ours), count, optim);
                let burns = nn::BatchNormConfig::new(1).with_momentum(MOMENTUM).init(&device);
                let burns = trained(Norm::Burns(burns), count, optim);
                assert_eq!(burns, expected(count, false), "Burn's layer, {count} batches, {optim:?}");
                assert_eq!(ours, expected(count, true), "{count} batches, {optim:?}");
                assert_eq!(ours[0], burns[0]);
            }
        }
    }
}
