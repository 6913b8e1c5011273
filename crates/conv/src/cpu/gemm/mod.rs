//! GEMM: the product of weights and patches that is the output of a convolution, or the gradient of its input.

pub(crate) mod column_blocks;
pub(crate) mod epilogue;
pub(crate) mod microkernel;
pub(crate) mod packed_weights;

use std::ops::Range;

use pulp::Simd;
use rayon::prelude::*;
use untied_kernels::cpu::Real;

use column_blocks::ColumnBlocks;
use epilogue::{Addend, Output, Target};
use microkernel::{InPlace, Panel};
use packed_weights::PackedWeights;

use super::im2col::{Patches, Source};
use super::simd::{self, Kernel, TileSizes};

/// The product of every group's weights and all its patches.
pub(crate) struct Gemm<'a, T> {
    /// Planes without padding, `[images, groups, channels of a group, …]`.
    pub(crate) source: &'a [T],
    pub(crate) images: usize,
    pub(crate) patches: &'a Patches,
    /// Weights of each group.
    pub(crate) weights: &'a [PackedWeights<T>],
    pub(crate) addend: Addend<'a, T>,
    pub(crate) output: Output<'a, T>,
}

/// Elements of a patch that are multiplied at once, so that a panel of them stays in the cache.
const DEPTH: usize = 768;
/// Multiplications that are worth a task of their own.
const TASK_WORK: usize = 1 << 20;

impl<T: Real> Gemm<'_, T> {
    /// Computes everything, in parallel where it pays. Each output element is computed by one task: results do not
    /// depend on the number of threads.
    pub(crate) fn run(&self) {
        let Some(weights) = self.weights.first() else { return };
        let lanes = TileSizes::of::<T>().lanes;
        let (source, output) = (&self.patches.locations, &self.output.locations);
        let blocks = &ColumnBlocks::new(source, output, self.images, lanes, weights.count);
        let (periods, all) = (self.images.div_ceil(blocks.period), blocks.all(self.images));
        let work = all * lanes * weights.count * (weights.length + 1) * self.weights.len();
        let tasks = (work / TASK_WORK).clamp(1, 4 * rayon::current_num_threads());
        // Whole images, or parts of one or two.
        let part = if tasks <= periods { periods.div_ceil(tasks) * blocks.count() } else { all.div_ceil(tasks) };
        let run = |first: usize| {
            let range = first..all.min(first + part);
            let images = blocks.images(&range, self.images);
            simd::run(Task { gemm: self, blocks, range, images });
        };
        if tasks == 1 { run(0) } else { (0..all).into_par_iter().step_by(part).for_each(run) }
    }
}

/// The columns of some registers.
struct Task<'a, T> {
    gemm: &'a Gemm<'a, T>,
    blocks: &'a ColumnBlocks,
    /// Registers, counted through all periods.
    range: Range<usize>,
    /// Images of their locations.
    images: Range<usize>,
}

/// Some registers of a task, the columns of a tile.
struct Registers<const NR: usize> {
    /// Start of each in the task's planes, if it is read in place.
    starts: [usize; NR],
    sources: Vec<Source>,
    targets: Vec<Target>,
}

impl<const NR: usize> Registers<NR> {
    fn fill<T: Real>(&mut self, task: &Task<T>, registers: Range<usize>, lanes: usize) {
        let Task { gemm: Gemm { patches, output, .. }, blocks, images, .. } = task;
        self.sources.clear();
        self.targets.clear();
        for (column, register) in registers.enumerate() {
            let first_image = register / blocks.count() * blocks.period;
            for piece in blocks.pieces(register % blocks.count()) {
                let (image, len) = (first_image + piece.image, piece.len);
                let start = (image - images.start) * patches.locations.image() + piece.from;
                if piece.lane == 0 {
                    self.starts[column] = start;
                }
                if image < images.end {
                    let column = column * lanes + piece.lane;
                    self.sources.push(Source { column, len, start });
                    let image = image * output.locations.image();
                    self.targets.push(Target { column, len, image, offset: piece.to });
                }
            }
        }
    }
}

