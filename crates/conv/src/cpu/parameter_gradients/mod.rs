//! The gradients of weight and bias, from one sweep over the gradient of the output where weights are not large.
//!
//! dw is the product of patches and dy over all locations: elements of a patch are the rows of a tile, and filters its
//! columns, for which dy is transposed. Sums of each portion of the batch are added in the order of the portions: either all
//! portions at once, each with sums of its own, or, where those would be large, one portion after the other for a few filters.

pub(crate) mod bias;
mod depthwise;
mod in_turn;
mod portions;
mod sweep;
mod transposed;
mod weight;

use pulp::Simd;
use rayon::prelude::*;
use untied_kernels::cpu::Real;

use bias::{BiasSums, Sharing};
use depthwise::Depthwise;
use portions::{Portion, portions};
use sweep::{Sums, Sweep};
use weight::{Shape, WeightSums};

use super::im2col::Patches;
use super::simd::{self, Kernel};
use crate::ConvSpec;
use crate::spec::volume;

/// Elements of padded planes that are written before the first of them is read: what was written just before, and has not
/// reached the cache yet, makes the processor wait.
const PADDED: usize = 1 << 12;

/// dw `[channels_out, channels_in/groups, kernel…]`, and the sums of dy that the bias wants.
pub(crate) fn parameter_gradients<T: Real>(spec: &ConvSpec, x: &[T], dy: &[T], bias: Sharing) -> (Vec<T>, Vec<f64>) {
    let patches = &Patches::of_input(spec);
    let portions = portions(spec);
    let (filters, locations) = (spec.groups * spec.channels_out, spec.locations());
    let sweep = &Sweep { spec, patches, x, dy, shape: Shape::of::<T>(spec) };
    let (weights, biases) = if in_turn::pays(sweep, portions.len()) {
        (vec![in_turn::sums(sweep, &portions)], in_turn::biases(sweep, &portions, bias))
    } else {
        at_once(sweep, &portions, bias)
    };
    let tasks: Vec<_> = portions.iter().map(|portion| portion.locations.clone()).zip(biases).collect();
    (WeightSums::gather(spec, &weights), bias::gather(&tasks, filters, bias.per_filter(locations)))
}

/// The sums of each portion.
fn at_once<T: Real>(sweep: &Sweep<T>, portions: &[Portion], bias: Sharing) -> (Vec<WeightSums<T>>, Vec<BiasSums<T>>) {
    let run = |portion: &Portion| {
        let mut sums = None;
        simd::run(Task { sweep, portion, bias, sums: &mut sums });
        sums.expect("a task writes its sums")
    };
    if portions.len() == 1 { portions.iter().map(run).unzip() } else { portions.par_iter().map(run).unzip() }
}

/// A portion, with sums of its own.
struct Task<'a, T> {
    sweep: &'a Sweep<'a, T>,
    portion: &'a Portion,
    bias: Sharing,
    sums: &'a mut Option<(WeightSums<T>, BiasSums<T>)>,
}

impl<T: Real> Kernel for Task<'_, T> {
    #[inline(always)]
    fn run<S: Simd, const MR: usize, const NR: usize, const MR_TALL: usize>(self, simd: S) {
        let Self { sweep, portion, .. } = self;
        let bias = sweep.biases(simd, portion, self.bias);
        let mut weight = WeightSums::with_room(sweep.shape);
        // SAFETY: there is room, which is written.
        unsafe {
            if sweep.spec.channels_out == 1 {
                depthwise(simd, sweep, portion, &mut weight);
            } else {
                let sums = Sums { of_portion: weight.block(0, 0), total: None };
                sweep.all::<S, MR_TALL>(simd, portion, 0..sweep.shape.blocks, sums);
            }
            weight.written();
        }
        *self.sums = Some((weight, bias));
    }
}

/// The sums over a portion where each group has a single filter.
///
/// # Safety
/// There is room for them.
#[inline(always)]
unsafe fn depthwise<S: Simd, T: Real>(simd: S, sweep: &Sweep<T>, portion: &Portion, weight: &mut WeightSums<T>) {
    let Sweep { spec, patches, .. } = *sweep;
    let Portion { images, locations } = portion;
    let (groups, padding) = (spec.groups, &patches.padding);
    let mut runs = Vec::new();
    patches.locations.runs(locations.start, locations.len(), &mut runs);
    // As they lie in memory, a few groups at once.
    let few = (PADDED / patches.group).clamp(1, groups);
    let mut planes = padding.room(simd, few * spec.channels_in);
    let size = spec.channels_in * volume(padding.size);
    for image in images.clone() {
        for first in (0..groups).step_by(few) {
            let few = first..groups.min(first + few);
            let from = image * groups + first;
            padding.fill(simd, &sweep.x[from * size..][..few.len() * size], &mut planes);
            for (at, group) in few.enumerate() {
                let dy = &sweep.dy[(from + at) * spec.locations()..][locations.clone()];
                let depthwise = Depthwise { patches, runs: &runs, planes: &planes[at * patches.group..], dy };
                // SAFETY: a block has as many rows as a patch has elements, of a register each.
                unsafe { depthwise.sum(simd, weight.block(group, 0), image > images.start) };
            }
        }
    }
    for group in 0..groups {
        // SAFETY: the same, by the first image.
        unsafe { Depthwise::total(simd, weight.block(group, 0), spec.patch()) };
    }
}
