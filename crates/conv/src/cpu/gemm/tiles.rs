//! Tiles of a product: registers of columns, read in place or packed, times blocks of filters.

use std::ops::Range;

use pulp::Simd;
use untied_kernels::cpu::Real;

use super::column_blocks::ColumnBlocks;
use super::epilogue::Target;
use super::microkernel::{self, InPlace, Panel};
use super::packed_weights::PackedWeights;
use super::product::Gemm;
use crate::cpu::im2col::{Patches, Source};
use crate::cpu::simd::Kernel;
use crate::spec::volume;

/// Bytes of columns that several tiles read again for each block of filters, so that they stay in the nearest cache. Each
/// filter's outputs are then written in longer pieces.
const TOGETHER: usize = 1 << 14;
/// Tiles together, at most.
const TILES: usize = 8;
/// Bytes of weights beyond which they are read from far away: several tiles take in each part of them.
const WEIGHTS: usize = 1 << 18;
/// Tiles that do.
const TILES_OF_WEIGHTS: usize = 4;
/// Elements of padded images that are multiplied before the next ones are padded, so that they stay in the cache.
const PADDED: usize = 1 << 15;

/// The columns of some registers.
pub(super) struct Task<'a, T> {
    gemm: &'a Gemm<'a, T>,
    blocks: &'a ColumnBlocks,
    /// Registers, counted through all periods.
    range: Range<usize>,
    /// The last image with outputs of this task, and their end in it.
    last: (usize, usize),
}

impl<'a, T: Real> Task<'a, T> {
    pub(super) fn new(gemm: &'a Gemm<'a, T>, blocks: &'a ColumnBlocks, range: Range<usize>) -> Self {
        let (period, register) = ((range.end - 1) / blocks.count(), (range.end - 1) % blocks.count());
        let piece = blocks.pieces(register).last().expect("a register has locations");
        let last = (period * blocks.period + piece.image, piece.to + piece.len);
        Self { gemm, blocks, range, last }
    }

    /// End of this task's outputs in an image, in one row from its first one there on; 0 if others lie between them.
    fn end(&self, image: usize) -> usize {
        let locations = &self.gemm.output.locations;
        match self.last {
            _ if !locations.is_one_row() => 0,
            (last, end) if last == image => end,
            _ => locations.count(),
        }
    }
}

/// Some registers of a task, the columns of a tile.
struct Registers<const NR: usize> {
    /// Start of each in the task's planes, if it is read in place.
    starts: [usize; NR],
    sources: Vec<Source>,
    targets: Vec<Target>,
    /// The targets, if each register has one, and may be written as a whole.
    whole: Option<[Target; NR]>,
}

