//! The gradient of the input.
//!
//! ```text
//! ∂J/∂x[i] = Σ_{k, o: s·o + d·k − p = i} w[k] · ∂J/∂y[o]
//! ```
//!
//! For the inputs i = r + s·t of one residue r modulo the stride, the outputs are o = t + (r + p − d·k)/s, for the
//! kernel elements k where this is a whole number: a convolution of ∂J/∂y with some of the kernel's elements.

use super::filters::Filters;
use super::grid::Grid;
use super::output::{Addend, Output};
use super::padding::Padding;
use super::patches::Patches;
use super::product::Product;
use super::real::Real;
use super::sizes::{Sizes, volume};

/// A kernel element of one axis, and how far from t it finds the output that it multiplies.
#[derive(Debug, Clone, Copy)]
struct Tap {
    element: usize,
    distance: isize,
}

/// Writes dx, all of it.
///
/// # Safety
/// dx has room for as many numbers as the input has.
pub(super) unsafe fn x_backward<T: Real>(sizes: &Sizes, weight: &[T], dy: &[T], dx: *mut T) {
    let padding = padding(sizes);
    let [depth, height, width] = residues(sizes);
    for z in 0..depth {
        for y in 0..height {
            for x in 0..width {
                of_residue(sizes, weight, dy, padding, [z, y, x], dx);
            }
        }
    }
}

/// Residues of the inputs modulo the stride, along each axis.
fn residues(sizes: &Sizes) -> [usize; 3] {
    std::array::from_fn(|axis| sizes.spec.stride[axis].min(sizes.input[axis]))
}

fn taps(sizes: &Sizes, axis: usize, residue: usize) -> Vec<Tap> {
    let stride = sizes.spec.stride[axis] as isize;
    let tap = |element: usize| {
        let way = (residue + sizes.spec.padding[axis][0]) as isize - (element * sizes.spec.dilation[axis]) as isize;
        (way % stride == 0).then_some(Tap { element, distance: way / stride })
    };
    (0..sizes.kernel[axis]).filter_map(tap).collect()
}

/// Inputs of one residue along an axis.
fn count(sizes: &Sizes, axis: usize, residue: usize) -> usize {
    (sizes.input[axis] - residue).div_ceil(sizes.spec.stride[axis])
}

/// Zeros around dy, so that every kernel element finds a number for every input.
fn padding(sizes: &Sizes) -> Padding {
    let mut padding = Padding { size: sizes.output, before: [0; 3], padded: [0; 3] };
    for axis in 0..3 {
        let mut end = sizes.output[axis] as isize;
        for residue in 0..residues(sizes)[axis] {
            for Tap { distance, .. } in taps(sizes, axis, residue) {
                padding.before[axis] = padding.before[axis].max((-distance).max(0) as usize);
                end = end.max(count(sizes, axis, residue) as isize + distance);
            }
        }
        padding.padded[axis] = padding.before[axis] + end as usize;
    }
    padding
}

fn of_residue<T: Real>(sizes: &Sizes, weight: &[T], dy: &[T], padding: Padding, residue: [usize; 3], dx: *mut T) {
    let [_, height, width] = padding.padded;
    let plane = volume(padding.padded);
    let (groups, channels_in, channels_out) = (sizes.spec.groups, sizes.channels_in, sizes.channels_out);
    let axes = [0, 1, 2].map(|axis| taps(sizes, axis, residue[axis]));
    // Where in dy, and in a channel's kernel, each number of a patch lies.
    let (mut offsets, mut elements) = (Vec::new(), Vec::new());
    for channel in 0..channels_out {
        for z in &axes[0] {
            for y in &axes[1] {
                for x in &axes[2] {
                    let at = |axis: usize, tap: &Tap| padding.before[axis].wrapping_add_signed(tap.distance);
                    offsets.push(channel * plane + (at(0, z) * height + at(1, y)) * width + at(2, x));
                    let element = (z.element * sizes.kernel[1] + y.element) * sizes.kernel[2] + x.element;
                    elements.push(channel * channels_in * volume(sizes.kernel) + element);
                }
            }
        }
    }
    let of_group = |weight: &[T]| {
        let number = |channel: usize, k: usize| weight[elements[k] + channel * volume(sizes.kernel)];
        Filters::new(channels_in, elements.len(), number)
    };
    let count: [usize; 3] = std::array::from_fn(|axis| count(sizes, axis, residue[axis]));
    let [_, rows, columns] = sizes.input;
    let [sz, sy, sx] = sizes.spec.stride;
    let inputs = volume(sizes.input);
    Product {
        source: dy,
        images: sizes.images,
        filters: &weight.chunks_exact(channels_out * sizes.patch()).map(of_group).collect::<Vec<_>>(),
        addend: Addend::Nothing,
        output: Output {
            first: dx,
            grid: Grid::new(
                count,
                [sz * rows * columns, sy * columns, sx],
                groups * channels_in * inputs,
                (residue[0] * rows + residue[1]) * columns + residue[2],
            ),
            plane: inputs,
        },
        patches: &Patches {
            padding,
            channels: groups * channels_out,
            group: channels_out * plane,
            grid: Grid::new(count, [height * width, width, 1], groups * channels_out * plane, 0),
            offsets,
        },
    }
    .run();
}
