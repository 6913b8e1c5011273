//! How many dimensions of a bias the normalization removes, measured: the bias's numbers less the rank of a Jacobian.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{DType, Device, Tensor};
use nalgebra::DMatrix;
use untied_redundancy::network::{Network, NodeId, Operation};
use untied_study::{Event, JacobianRank, MeasureConfig, Measured, Normalization};

use crate::TrainerError;
use crate::emit::Emit;
use crate::measure::measurement::{Measurement, Sizes};
use crate::measure::subject::Subject;
use crate::model::net::Net;
use crate::model::plan::{BiasPlan, Shape, term_shapes};
use crate::model::tensors::host;
use crate::model::value::Value;

/// Images of the batch.
const IMAGES: usize = 8;
/// Numbers of a bias whose Jacobian is worked out.
const MOST_COLUMNS: usize = 2048;
/// Outputs, each of which costs a backward pass.
const MOST_ROWS: usize = 1 << 16;
/// Numbers of the matrix: 128 MiB.
const MOST_NUMBERS: usize = 1 << 24;
/// Time between two signs of life.
const SIGN: Duration = Duration::from_secs(1);
/// Singular values are compared with this share of what they are without a normalization, √(outputs per bias number).
/// Rounding in f64, amplified by at most 1/√ε, stays some 10⁴ below it; a bias at work some 10⁶ above.
const ZERO: f64 = 1e-8;

/// `measure.jacobian`.
pub(super) struct Ranks;

impl Measurement for Ranks {
    fn check(&self, config: &MeasureConfig, sizes: &Sizes<'_>) -> Result<(), TrainerError> {
        let numbers = sizes.plan.biases.iter().map(|bias| bias.terms.parameters()).max().unwrap_or(0);
        if config.jacobian && numbers > MOST_COLUMNS {
            return Err(TrainerError::Jacobian { most: MOST_COLUMNS, numbers });
        }
        let mut biases = sizes.plan.biases.iter().filter(|_| config.jacobian);
        biases.try_for_each(|bias| check_size(bias, sizes))
    }

    fn run(&self, subject: &Subject<'_>, emit: &mut Emit<'_>, measured: &mut Measured) {
        if subject.config.measure.jacobian {
            measured.jacobian = ranks(subject, emit);
        }
    }
}

fn check_size(bias: &BiasPlan, sizes: &Sizes<'_>) -> Result<(), TrainerError> {
    let network = &sizes.plan.network;
    let norms = norms_behind(network, bias.node).unwrap_or_default();
    let of_image = norms.iter().map(|norm| network.node(*norm).output.iter().product::<usize>()).sum::<usize>();
    let (rows, columns) = (of_image.saturating_mul(sizes.train_images.min(IMAGES)), bias.terms.parameters());
    if rows <= MOST_ROWS && rows.saturating_mul(columns) <= MOST_NUMBERS {
        return Ok(());
    }
    let layer = bias.layer.clone();
    Err(TrainerError::JacobianSize { layer, rows, columns, most_rows: MOST_ROWS, most: MOST_NUMBERS })
}

/// The rank of ∂u/∂b for each bias b and the normalized output u that it has its effect on, in f64, on the first training
/// images under the batch's own statistics.
///
/// Each row of the Jacobian is one backward pass, through the same layers that training used. Biases behind which no
/// normalization stands directly (or through pooling and the next convolution alone) have no entry.
fn ranks(subject: &Subject<'_>, emit: &mut Emit<'_>) -> Vec<JacobianRank> {
    let images: Vec<usize> = (0..subject.dataset.train.count.min(IMAGES)).collect();
    let x = subject.input.batch(&subject.dataset.train, &images, &subject.device, DType::F64);
    ranks_on(&subject.model, x, SIGN, &mut |progress| {
        emit(&Event::Measuring { what: format!("rank of the Jacobian of {progress}") });
    })
}