impl<const NR: usize> Registers<NR> {
    /// The next registers of a task, with the images whose planes it holds.
    fn fill<T: Real>(&mut self, task: &Task<T>, images: &Range<usize>, registers: Range<usize>, lanes: usize) {
        let Task { gemm: Gemm { patches, output, .. }, blocks, .. } = task;
        let one_by_one = output.locations.step() == 1;
        self.sources.clear();
        self.targets.clear();
        let (period, first) = (registers.start / blocks.count(), registers.start % blocks.count());
        let (mut first_image, mut register) = (period * blocks.period, first);
        for column in 0..registers.len() {
            if register == blocks.count() {
                (first_image, register) = (first_image + blocks.period, 0);
            }
            for piece in blocks.pieces(register) {
                let (image, len) = (first_image + piece.image, piece.len);
                let start = (image - images.start) * patches.locations.image() + piece.from;
                if piece.lane == 0 {
                    self.starts[column] = start;
                }
                if image < images.end {
                    let column = column * lanes + piece.lane;
                    self.sources.push(Source { column, len, start });
                    let whole = piece.to + lanes <= task.end(image);
                    let image = image * output.locations.image();
                    let offset = piece.to;
                    match self.targets.last_mut() {
                        // Runs of the source may be neighbours in the output.
                        Some(last) if one_by_one && piece.lane > 0 && last.goes_on(column, image, offset) => {
                            last.len += len;
                        }
                        _ => self.targets.push(Target { column, len, image, offset, whole }),
                    }
                }
            }
            register += 1;
        }
        let whole = |(column, target): (usize, &Target)| {
            target.column == column * lanes && (target.whole || target.len == lanes)
        };
        let all = one_by_one && self.targets.len() == NR && self.targets.iter().enumerate().all(whole);
        self.whole = self.targets.first_chunk().copied().filter(|_| all);
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
        let mut room = Room::new::<S, MR, NR>(&weights[0]);
        let new = || Registers { starts: [0; NR], sources: Vec::new(), targets: Vec::new(), whole: None };
        let mut tiles: Vec<Registers<NR>> = (0..room.tiles).map(|_| new()).collect();
        let part = if padding.is_none() {
            self.range.len()
        } else {
            let tile = NR * self.blocks.period * channels * volume(padding.padded);
            NR * self.blocks.count() * (PADDED / tile).max(room.tiles.div_ceil(self.blocks.count()))
        };
        let parts = self.range.clone().step_by(part).map(|first| first..self.range.end.min(first + part));
        let most = parts.clone().map(|part| self.blocks.images(&part, images).len()).max().unwrap_or(0);
        let mut padded = padding.room(simd, if padding.is_none() { 0 } else { most * channels });
        for part in parts {
            let images = self.blocks.images(&part, images);
            let plane = channels * volume(padding.size);
            let mut planes = &source[images.start * plane..source.len().min(images.end * plane + T::lanes::<S>())];
            if !padding.is_none() {
                padding.fill(simd, &planes[..images.len() * plane], &mut padded);
                planes = &padded;
            }
            self.tiles::<S, MR, NR>(simd, planes, &images, part, &mut tiles, &mut room);
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
        tiles: &mut [Registers<NR>],
        room: &mut Room<T>,
    ) {
        let Gemm { patches, weights, output, tail, .. } = self.gemm;
        let (lanes, all) = (T::lanes::<S>(), self.gemm.images * output.locations.count());
        let farthest = patches.offsets.iter().max().map_or(0, |offset| offset + lanes);
        let location = |register| self.blocks.location(register, output.locations.count()).min(all);
        let mut done = location(range.start);
        for first in range.clone().step_by(NR * room.tiles) {
            let end = range.end.min(first + NR * room.tiles);
            let tiles = &mut tiles[..(end - first).div_ceil(NR)];
            for (registers, first) in tiles.iter_mut().zip((first..end).step_by(NR)) {
                registers.fill(self, images, first..end.min(first + NR), lanes);
            }
            for group in 0..weights.len() {
                let planes = &planes[group * patches.group..];
                // A register that begins near the end would be read beyond the planes.
                let within =
                    |registers: &Registers<NR>| registers.starts.iter().all(|start| start + farthest <= planes.len());
                let in_place = self.blocks.in_place && tiles.iter().all(within);
                // SAFETY: registers that are read in place lie within the planes; these locations are this task's.
                unsafe { self.group::<S, MR, NR>(simd, group, planes, tiles, in_place, room) };
            }
            if let Some(tail) = tail {
                let until = location(end);
                if end == range.end || tail.is_due(until - done) {
                    // SAFETY: these outputs are this task's.
                    unsafe { tail.follow(simd, output, done..until) };
                    done = until;
                }
            }
        }
    }

    /// Multiplies all filters of a group by the patches of some tiles, and writes the outputs.
    ///
    /// # Safety
    /// If `in_place`, every patch element is inside `planes`; this task alone writes these outputs.
    #[inline(always)]
    unsafe fn group<S: Simd, const MR: usize, const NR: usize>(
        &self,
        simd: S,
        group: usize,
        planes: &[T],
        tiles: &[Registers<NR>],
        in_place: bool,
        Room { panels, sums, depth: most, inner, .. }: &mut Room<T>,
    ) {
        let Gemm { patches, output, addend, .. } = self.gemm;
        let weights = &self.gemm.weights[group];
        let (lanes, blocks) = (T::lanes::<S>(), weights.blocks());
        let width = NR * lanes;
        // Copies to a row may write a register beyond it.
        let row = width + lanes;
        // Sums of a part of a patch are the start of the next.
        for start in (0..weights.length.max(1)).step_by(*most) {
            let depth = (*most).min(weights.length - start);
            if !in_place {
                panels.resize(tiles.len() * *most * row, T::ZERO);
                for (registers, panel) in tiles.iter().zip(panels.chunks_exact_mut(*most * row)) {
                    let panel = panel.as_mut_ptr();
                    // SAFETY: the panel holds so many rows.
                    unsafe { patches.pack::<S, T>(planes, start..start + depth, &registers.sources, panel, row) };
                }
            }
            for at in 0..blocks * tiles.len() {
                let (tile, block) =
                    if *inner { (at % tiles.len(), at / tiles.len()) } else { (at / blocks, at % blocks) };
                let registers = &tiles[tile];
                let of_block = block * MR..weights.count.min((block + 1) * MR);
                let a = weights.block(block, start);
                // What is written at once needs no place of its own.
                let place = if depth == weights.length { 0 } else { tile * blocks + block };
                let sums = sums[place * MR * width..].as_mut_ptr();
                // SAFETY: by the contract; the panels are filled, and the sums hold all blocks of all tiles.
                unsafe {
                    let begun = (start > 0).then_some(sums.cast_const());
                    let product = if in_place {
                        let starts = registers.starts.map(|start| planes.as_ptr().add(start));
                        let b = InPlace { starts, offsets: &patches.offsets[start..start + depth] };
                        microkernel::product::<S, T, _, MR, NR>(simd, depth, &a, &b, begun)
                    } else {
                        let b = Panel { first: panels[tile * *most * row..].as_ptr(), step: row };
                        microkernel::product::<S, T, _, MR, NR>(simd, depth, &a, &b, begun)
                    };
                    let last = start + depth == weights.length;
                    let first = group * weights.count;
                    let filters = first + of_block.start..first + of_block.end;
                    if let (true, Some(targets)) = (last && filters.len() == MR, &registers.whole) {
                        output.write_tile::<S, MR, NR>(simd, filters.start, product, targets, addend);
                    } else {
                        microkernel::store::<S, T, MR, NR>(product, sums);
                        if last {
                            output.write::<S, MR>(simd, filters, sums, width, &registers.targets, addend);
                        }
                    }
                }
            }
        }
    }
}

/// Memory of a task.
struct Room<T> {
    /// Packed patches of each tile, `[elements of a patch, registers]`, where they are not read in place.
    panels: Vec<T>,
    /// `[tiles, filters, registers]`, and a register more.
    sums: Vec<T>,
    /// Elements of a patch that are multiplied at once, at most.
    depth: usize,
    /// Tiles whose patches are multiplied together.
    tiles: usize,
    /// Whether a block of filters takes in all tiles before the next one does.
    inner: bool,
}

impl<T: Real> Room<T> {
    fn new<S: Simd, const MR: usize, const NR: usize>(weights: &PackedWeights<T>) -> Self {
        let (lanes, length) = (T::lanes::<S>(), weights.length);
        let depth = weights.depth();
        let together = (TOGETHER / (depth * NR * lanes * size_of::<T>())).clamp(1, TILES);
        let far = length * weights.count * size_of::<T>() > WEIGHTS;
        let (tiles, inner) = if together > 1 {
            (together, true)
        } else if far {
            (TILES_OF_WEIGHTS, false)
        } else {
            (1, false)
        };
        let places = if depth >= length { 1 } else { tiles * weights.blocks() };
        Self { panels: Vec::new(), sums: vec![T::ZERO; places * MR * NR * lanes + lanes], depth, tiles, inner }
    }
}
