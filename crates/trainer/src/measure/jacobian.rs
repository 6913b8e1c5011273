//! How many dimensions of a bias the normalization removes, measured: the bias's numbers less the rank of a Jacobian.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{DType, Device, Tensor};
use nalgebra::DMatrix;
use untied_pool::max_pool2d;
use untied_study::{BiasPlace, Event, JacobianRank, MeasureConfig, Measured, Normalization, Order};

use crate::TrainerError;
use crate::emit::Emit;
use crate::measure::measurement::{Measurement, Sizes};
use crate::measure::subject::Subject;
use crate::model::net::Net;
use crate::model::plan::{BiasPlan, BlockPlan, Shape};
use crate::model::tensors::host;

/// Images of the batch.
const IMAGES: usize = 8;
/// Numbers of a bias whose Jacobian is worked out.
const MOST_COLUMNS: usize = 2048;
/// Singular values are compared with this share of what they are without a normalization, √(outputs per bias number).
/// Rounding in f64, amplified by at most 1/√ε, stays some 10⁴ below it; a bias at work some 10⁶ above.
const ZERO: f64 = 1e-8;

/// `measure.jacobian`.
pub(super) struct Ranks;

impl Measurement for Ranks {
    fn check(&self, config: &MeasureConfig, sizes: &Sizes<'_>) -> Result<(), TrainerError> {
        let numbers = sizes.plan.blocks.iter().map(BlockPlan::bias_parameters).max().unwrap_or(0);
        if config.jacobian && numbers > MOST_COLUMNS {
            return Err(TrainerError::Jacobian { most: MOST_COLUMNS, numbers });
        }
        Ok(())
    }

    fn run(&self, subject: &Subject<'_>, emit: &mut Emit<'_>, measured: &mut Measured) {
        if subject.config.measure.jacobian {
            measured.jacobian = ranks(subject, emit);
        }
    }
}

/// The rank of ∂u/∂b for each bias b and the normalized output u that it has its effect on, in f64, on the first training
/// images under the batch's own statistics.
///
/// Each row of the Jacobian is one backward pass, through the same layers that training used. Biases behind which no
/// normalization stands directly (or through pooling and the next convolution alone) have no entry.
fn ranks(subject: &Subject<'_>, emit: &mut Emit<'_>) -> Vec<JacobianRank> {
    let model = subject.model.copy().map(&mut ToF64);
    let images: Vec<usize> = (0..subject.dataset.train.count.min(IMAGES)).collect();
    let x = subject.input.batch(&subject.dataset.train, &images, &subject.device, DType::F64);
    let mut places: Vec<Option<Tensor<4>>> = vec![None; subject.plan.blocks.len()];
    let _ = model.forward_with(x, &mut |index, z| {
        places[index] = Some(z.clone().detach());
        z
    });
    let of_block = |(index, plan): (usize, &BlockPlan)| {
        let bias = plan.bias.as_ref()?;
        let z = places[index].take()?;
        let norm = Normalized { model: &model, index, plan };
        emit(&Event::Measuring { what: format!("rank of the Jacobian of {}", BlockPlan::name(index)) });
        norm.reaches().then(|| norm.rank(bias, &z, &subject.device))
    };
    subject.plan.blocks.iter().enumerate().filter_map(of_block).collect()
}

/// Values without a gradient, in f64.
struct ToF64;

impl ModuleMapper for ToF64 {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|values| values.set_require_grad(false).cast(DType::F64))
    }
}

/// The way from the place of a bias to the normalization that may remove a part of it.
struct Normalized<'m> {
    model: &'m Net,
    index: usize,
    plan: &'m BlockPlan,
}

impl Normalized<'_> {
    fn reaches(&self) -> bool {
        match (self.plan.order, self.plan.place) {
            (Order::NormFirst, BiasPlace::Convolution) | (Order::ActivationFirst, BiasPlace::Activation) => true,
            (Order::NormFirst, BiasPlace::Activation) => self.index + 1 < self.model.blocks.len(),
            _ => false,
        }
    }

    /// u of z.
    fn output(&self, z: Tensor<4>) -> Tensor<4> {
        if (self.plan.order, self.plan.place) == (Order::NormFirst, BiasPlace::Activation) {
            let next = &self.model.blocks[self.index + 1];
            return next.normalize(next.convolution.forward(max_pool2d(z)));
        }
        self.model.blocks[self.index].normalize(z)
    }

    fn rank(&self, bias: &BiasPlan, z: &Tensor<4>, device: &Device) -> JacobianRank {
        let jacobian = self.jacobian(bias.dims, z, device);
        let (rows, columns) = jacobian.shape();
        let threshold = ZERO * (rows as f64 / columns as f64).sqrt();
        let values = jacobian.singular_values();
        let kept = || values.iter().copied().filter(|value| *value > threshold);
        let dropped = values.iter().copied().filter(|value| *value <= threshold);
        JacobianRank {
            layer: BlockPlan::name(self.index),
            bias_parameters: columns,
            predicted_redundant: bias.redundancy.dimensions(),
            rank: kept().count(),
            threshold,
            smallest_kept: kept().reduce(f64::min),
            largest_dropped: dropped.reduce(f64::max),
            variance: variances(self.plan.norm.kind, self.plan.output, &host(z.clone())),
        }
    }

    /// Outputs by bias numbers.
    fn jacobian(&self, dims: [usize; 3], z: &Tensor<4>, device: &Device) -> DMatrix<f64> {
        let columns = dims.iter().product();
        let outputs = self.output(z.clone()).dims().iter().product();
        let mut rows = Vec::with_capacity(outputs * columns);
        for output in 0..outputs {
            let offset = Tensor::<3>::zeros(dims, (device, DType::F64)).require_grad();
            let u = self.output(z.clone() + offset.clone().unsqueeze());
            let gradients = u.reshape([outputs]).narrow(0, output, 1).backward();
            rows.extend(host(offset.grad(&gradients).expect("every output depends on the bias")));
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
