//! Made-up networks, and steps of them with a random cotangent.

use std::collections::BTreeMap;

use burn::tensor::{DType, Device, Tensor, TensorData};
use untied_redundancy::network::NodeId;
use untied_redundancy::{Finding, Normalization};
use untied_study::{Bias, Dtype, LayerRedundancy, ModelConfig, Padding};

use super::super::{Measurement, Observed};
use crate::device::burn_dtype;

use crate::model::net::Net;
use crate::model::plan::Plan;
use crate::model::tensors::{HostTensor, HostTensors, host};
use crate::random::Generator;

pub(super) const CENTRING: [Normalization; 5] = [
    Normalization::Batch,
    Normalization::BatchPerActivation,
    Normalization::Instance,
    Normalization::Group(2),
    Normalization::Layer,
];

pub(super) fn biases() -> [Bias; 5] {
    [Bias::Tied, Bias::UntiedAlong(vec![0]), Bias::UntiedAlong(vec![1]), Bias::Untied, Bias::Factorised]
}

/// Two blocks on images of 2×10×12, without padding.
pub(super) fn model(norm: Normalization, bias: Bias) -> ModelConfig {
    ModelConfig { norm, bias, padding: Padding::Valid, ..ModelConfig::new(vec![4, 6]) }
}

pub(super) fn plan(model: &ModelConfig) -> Plan {
    Plan::new(model, [2, 10, 12], CLASSES).expect("a plan")
}

const CLASSES: usize = 3;

/// A network with random tensors, in one float type.
pub(super) struct Bench {
    pub(super) plan: Plan,
    pub(super) dtype: Dtype,
    pub(super) images: usize,
    pub(super) seed: u64,
    tensors: HostTensors,
}

/// One step of it.
pub(super) struct Seen {
    pub(super) net: Net,
    pub(super) observed: Observed,
    pub(super) gradients: burn::tensor::Gradients,
    pub(super) scores: Vec<f64>,
    maps: BTreeMap<NodeId, Map>,
}

/// What a step gives, by a pass of its own: the map, and the gradient of a leaf of zeros that was added to it.
struct Map {
    values: Vec<f64>,
    gradient: Vec<f64>,
}

impl Seen {
    /// The output of a node, with what is computed with it.
    pub(super) fn value(&self, node: NodeId) -> &[f64] {
        &self.maps[&node].values
    }

    /// ∂J/∂ of it.
    pub(super) fn gradient(&self, node: NodeId) -> &[f64] {
        &self.maps[&node].gradient
    }

    pub(super) fn read(&self, measurement: &Measurement<'_>) -> Vec<[Vec<f64>; 3]> {
        measurement.read(&self.net, &self.observed, &self.gradients)
    }

    pub(super) fn record(&self, measurement: &mut Measurement<'_>) {
        measurement.record(&self.net, &self.observed, &self.gradients);
    }
}

impl Bench {
    /// Weights and β within ±1, γ within [0.5, 1.5].
    pub(super) fn new(plan: Plan, dtype: Dtype, images: usize, seed: u64) -> Self {
        let tensors = plan.tensors().into_iter().map(|(name, shape)| {
            let (mut stream, count) = (Generator::new(seed).stream(&name), shape.iter().product());
            let (low, high) = if name.ends_with("gamma") { (0.5, 1.5) } else { (-1.0, 1.0) };
            let values = (0..count).map(|_| stream.uniform(low, high)).collect();
            (name, HostTensor { shape, values })
        });
        Self { tensors: tensors.collect(), plan, dtype, images, seed }
    }

    /// Changes all values of the tensors whose names end so: gets the index and the value.
    pub(super) fn with(mut self, name: &str, change: impl Fn(usize, f64) -> f64) -> Self {
        for (_, tensor) in self.tensors.iter_mut().filter(|(tensor, _)| tensor.ends_with(name)) {
            tensor.values.iter_mut().enumerate().for_each(|(index, value)| *value = change(index, *value));
        }
        self
    }

    pub(super) fn measurement(&self, steps: usize) -> Measurement<'_> {
        Measurement::of_run(&self.plan, self.dtype, steps)
    }

    fn tensor<const D: usize>(&self, name: &str, shape: [usize; D], scale: f64, device: &Device) -> Tensor<D> {
        let mut stream = Generator::new(self.seed).stream(name);
        let values: Vec<f64> = (0..shape.iter().product()).map(|_| scale * stream.uniform(-0.8, 1.2)).collect();
        Tensor::from_data(TensorData::new(values, shape), (device, self.burn_dtype()))
    }

    fn burn_dtype(&self) -> DType {
        burn_dtype(self.dtype)
    }

    /// The step of this number, for J = Σ scores·R with random images and R of the size `scale`.
    pub(super) fn step(&self, measurement: &Measurement<'_>, number: i32, scale: f64) -> Seen {
        self.step_by(measurement, number, |scores, bench, device| {
            let cotangent = bench.tensor(&format!("cotangent {number}"), scores.dims(), scale, device);
            (scores * cotangent).sum()
        })
    }

    /// The step of this number, for any J of the scores.
    pub(super) fn step_by(
        &self,
        measurement: &Measurement<'_>,
        number: i32,
        loss: impl Fn(Tensor<2>, &Self, &Device) -> Tensor<1>,
    ) -> Seen {
        let device = Device::flex().autodiff();
        let net = || Net::with_tensors(&self.plan, &self.tensors, &device, self.burn_dtype());
        let [channels, height, width] = self.plan.network.node(self.plan.network.input()).output;
        let x = self.tensor(&format!("x {number}"), [self.images, channels, height, width], 1.0, &device);
        let mut leaves = vec![];
        let scores = net().forward_with(x.clone(), &mut |node, map| {
            let zeros = map.clone().detach().zeros_like().require_grad();
            leaves.push((node, map.clone(), zeros.clone()));
            map + zeros
        });
        let gradients = loss(scores.clone(), self, &device).backward();
        let maps = leaves.into_iter().filter_map(|(node, map, zeros)| {
            Some((node, Map { values: host(map), gradient: host(zeros.grad(&gradients)?) }))
        });
        let (maps, scores, net) = (maps.collect(), host(scores), net());
        let (taken, observed) = measurement.forward(&net, x);
        let gradients = loss(taken, self, &device).backward();
        Seen { net, observed, gradients, scores, maps }
    }

    /// The records of one step.
    pub(super) fn records(&self) -> Vec<LayerRedundancy> {
        let mut measurement = self.measurement(1);
        let seen = self.step(&measurement, 0, 1.0);
        seen.record(&mut measurement);
        measurement.finish(&seen.net)
    }
}

pub(super) fn finding(layer: &LayerRedundancy) -> Finding {
    layer.certificate.as_ref().expect("measured").finding
}

/// The largest ratio of a layer; 0 where nothing is redundant.
pub(super) fn worst(layer: &LayerRedundancy) -> f64 {
    let certificate = layer.certificate.as_ref().expect("measured");
    if certificate.sets == 0 { 0.0 } else { certificate.worst_ratio.expect("no sum overflows") }
}
