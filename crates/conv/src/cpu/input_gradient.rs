//! The gradient of the input.
//!
//! ```text
//! ∂J/∂x[i] = Σ_{k, o: s·o + d·k − p = i} w[k] · ∂J/∂y[o]
//! ```
//!
//! For the inputs i = r + s·t of one residue r modulo the stride, the outputs are o = t + (r + p − d·k)/s, for the
//! kernel elements k where this is a whole number: a convolution of ∂J/∂y with some of the kernel's elements.

use untied_kernels::cpu::{Parts, Real};

use super::gemm::epilogue::{Addend, Output};
use super::gemm::packed_weights::PackedWeights;
use super::gemm::{self, Gemm};
use super::im2col::Patches;
use super::im2col::locations::Locations;
use super::im2col::padding::Padding;
use crate::ConvSpec;
use crate::spec::volume;

/// Kernel element of one axis, and the distance from t of the output that it multiplies.
#[derive(Debug, Clone, Copy)]
struct Tap {
    element: usize,
    distance: isize,
}

/// Writes dx, all of it.
///
/// # Safety
/// dx has room for the whole input; nobody else uses it.
pub(super) unsafe fn input_gradient<T: Real>(spec: &ConvSpec, weight: &[T], dy: &[T], dx: &Parts<T>) {
    let padding = padding(spec);
    let [depth, height, width] = residues(spec);
    let residues = (0..depth * height * width).map(|at| [at / width / height, at / width % height, at % width]);
    let residues: Vec<_> = residues.map(|residue| Residue::new(spec, weight, padding, residue)).collect();
    let products = residues.iter().map(|residue| Gemm {
        source: dy,
        images: spec.images,
        patches: &residue.patches,
        weights: &residue.weights,
        addend: Addend::Nothing,
        output: Output { memory: dx, locations: residue.inputs, plane: volume(spec.input) },
        tail: None,
    });
    gemm::run(&products.collect::<Vec<_>>());
}

/// The inputs of one residue: a convolution of dy, with stride 1, by the kernel elements that meet them.
struct Residue<T> {
    patches: Patches,
    weights: Vec<PackedWeights<T>>,
    inputs: Locations,
}

/// Number of residues of the inputs modulo the stride, along each axis.
fn residues(spec: &ConvSpec) -> [usize; 3] {
    std::array::from_fn(|axis| spec.stride[axis].min(spec.input[axis]))
}

/// Kernel elements that meet inputs of one residue along an axis.
fn taps(spec: &ConvSpec, axis: usize, residue: usize) -> Vec<Tap> {
    let stride = spec.stride[axis] as isize;
    let tap = |element: usize| {
        let distance = (residue + spec.padding[axis][0]) as isize - (element * spec.dilation[axis]) as isize;
        (distance % stride == 0).then_some(Tap { element, distance: distance / stride })
    };
    (0..spec.kernel[axis]).filter_map(tap).collect()
}

/// Number of inputs of one residue along an axis.
fn count(spec: &ConvSpec, axis: usize, residue: usize) -> usize {
    (spec.input[axis] - residue).div_ceil(spec.stride[axis])
}

/// Zeros around dy, so that every kernel element finds an output for every input.
fn padding(spec: &ConvSpec) -> Padding {
    let mut padding = Padding::in_order(spec.output, [0; 3], [0; 3]);
    for axis in 0..3 {
        let mut end = spec.output[axis] as isize;
        for residue in 0..residues(spec)[axis] {
            for Tap { distance, .. } in taps(spec, axis, residue) {
                padding.before[axis] = padding.before[axis].max((-distance).max(0) as usize);
                end = end.max(count(spec, axis, residue) as isize + distance);
            }
        }
        padding.padded[axis] = padding.before[axis] + end as usize;
    }
    padding
}

impl<T: Real> Residue<T> {
    fn new(spec: &ConvSpec, weight: &[T], padding: Padding, residue: [usize; 3]) -> Self {
        let [_, height, width] = padding.padded;
        let plane = volume(padding.padded);
        let ConvSpec { groups, channels_in, channels_out, .. } = *spec;
        // Its patches run over the filters of a group and the kernel elements: offsets of their elements in dy, and in the
        // weights of the first input channel.
        let (mut offsets, mut elements) = (Vec::new(), Vec::new());
        let taps = [0, 1, 2].map(|axis| taps(spec, axis, residue[axis]));
        for filter in 0..channels_out {
            for z in &taps[0] {
                for y in &taps[1] {
                    for x in &taps[2] {
                        let at = |axis: usize, tap: &Tap| padding.before[axis].wrapping_add_signed(tap.distance);
                        offsets.push(filter * plane + (at(0, z) * height + at(1, y)) * width + at(2, x));
                        let element = (z.element * spec.kernel[1] + y.element) * spec.kernel[2] + x.element;
                        elements.push(filter * channels_in * volume(spec.kernel) + element);
                    }
                }
            }
        }
        // Input channels are its filters.
        let of_group = |weight: &[T]| {
            let element = |channel: usize, k: usize| weight[elements[k] + channel * volume(spec.kernel)];
            PackedWeights::new(channels_in, elements.len(), element)
        };
        let count: [usize; 3] = std::array::from_fn(|axis| count(spec, axis, residue[axis]));
        let [_, rows, columns] = spec.input;
        let [sz, sy, sx] = spec.stride;
        // Neighbours of one residue are a stride apart in dx, and next to each other in dy.
        let inputs = Locations::new(
            count,
            [sz * rows * columns, sy * columns, sx],
            groups * channels_in * volume(spec.input),
            (residue[0] * rows + residue[1]) * columns + residue[2],
        );
        let outputs = Locations::new(count, [height * width, width, 1], groups * channels_out * plane, 0);
        Self {
            patches: Patches {
                padding,
                channels: groups * channels_out,
                group: channels_out * plane,
                locations: outputs,
                offsets,
            },
            weights: weight.chunks_exact(channels_out * spec.patch()).map(of_group).collect(),
            inputs,
        }
    }
}
