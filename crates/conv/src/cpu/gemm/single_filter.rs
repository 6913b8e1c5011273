//! The product for a single filter per group, as in depthwise convolutions.
//!
//! A tile of one row would leave most registers unused. Here its columns are several registers; a group's planes are padded
//! alone, once for all products, so that they stay in the nearest cache, and results are written from the registers.
//!
//! With a stride along the rows, neighbours in an input's gradient come from different products. Each writes its own
//! aside, and rows are put together from those:
//!
//! ```text
//! stride 2     a c e g | b d f h  →  a b c d e f g h
//! ```

use std::ops::Range;

use pulp::Simd;
use rayon::prelude::*;
use untied_kernels::cpu::Real;

use super::column_blocks::{ColumnBlocks, Piece};
use super::epilogue::Addend;
use super::interleave::put_together;
use super::product::Gemm;
use super::tasks::tasks;
use crate::cpu::im2col::Patches;
use crate::cpu::im2col::locations::{Locations, Run};
use crate::cpu::simd::{self, Kernel, TileSizes};
use crate::spec::volume;

/// Registers of columns that are multiplied at once.
const COLUMNS: usize = 8;

/// Products of the same planes that write to the same outputs.
pub(super) struct SingleFilter<'a, T> {
    products: Vec<Product<'a, T>>,
    /// Where the results of each belong, in an image, if they lie aside first.
    rows: Vec<Vec<Run>>,
    /// Registers of a group of an image, in all products.
    count: usize,
    /// Distance of neighbours in the output: more than 1 if results lie aside first.
    step: usize,
}

struct Product<'a, T> {
    gemm: &'a Gemm<'a, T>,
    /// Columns of one image, in place.
    blocks: ColumnBlocks,
    /// Start of each register in a group's planes; the last one again for those beyond.
    starts: Vec<usize>,
    /// Its locations, where they are one piece from its first lane on.
    whole: Vec<Option<Piece>>,
    /// Its registers among those of all products.
    registers: Range<usize>,
    /// Start of its results aside.
    aside: usize,
}

impl<'a, T: Real> SingleFilter<'a, T> {
    /// If every product has a single filter in each group, and its patches are read in place.
    pub(super) fn new(gemms: &[&'a Gemm<'a, T>]) -> Option<Self> {
        let step = gemms.first()?.output.locations.step();
        let mut single = Self { products: Vec::new(), rows: Vec::new(), count: 0, step };
        let mut aside = 0;
        for &gemm in gemms {
            let locations = &gemm.output.locations;
            if gemm.weights[0].rows > 1 || locations.step() != step {
                return None;
            }
            let here = if step == 1 { *locations } else { Locations::planes([1, 1, locations.count()], 1) };
            let blocks = ColumnBlocks::new(gemm, &here, TileSizes::of::<T>().lanes);
            if !blocks.in_place {
                return None;
            }
            let last = blocks.count() - 1;
            let starts = (0..blocks.count() + COLUMNS).map(|register| blocks.pieces(register.min(last))[0].from);
            let whole = |register: usize| match blocks.pieces(register) {
                &[piece] if piece.lane == 0 => Some(piece),
                _ => None,
            };
            let whole = (0..blocks.count()).map(whole).collect();
            let mut rows = Vec::new();
            locations.runs(0, locations.count(), &mut rows);
            let registers = single.count..single.count + blocks.count();
            single.count = registers.end;
            single.products.push(Product { gemm, starts: starts.collect(), whole, blocks, registers, aside });
            single.rows.push(rows);
            aside += locations.count();
        }
        Some(single)
    }

    /// Planes of all groups of all images.
    fn planes(&self) -> usize {
        let Gemm { images, weights, .. } = self.products[0].gemm;
        images * weights.len()
    }

    pub(super) fn run(&self) {
        let all = self.planes() * self.count;
        let length = |product: &Product<T>| product.registers.len() * product.gemm.weights[0].work();
        let work = self.planes() * TileSizes::of::<T>().lanes * self.products.iter().map(length).sum::<usize>();
        let mut part = all.div_ceil(tasks(work));
        if self.step > 1 {
            part = part.next_multiple_of(self.count);
        }
        let run = |first: usize| simd::run(Task { of: self, range: first..all.min(first + part) });
        if part >= all { run(0) } else { (0..all).into_par_iter().step_by(part).for_each(run) }
    }
}

/// Some registers, counted through the products of all planes; whole planes if results lie aside.
struct Task<'a, T> {
    of: &'a SingleFilter<'a, T>,
    range: Range<usize>,
}

