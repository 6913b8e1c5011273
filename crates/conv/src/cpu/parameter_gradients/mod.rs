//! The gradients of weight and bias, from one sweep over the gradient of the output.
//!
//! dw is the product of patches and dy over all locations: elements of a patch are the rows of a tile, and filters its
//! columns, for which dy is transposed.

pub(crate) mod bias;
mod depthwise;
mod tasks;
mod transposed;
mod weight;

use std::mem::MaybeUninit;
use std::ops::Range;

use pulp::Simd;
use rayon::prelude::*;
use untied_kernels::cpu::Real;

use bias::{BiasSums, Sharing};
use depthwise::{Depthwise, TOGETHER};
use tasks::{Portion, portions};
use transposed::{Transposed, WIDTH};
use weight::{Shape, WeightSums};

use super::gemm::microkernel::{self, Rows, Triples};
use super::im2col::locations::{Locations, Run};
use super::im2col::{Patches, Source};
use super::simd::{self, Kernel};
use crate::ConvSpec;
use crate::spec::volume;

/// dw `[channels_out, channels_in/groups, kernel…]`, and the sums of dy that the bias wants.
pub(crate) fn parameter_gradients<T: Real>(spec: &ConvSpec, x: &[T], dy: &[T], bias: Sharing) -> (Vec<T>, Vec<f64>) {
    let patches = &Patches::of_input(spec);
    let portions = portions(spec);
    let (filters, locations) = (spec.groups * spec.channels_out, spec.locations());
    let of_filter = Locations::new([1, 1, locations], [0, 0, 1], filters * locations, 0);
    let run = |portion: &Portion| {
        let mut sums = None;
        simd::run(Task { spec, patches, x, dy, of_filter, portion, bias, sums: &mut sums });
        sums.expect("a task writes its sums")
    };
    let sums: Vec<Sums<T>> =
        if portions.len() == 1 { portions.iter().map(run).collect() } else { portions.par_iter().map(run).collect() };
    let (weights, biases): (Vec<_>, Vec<_>) = sums.into_iter().map(|sums| (sums.weight, sums.bias)).unzip();
    let tasks: Vec<_> = portions.iter().map(|portion| portion.locations.clone()).zip(biases).collect();
    (WeightSums::gather(spec, &weights), bias::gather(&tasks, filters, bias.per_filter(locations)))
}

/// Whether a patch's elements lie in threes next to each other, so that they need not be packed.
fn triples(spec: &ConvSpec) -> bool {
    spec.kernel[2] == 3 && spec.dilation[2] == 1 && spec.stride[2] == 1
}

/// Sums of one task.
struct Sums<T> {
    weight: WeightSums<T>,
    bias: BiasSums<T>,
}

struct Task<'a, T> {
    spec: &'a ConvSpec,
    patches: &'a Patches,
    x: &'a [T],
    dy: &'a [T],
    /// Locations of a filter in dy.
    of_filter: Locations,
    portion: &'a Portion,
    bias: Sharing,
    sums: &'a mut Option<Sums<T>>,
}

impl<T: Real> Kernel for Task<'_, T> {
    #[inline(always)]
    fn run<S: Simd, const MR: usize, const NR: usize, const MR_TALL: usize>(self, simd: S) {
        // A tile of filters has as many columns as there are filters, or a second register is left empty.
        *self.sums = Some(if self.spec.channels_out == 1 {
            self.depthwise(simd)
        } else if self.spec.channels_out > T::lanes::<S>() {
            self.sweep::<S, MR_TALL, 2>(simd)
        } else {
            self.sweep::<S, MR_TALL, 1>(simd)
        });
    }
}

