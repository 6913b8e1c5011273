//! Tiles of a product: registers of columns, read in place or packed, times blocks of filters.

use std::ops::Range;

use pulp::Simd;
use untied_kernels::cpu::Real;

use super::column_blocks::ColumnBlocks;
use super::epilogue::Target;
use super::microkernel::{self, InPlace, Panel};
use super::product::Gemm;
use crate::cpu::im2col::{Patches, Source};
use crate::cpu::simd::Kernel;
use crate::spec::volume;

/// Elements of a patch that are multiplied at once, so that those of a tile's columns stay in the nearest cache while all
/// filters take them in.
const DEPTH: usize = 160;
/// Elements of padded images that are multiplied before the next ones are padded, so that they stay in the cache.
const PADDED: usize = 1 << 15;

/// The columns of some registers.
pub(super) struct Task<'a, T> {
    pub(super) gemm: &'a Gemm<'a, T>,
    pub(super) blocks: &'a ColumnBlocks,
    /// Registers, counted through all periods.
    pub(super) range: Range<usize>,
}

/// Some registers of a task, the columns of a tile.
struct Registers<const NR: usize> {
    /// Start of each in the task's planes, if it is read in place.
    starts: [usize; NR],
    sources: Vec<Source>,
    targets: Vec<Target>,
}

impl<const NR: usize> Registers<NR> {
    /// The next registers of a task, with the images whose planes it holds.
    fn fill<T: Real>(&mut self, task: &Task<T>, images: &Range<usize>, registers: Range<usize>, lanes: usize) {
        let Task { gemm: Gemm { patches, output, .. }, blocks, .. } = task;
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
            self.sweep::<S, 1, NR>(simd);
        } else {
            self.sweep::<S, MR, NR>(simd);
        }
    }
}

impl<T: Real> Task<'_, T> {
    /// Some periods of images after the other, so many that their registers fill tiles.
    #[inline(always)]
    fn sweep<S: Simd, const MR: usize, const NR: usize>(&self, simd: S) {
        let Gemm { source, images, patches: Patches { padding, channels, .. }, weights, .. } = *self.gemm;
        let lanes = T::lanes::<S>();
        let length = weights[0].length;
        // Long patches are multiplied in parts of about one size.
        let depth = length.div_ceil(length.div_ceil(DEPTH).max(1)).max(1);
        let mut room = Room { panel: Vec::new(), sums: Vec::new(), depth };
        room.sums.resize(weights[0].count.next_multiple_of(MR) * NR * lanes + lanes, T::ZERO);
        let mut registers = Registers { starts: [0; NR], sources: Vec::new(), targets: Vec::new() };
        let part = if padding.is_none() {
            self.range.len()
        } else {
            let tile = NR * self.blocks.period * channels * volume(padding.padded);
            NR * self.blocks.count() * (PADDED / tile).max(1)
        };
        let parts = self.range.clone().step_by(part).map(|first| first..self.range.end.min(first + part));
        let most = parts.clone().map(|part| self.blocks.images(&part, images).len()).max().unwrap_or(0);
        let mut padded = padding.room(simd, if padding.is_none() { 0 } else { most * channels });
        for part in parts {
            let images = self.blocks.images(&part, images);
            let plane = channels * volume(padding.size);
            let mut planes = &source[images.start * plane..images.end * plane];
            if !padding.is_none() {
                padding.fill(simd, planes, &mut padded);
                planes = &padded;
            }
            self.tiles::<S, MR, NR>(simd, planes, &images, part, &mut registers, &mut room);
        }
    }

    /// Multiplies all filters by the patches of some registers, in the planes of their images.
    #[inline(always)]
    fn tiles<S: Simd, const MR: usize, const NR: usize>(
        &self,
        simd: S,
        planes: &[T],
        images: &Range<usize>,
        range: Range<usize>,
        registers: &mut Registers<NR>,
        room: &mut Room<T>,
    ) {
        let Gemm { patches, weights, .. } = self.gemm;
        let lanes = T::lanes::<S>();
        let farthest = patches.offsets.iter().max().map_or(0, |offset| offset + lanes);
        for first in range.clone().step_by(NR) {
            registers.fill(self, images, first..range.end.min(first + NR), lanes);
            for group in 0..weights.len() {
                let planes = &planes[group * patches.group..];
                // A register that begins near the end would be read beyond the planes.
                let within = registers.starts.iter().all(|start| start + farthest <= planes.len());
                let in_place = self.blocks.in_place && within;
                // SAFETY: registers that are read in place lie within the planes; these locations are this task's.
                unsafe { self.group::<S, MR, NR>(simd, group, planes, registers, in_place, room) };
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
        Room { panel, sums, depth: most }: &mut Room<T>,
    ) {
        let Gemm { patches, output, addend, .. } = self.gemm;
        let weights = &self.gemm.weights[group];
        let width = NR * T::lanes::<S>();
        // Copies to a row may write a register beyond it.
        let row = width + T::lanes::<S>();
        // Sums of a part of a patch are the start of the next.
        for start in (0..weights.length.max(1)).step_by(*most) {
            let depth = (*most).min(weights.length - start);
            if !in_place {
                panel.resize(*most * row, T::ZERO);
                let panel = panel.as_mut_ptr();
                // SAFETY: the panel holds so many rows.
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
                        microkernel::multiply::<S, T, MR, NR>(simd, depth, &a, &b, sums, start > 0);
                    } else {
                        let b = Panel { first: panel.as_ptr(), step: row };
                        microkernel::multiply::<S, T, MR, NR>(simd, depth, &a, &b, sums, start > 0);
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
    /// Elements of a patch that are multiplied at once, at most.
    depth: usize,
}