/// The ranks of a model's biases on images `[n, c, h, w]`, in f64 on a device with autodiff; `tell` hears of each bias, and
/// of its outputs whenever the time `every` has passed.
fn ranks_on(model: &Net, x: Tensor<4>, every: Duration, tell: &mut dyn FnMut(&str)) -> Vec<JacobianRank> {
    let (model, device) = (model.copy().map(&mut ToF64), x.device());
    let network = &model.plan().network;
    let mut outputs = BTreeMap::from([(network.input(), x.clone())]);
    let _ = model.forward_with(x, &mut |node, z| {
        outputs.insert(node, z.clone().detach());
        z
    });
    let mut rank = |bias: &BiasPlan| {
        tell(&bias.layer);
        let norms = norms_behind(network, bias.node)?;
        Some(Normalized { model: &model, outputs: &outputs, bias, norms, every }.rank(&device, tell))
    };
    model.plan().biases.iter().filter_map(&mut rank).collect()
}

/// The norms that all paths from a node lead to, through pooling and linear operations on feature maps; `None` where a
/// path leads elsewhere.
fn norms_behind(network: &Network, from: NodeId) -> Option<BTreeSet<NodeId>> {
    let (mut ahead, mut norms) = (vec![from], BTreeSet::new());
    while let Some(node) = ahead.pop() {
        for (consumer, _) in network.consumers(node) {
            match network.node(consumer).operation {
                Operation::Normalization { .. } => norms.extend([consumer]),
                Operation::Convolution(_)
                | Operation::Bias(_)
                | Operation::ChannelPadding { .. }
                | Operation::Pooling(_)
                | Operation::Addition
                | Operation::Mean => ahead.push(consumer),
                _ => return None,
            }
        }
    }
    (!norms.is_empty()).then_some(norms)
}

/// Values without a gradient, in f64.
struct ToF64;

impl ModuleMapper for ToF64 {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|values| values.set_require_grad(false).cast(DType::F64))
    }
}

/// A bias, and the norms that may remove a part of it.
struct Normalized<'m> {
    model: &'m Net,
    /// The output of every step of the forward pass.
    outputs: &'m BTreeMap<NodeId, Tensor<4>>,
    bias: &'m BiasPlan,
    norms: BTreeSet<NodeId>,
    /// Time between two signs of life.
    every: Duration,
}