impl<T: Real> Task<'_, T> {
    #[inline(always)]
    fn depthwise<S: Simd>(&self, simd: S) -> Sums<T> {
        let Self { spec, patches, bias, portion: Portion { images, locations }, .. } = *self;
        let (groups, patch) = (spec.groups, spec.patch());
        let padding = &patches.padding;
        let mut runs = Vec::new();
        patches.locations.runs(locations.start, locations.len(), &mut runs);
        // The group of all images, which stay in the nearest cache.
        let mut planes = padding.room(simd, images.len() * spec.channels_in);
        let size = spec.channels_in * volume(padding.size);
        let mut weight = WeightSums::<T>::with_room(Shape::new(spec, [1, T::lanes::<S>()]));
        for group in 0..groups {
            for (at, image) in images.clone().enumerate() {
                let x = &self.x[(image * groups + group) * size..][..size];
                padding.fill(simd, x, &mut planes[at * patches.group..][..patches.group]);
            }
            let depthwise = Depthwise {
                patches,
                runs: &runs,
                first: locations.start,
                planes: &planes,
                dy: &self.dy
                    [(images.start * groups + group) * spec.locations()..images.end * groups * spec.locations()],
                image: groups * spec.locations(),
            };
            let to = weight.block(group, 0);
            for first in (0..patch).step_by(TOGETHER) {
                for (element, sum) in (first..patch).zip(depthwise.products::<S>(simd, first)) {
                    // SAFETY: a block has as many rows as a patch has elements, of a register each.
                    unsafe { T::store::<S>(to.add(element * T::lanes::<S>()), T::splat(simd, sum)) };
                }
            }
        }
        // SAFETY: by all groups and elements.
        unsafe { weight.written() };
        Sums { weight, bias: BiasSums::new(simd, bias, self.dy, spec.locations(), groups, self.portion) }
    }

    #[inline(always)]
    fn sweep<S: Simd, const MR: usize, const NR: usize>(&self, simd: S) -> Sums<T> {
        let Self { spec, patches, bias: sharing, portion: Portion { images, locations }, .. } = *self;
        let (groups, filters) = (spec.groups, spec.channels_out);
        let shape = Shape::new(spec, [MR, NR * T::lanes::<S>()]);
        let Shape { blocks, rows, columns, .. } = shape;
        let mut sums = Sums {
            weight: WeightSums::with_room(shape),
            bias: BiasSums::new(simd, sharing, self.dy, spec.locations(), groups * filters, self.portion),
        };
        let mut transposed = Transposed::new(simd, blocks, columns);
        // Packing may write a register beyond a row. Rows beyond the last element of a patch are multiplied too.
        let row_length = WIDTH + T::lanes::<S>();
        let triples = triples(spec);
        let mut panel = Vec::new();
        if !triples {
            panel.reserve_exact(rows * row_length);
            panel.spare_capacity_mut()[spec.patch() * row_length..rows * row_length].fill(MaybeUninit::new(T::ZERO));
        }
        let panel: *mut T = panel.as_mut_ptr();
        let (mut runs, mut spans, mut sources, mut places) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());

        let planes =
            patches.padding.apply(simd, self.x, images.start * patches.channels..images.end * patches.channels);
        let end = (images.len() - 1) * spec.locations() + locations.end;
        // WIDTH locations at a time, as many as keep panel and transposed dy in the cache; each adds to all sums.
        for first in (locations.start..end).step_by(WIDTH) {
            let width = WIDTH.min(end - first);
            patches.locations.runs(first, width, &mut runs);
            self.of_filter.runs(images.start * spec.locations() + first, width, &mut spans);
            sources.clear();
            places.clear();
            for run in &runs {
                places.extend((0..run.len).map(|at| run.image + run.start + at));
                sources.extend((0..run.len).step_by(T::lanes::<S>()).map(|at| Source {
                    column: run.at + at,
                    len: T::lanes::<S>().min(run.len - at),
                    start: run.image + run.start + at,
                }));
            }
            for group in 0..groups {
                let planes = &planes[group * patches.group..];
                if !triples {
                    // SAFETY: the panel has room for these elements.
                    unsafe { patches.pack::<S, T>(planes, 0..spec.patch(), &sources, panel, row_length) };
                }
                for few in (0..filters).step_by(4).map(|first| first..filters.min(first + 4)) {
                    for span in &spans {
                        self.transpose(simd, group, few.clone(), span, &mut transposed);
                    }
                }
                for block in 0..blocks {
                    let dy = transposed.block(block);
                    let sums = sums.weight.block(group, block);
                    for row in (0..rows).step_by(MR) {
                        // SAFETY: panel, transposed and sums are as large as computed above, and patches lie within
                        // the planes.
                        unsafe {
                            let (sums, add) = (sums.add(row * columns), first > locations.start);
                            if triples {
                                // Rows beyond the last element of a patch repeat its last ones.
                                let offset = |i: usize| patches.offsets[(row + 3 * i).min(spec.patch() - 3)];
                                let bases = std::array::from_fn(|i| planes.as_ptr().add(offset(i)));
                                let rows = Triples { bases, places: &places };
                                microkernel::multiply::<S, T, _, MR, NR>(simd, width, &rows, &dy, sums, add);
                            } else {
                                let rows = Rows { first: panel.add(row * row_length), row: row_length, step: 1 };
                                microkernel::multiply::<S, T, _, MR, NR>(simd, width, &rows, &dy, sums, add);
                            }
                        }
                    }
                }
            }
        }
        // SAFETY: by the first locations, of which there are some.
        unsafe { sums.weight.written() };
        sums
    }

    /// Some filters' elements of dy, four filters' at once where there are as many.
    #[inline(always)]
    fn transpose<S: Simd>(&self, simd: S, group: usize, filters: Range<usize>, span: &Run, to: &mut Transposed<T>) {
        let values = |filter: usize| {
            let plane = group * self.spec.channels_out + filter;
            &self.dy[span.image + span.start + plane * self.spec.locations()..][..span.len]
        };
        if to.takes_four() && filters.len() == 4 {
            to.write_four(simd, filters.start, span.at, std::array::from_fn(|i| values(filters.start + i)));
        } else {
            for filter in filters {
                to.write(filter, span.at, values(filter));
            }
        }
    }
}
