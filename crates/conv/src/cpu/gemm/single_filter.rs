//! The product for a single filter per group, as in depthwise convolutions.
//!
//! A tile of one row would leave most registers unused. Here its columns are as many registers as a tile has rows
//! elsewhere; a group's planes are padded alone, so that they stay in the nearest cache, and results are written from the
//! registers.

use std::array;
use std::ops::Range;

use pulp::Simd;
use untied_kernels::cpu::Real;

use super::column_blocks::{ColumnBlocks, Piece};
use super::epilogue::Addend;
use super::product::Gemm;
use crate::cpu::im2col::Patches;
use crate::cpu::simd::Kernel;
use crate::spec::volume;

/// Some registers of the groups' planes.
pub(super) struct SingleFilter<'a, T> {
    pub(super) gemm: &'a Gemm<'a, T>,
    /// Columns of one image, in place.
    pub(super) blocks: &'a ColumnBlocks,
    /// Registers, counted through the groups of all images.
    pub(super) range: Range<usize>,
}

impl<T: Real> Kernel for SingleFilter<'_, T> {
    #[inline(always)]
    fn run<S: Simd, const MR: usize, const NR: usize, const MR_TALL: usize>(self, simd: S) {
        let Gemm { source, patches: Patches { padding, channels, .. }, weights, .. } = self.gemm;
        let (groups, count) = (weights.len(), self.blocks.count());
        let channels = channels / groups;
        let planes = channels * volume(padding.size);
        let mut padded = padding.room(simd, channels);
        // Memory for registers whose first lanes are not written.
        let mut aside = vec![T::ZERO; 2 * T::lanes::<S>()];
        let mut next = self.range.start;
        while next < self.range.end {
            let at = next / count;
            let end = self.range.end.min((at + 1) * count);
            padding.fill(simd, &source[at * planes..][..planes], &mut padded);
            for first in (next..end).step_by(MR) {
                let registers = first % count..(end - 1).min(first + MR - 1) % count + 1;
                // SAFETY: the planes are filled, with a register behind; these outputs are this task's.
                unsafe {
                    let sums = self.products::<S, MR>(simd, weights[at % groups].single(), &padded, &registers);
                    self.write::<S, MR>(simd, at / groups, at % groups, &sums, registers, &mut aside);
                }
            }
            next = end;
        }
    }
}

impl<T: Real> SingleFilter<'_, T> {
    /// The sums of some registers; those beyond the last one repeat it.
    ///
    /// # Safety
    /// The patches of the registers lie within the planes.
    #[inline(always)]
    unsafe fn products<S: Simd, const N: usize>(
        &self,
        simd: S,
        weights: &[T],
        planes: &[T],
        registers: &Range<usize>,
    ) -> [T::Register<S>; N] {
        let starts: [*const T; N] = array::from_fn(|i| {
            let register = (registers.start + i).min(registers.end - 1);
            planes[self.blocks.pieces(register)[0].from..].as_ptr()
        });
        let mut sums = [T::splat(simd, T::ZERO); N];
        for (&weight, &offset) in weights.iter().zip(&self.gemm.patches.offsets) {
            let weight = T::splat(simd, weight);
            for (sum, start) in sums.iter_mut().zip(starts) {
                // SAFETY: by the contract.
                *sum = T::mul_add(simd, weight, unsafe { T::load::<S>(start.add(offset)) }, *sum);
            }
        }
        sums
    }

    /// Writes the sums of some registers, plus the addend.
    ///
    /// # Safety
    /// The output has room, and nobody else writes to these locations.
    #[inline(always)]
    unsafe fn write<S: Simd, const N: usize>(
        &self,
        simd: S,
        image: usize,
        group: usize,
        sums: &[T::Register<S>; N],
        registers: Range<usize>,
        aside: &mut [T],
    ) {
        let Gemm { output, addend, .. } = self.gemm;
        let start = image * output.locations.image() + group * output.plane;
        for (sum, register) in sums.iter().zip(registers) {
            for &Piece { lane, len, to, .. } in self.blocks.pieces(register) {
                let mask = T::tail(simd, len);
                // SAFETY: within the memory aside, the addends and the output.
                unsafe {
                    let mut value = *sum;
                    if lane > 0 {
                        T::store::<S>(aside.as_mut_ptr(), value);
                        value = T::load::<S>(aside[lane..][..T::lanes::<S>()].as_ptr());
                    }
                    match *addend {
                        Addend::Nothing => {}
                        Addend::PerFilter(addends) => value = T::plus(simd, value, T::splat(simd, addends[group])),
                        Addend::PerLocation(addends) => {
                            let addend = T::load_part(simd, mask, addends[group * output.plane + to..].as_ptr());
                            value = T::plus(simd, value, addend);
                        }
                    }
                    let to = output.memory.pointer(start + to);
                    if output.locations.step() > 1 {
                        output.store_each::<S>(value, to, len);
                    } else {
                        T::store_part(simd, mask, to, value);
                    }
                }
            }
        }
    }
}