impl Normalized<'_> {
    /// The outputs of the norms, one after the other, with an offset added to the bias.
    fn outputs(&self, offset: Option<Tensor<3>>) -> Tensor<1> {
        let network = &self.model.plan().network;
        let z = self.outputs[&self.bias.node].clone();
        let start = offset.map_or(z.clone(), |offset| z + offset.unsqueeze());
        let mut changed = BTreeMap::from([(self.bias.node, Value::Maps(start))]);
        for (id, node) in network.nodes().filter(|(id, _)| Some(id) <= self.norms.last()) {
            if node.inputs.iter().any(|input| changed.contains_key(input) && !self.norms.contains(input)) {
                let unchanged = |input| Value::Maps(self.outputs[input].clone());
                let inputs =
                    node.inputs.iter().map(|input| changed.get(input).cloned().unwrap_or_else(|| unchanged(input)));
                changed.insert(id, self.model.output(id, inputs.collect()));
            }
        }
        let flat = |norm| {
            let u: Tensor<4> = changed.get(norm).cloned().expect("a path leads to each norm").maps();
            u.flatten::<1>(0, 3)
        };
        Tensor::cat(self.norms.iter().map(flat).collect(), 0)
    }

    fn rank(&self, device: &Device, tell: &mut dyn FnMut(&str)) -> JacobianRank {
        let network = &self.model.plan().network;
        let jacobian = self.jacobian(device, tell);
        let (rows, columns) = jacobian.shape();
        let threshold = ZERO * (rows as f64 / columns as f64).sqrt();
        let values = jacobian.singular_values();
        let kept = || values.iter().copied().filter(|value| *value > threshold);
        let dropped = values.iter().copied().filter(|value| *value <= threshold);
        let variance = self.norms.first().and_then(|&norm| {
            let node = network.node(norm);
            let Operation::Normalization { normalization, .. } = node.operation else { return None };
            variances(normalization, node.output, &host(self.outputs[&node.inputs[0]].clone()))
        });
        JacobianRank {
            layer: self.bias.layer.clone(),
            bias_parameters: columns,
            predicted_redundant: self.bias.redundancy.dimensions(),
            rank: kept().count(),
            threshold,
            smallest_kept: kept().reduce(f64::min),
            largest_dropped: dropped.reduce(f64::max),
            variance,
        }
    }

    /// Outputs by the bias's parameters.
    fn jacobian(&self, device: &Device, tell: &mut dyn FnMut(&str)) -> DMatrix<f64> {
        let columns = self.bias.terms.parameters();
        let [outputs] = self.outputs(None).dims();
        let mut rows = Vec::with_capacity(outputs * columns);
        let mut told = Instant::now();
        for output in 0..outputs {
            if told.elapsed() >= self.every {
                told = Instant::now();
                tell(&format!("{}: output {output} of {outputs}", self.bias.layer));
            }
            let zeros = |shape| Tensor::<3>::zeros(shape, (device, DType::F64)).require_grad();
            let offsets: Vec<_> = term_shapes(&self.bias.terms).into_iter().map(zeros).collect();
            let u = self.outputs(offsets.iter().cloned().reduce(|sum, term| sum + term));
            let gradients = u.narrow(0, output, 1).backward();
            let gradient =
                |offset: &Tensor<3>| host(offset.grad(&gradients).expect("every output depends on the bias"));
            rows.extend(offsets.iter().flat_map(gradient));
        }
        DMatrix::from_row_slice(outputs, columns, &rows)
    }
}

/// The smallest and the largest variance of the sets that a normalization takes statistics of; none where it takes no
/// variance.
fn variances(norm: Normalization, [channels, height, width]: Shape, z: &[f64]) -> Option<[f64; 2]> {
    let spec = norm.spec().filter(|spec| spec.centres)?;
    let set = |at: usize| {
        let (row, x) = (at / width, at % width);
        let (plane, y) = (row / height, row % height);
        spec.statistics_set([channels, height, width], [plane / channels, plane % channels, y, x])
    };
    let sets = 1 + (0..z.len()).map(set).max()?;
    let means_by_set = |of: &dyn Fn(usize) -> f64| {
        let (mut sums, mut counts) = (vec![0.0; sets], vec![0.0; sets]);
        for at in 0..z.len() {
            sums[set(at)] += of(at);
            counts[set(at)] += 1.0;
        }
        sums.iter().zip(&counts).map(|(sum, count)| sum / count).collect::<Vec<f64>>()
    };
    let means = means_by_set(&|at| z[at]);
    let variances = means_by_set(&|at| (z[at] - means[set(at)]).powi(2));
    let smallest = variances.iter().copied().reduce(f64::min)?;
    Some([smallest, variances.iter().copied().fold(smallest, f64::max)])
}

#[cfg(test)]
mod nets;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variances_are_taken_over_the_sets_of_the_norm() {
        // Two images of two channels with two locations.
        let z = [0.0, 2.0, 5.0, 5.0, 4.0, 2.0, 5.0, 9.0];
        let of = |norm| variances(norm, [2, 1, 2], &z);
        assert_eq!(of(Normalization::None), None);
        assert_eq!(of(Normalization::Instance), Some([0.0, 4.0]));
        assert_eq!(of(Normalization::BatchPerActivation), Some([0.0, 4.0]));
        assert_eq!(of(Normalization::Batch), Some([2.0, 3.0]));
        assert_eq!(of(Normalization::Group(2)), of(Normalization::Instance));
        assert_eq!(of(Normalization::Layer), of(Normalization::Group(1)));
    }
}