impl<T: Real> Kernel for Task<'_, T> {
    #[inline(always)]
    fn run<S: Simd, const MR: usize, const NR: usize, const MR_TALL: usize>(self, simd: S) {
        let SingleFilter { ref products, ref rows, count, step } = *self.of;
        let Gemm { source, patches: Patches { padding, channels, .. }, weights, .. } = products[0].gemm;
        let (groups, lanes) = (weights.len(), T::lanes::<S>());
        let channels = channels / groups;
        let size = channels * volume(padding.size);
        let mut padded = padding.room(simd, channels);
        // A register may be written beyond the last result.
        let results: usize = products.iter().map(|product| product.gemm.output.locations.count()).sum();
        let mut aside = vec![T::ZERO; if step > 1 { results + lanes } else { 0 }];
        // Twice a register, to move its lanes.
        let mut moved = vec![T::ZERO; 2 * lanes];
        for plane in self.range.start / count..self.range.end.div_ceil(count) {
            let (image, group) = (plane / groups, plane % groups);
            padding.fill(simd, &source[plane * size..][..size], &mut padded);
            let here = self.range.start.max(plane * count) - plane * count
                ..self.range.end.min((plane + 1) * count) - plane * count;
            for product in products {
                let Product { gemm, registers, .. } = product;
                let range = here.start.max(registers.start)..here.end.min(registers.end);
                if range.is_empty() {
                    continue;
                }
                let range = range.start - registers.start..range.end - registers.start;
                let output = &gemm.output;
                let offset = group * output.plane;
                // SAFETY: the planes are filled, with a register behind; these outputs are this task's, and aside is as
                // large as all results.
                unsafe {
                    let plane = if step > 1 {
                        Plane { first: aside.as_mut_ptr().add(product.aside), end: usize::MAX, addend: Addend::Nothing }
                    } else {
                        // What is written beyond a result is written again by a later one, up to the last; but other
                        // products' results lie between those of one.
                        let last = product.blocks.pieces(range.end - 1).last().filter(|_| products.len() == 1);
                        Plane {
                            first: output.memory.pointer(image * output.locations.image() + offset),
                            end: last.map_or(0, |piece| piece.to + piece.len),
                            addend: match gemm.addend {
                                Addend::Nothing => Addend::Nothing,
                                Addend::PerFilter(addends) => Addend::PerFilter(&addends[group..]),
                                Addend::PerLocation(addends) => Addend::PerLocation(&addends[offset..]),
                            },
                        }
                    };
                    for first in range.clone().step_by(COLUMNS) {
                        let sums = product.sums::<S>(simd, gemm.weights[group].single(), &padded, first);
                        let registers = first..range.end.min(first + COLUMNS);
                        product.write::<S>(simd, &sums, registers, &plane, &mut moved);
                    }
                    if let Some(tail) = &gemm.tail {
                        let locations = product.locations(range);
                        let start = image * output.locations.image() + offset + locations.start;
                        tail.replace(simd, group, output.memory, start, locations.len());
                    }
                }
            }
            if step > 1 {
                let output = &products[0].gemm.output;
                // SAFETY: the plane is this task's.
                unsafe {
                    let to = output.memory.pointer(image * output.locations.image() + group * output.plane);
                    put_together(rows, step, |product| &aside[products[product].aside..], to);
                }
            }
        }
    }
}

impl<T: Real> Product<'_, T> {
    /// The locations of some registers, in a row of all.
    fn locations(&self, registers: Range<usize>) -> Range<usize> {
        let last = self.blocks.pieces(registers.end - 1).last().expect("a register has locations");
        self.blocks.pieces(registers.start)[0].to..last.to + last.len
    }

    /// The sums of some registers.
    ///
    /// # Safety
    /// The patches of the registers lie within the planes.
    #[inline(always)]
    unsafe fn sums<S: Simd>(&self, simd: S, weights: &[T], planes: &[T], first: usize) -> [T::Register<S>; COLUMNS] {
        let starts: &[usize; COLUMNS] = self.starts[first..].first_chunk().expect("as many again beyond the last");
        let starts = starts.map(|start| planes[start..].as_ptr());
        let mut sums = [T::splat(simd, T::ZERO); COLUMNS];
        for (&weight, &offset) in weights.iter().zip(&self.gemm.patches.offsets) {
            let weight = T::splat(simd, weight);
            for (sum, start) in sums.iter_mut().zip(starts) {
                // SAFETY: by the contract.
                *sum = T::mul_add(simd, weight, unsafe { T::load::<S>(start.add(offset)) }, *sum);
            }
        }
        sums
    }

    /// Writes the sums of some registers.
    ///
    /// # Safety
    /// As for [`Plane::write`].
    #[inline(always)]
    unsafe fn write<S: Simd>(
        &self,
        simd: S,
        sums: &[T::Register<S>; COLUMNS],
        registers: Range<usize>,
        plane: &Plane<T>,
        moved: &mut [T],
    ) {
        for ((&sum, whole), register) in sums.iter().zip(&self.whole[registers.clone()]).zip(registers) {
            // SAFETY: by the contract, and within the memory to move lanes in.
            unsafe {
                if let Some(piece) = whole {
                    plane.write::<S>(simd, sum, piece);
                    continue;
                }
                T::store::<S>(moved.as_mut_ptr(), sum);
                for piece in self.blocks.pieces(register) {
                    let sum = T::load::<S>(moved[piece.lane..][..T::lanes::<S>()].as_ptr());
                    plane.write::<S>(simd, sum, piece);
                }
            }
        }
    }
}

/// Where a group's results of an image belong.
struct Plane<'a, T> {
    first: *mut T,
    /// Up to which whole registers are written.
    end: usize,
    /// From this group on.
    addend: Addend<'a, T>,
}

impl<T: Real> Plane<'_, T> {
    /// Writes a piece's sums, plus the addend; a whole register where it ends before `end`.
    ///
    /// # Safety
    /// There is room, and nobody else writes to these locations, nor to those up to `end`.
    #[inline(always)]
    unsafe fn write<S: Simd>(&self, simd: S, mut value: T::Register<S>, &Piece { to, len, .. }: &Piece) {
        // SAFETY: within the addends and the plane, by the contract.
        unsafe {
            match self.addend {
                Addend::Nothing => {}
                Addend::PerFilter(addends) => value = T::plus(simd, value, T::splat(simd, addends[0])),
                Addend::PerLocation(addends) => {
                    let addend = T::load_part(simd, T::tail(simd, len), addends[to..].as_ptr());
                    value = T::plus(simd, value, addend);
                }
            }
            let beyond = to.saturating_add(T::lanes::<S>()) <= self.end;
            let mask = if beyond { None } else { T::tail(simd, len) };
            T::store_part(simd, mask, self.first.add(to), value);
        }
    }
}