impl<T: Real> Kernel for Task<'_, T> {
    #[inline(always)]
    fn run<S: Simd, const MR: usize, const NR: usize, const MR_TALL: usize>(self, simd: S) {
        if self.gemm.weights[0].rows == 1 {
            self.tiles::<S, 1, NR>(simd);
        } else {
            self.tiles::<S, MR, NR>(simd);
        }
    }
}

impl<T: Real> Task<'_, T> {
    #[inline(always)]
    fn tiles<S: Simd, const MR: usize, const NR: usize>(&self, simd: S) {
        let Gemm { source, patches, weights, .. } = self.gemm;
        let lanes = T::lanes::<S>();
        let images = self.images.start * patches.channels..self.images.end * patches.channels;
        let planes = patches.padding.apply(simd, source, images);
        let farthest = patches.offsets.iter().max().map_or(0, |offset| offset + lanes);
        let mut room = Room { panel: Vec::new(), sums: Vec::new() };
        room.sums.resize(weights[0].count.next_multiple_of(MR) * NR * lanes + lanes, T::ZERO);
        let mut registers = Registers { starts: [0; NR], sources: Vec::new(), targets: Vec::new() };
        for first in self.range.clone().step_by(NR) {
            registers.fill(self, first..self.range.end.min(first + NR), lanes);
            for group in 0..weights.len() {
                let planes = &planes[group * patches.group..];
                // A register that begins near the end would be read beyond the planes.
                let within = registers.starts.iter().all(|start| start + farthest <= planes.len());
                let in_place = self.blocks.in_place && within;
                // SAFETY: registers that are read in place lie within the planes; these locations are this task's.
                unsafe { self.group::<S, MR, NR>(simd, group, planes, &registers, in_place, &mut room) };
            }
        }
    }

    /// Multiplies all filters of a group by the patches of some registers, and writes the outputs.
    ///
    /// # Safety
    /// If `in_place`, every patch element is inside `planes`; this task alone writes these outputs.
    #[inline(always)]
    unsafe fn group<S: Simd, const MR: usize, const NR: usize>(
        &self,
        simd: S,
        group: usize,
        planes: &[T],
        registers: &Registers<NR>,
        in_place: bool,
        Room { panel, sums }: &mut Room<T>,
    ) {
        let Gemm { patches, output, addend, .. } = self.gemm;
        let weights = &self.gemm.weights[group];
        let width = NR * T::lanes::<S>();
        // Copies to a row may write a register beyond it.
        let row = width + T::lanes::<S>();
        // Long patches in parts whose panel stays in the cache: sums of a part are the start of the next.
        for start in (0..weights.length.max(1)).step_by(DEPTH) {
            let depth = DEPTH.min(weights.length - start);
            if !in_place {
                panel.resize(weights.length.min(DEPTH) * row, T::ZERO);
                let panel = panel.as_mut_ptr();
                // SAFETY: the panel holds DEPTH rows.
                unsafe { patches.pack::<S, T>(planes, start..start + depth, &registers.sources, panel, row) };
            }
            for block in 0..weights.blocks() {
                let of_block = block * MR..weights.count.min((block + 1) * MR);
                let a = weights.block(block, start);
                let sums = sums[block * MR * width..].as_mut_ptr();
                // SAFETY: by the contract; the panel is filled, and the sums hold all blocks.
                unsafe {
                    if in_place {
                        let starts = registers.starts.map(|start| planes.as_ptr().add(start));
                        let b = InPlace { starts, offsets: &patches.offsets[start..start + depth] };
                        microkernel::multiply::<S, T, MR, NR>(simd, depth, a, &b, sums, start > 0);
                    } else {
                        let b = Panel { first: panel.as_ptr(), step: row };
                        microkernel::multiply::<S, T, MR, NR>(simd, depth, a, &b, sums, start > 0);
                    }
                    if start + depth == weights.length {
                        let first = group * weights.count;
                        let filters = first + of_block.start..first + of_block.end;
                        output.write::<S, MR>(simd, filters, sums, width, &registers.targets, addend);
                    }
                }
            }
        }
    }
}

/// Memory of a task.
struct Room<T> {
    /// Packed patches of some registers, `[elements of a patch, registers]`, where they are not read in place.
    panel: Vec<T>,
    /// `[filters, registers]`, and a register more.
    sums: Vec<T>,
}
