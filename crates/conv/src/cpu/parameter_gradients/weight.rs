//! Sums of products of patches and gradients of outputs, for the gradient of the weight.

use pulp::Simd;
use rayon::prelude::*;

use untied_kernels::cpu::Real;

use crate::ConvSpec;
use crate::cpu::simd::{self, Kernel, TileSizes};

/// Sums of one portion, or of all: `[groups, blocks of filters, elements of a patch, columns]`, filters along a row.
pub(crate) struct WeightSums<T> {
    elements: Vec<T>,
    shape: Shape,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    groups: usize,
    /// Blocks of filters of a group.
    pub(crate) blocks: usize,
    /// Elements of a patch, rounded up to whole tiles.
    pub(crate) rows: usize,
    /// Filters of a block.
    pub(crate) columns: usize,
}

impl Shape {
    /// A single filter has a register for each element of a patch. Otherwise a tile has as many columns as there are filters,
    /// or a second register is left empty.
    pub(crate) fn of<T: Real>(spec: &ConvSpec) -> Self {
        let TileSizes { lanes, tall, .. } = TileSizes::of::<T>();
        let [rows, columns] = match spec.channels_out {
            1 => [1, lanes],
            filters if filters > lanes => [tall, 2 * lanes],
            _ => [tall, lanes],
        };
        Self {
            groups: spec.groups,
            blocks: spec.channels_out.div_ceil(columns),
            rows: spec.patch().next_multiple_of(rows),
            columns,
        }
    }

    /// Elements of a block.
    fn block(&self) -> usize {
        self.rows * self.columns
    }

    /// Elements of so many blocks of each group.
    pub(crate) fn of_blocks(&self, blocks: usize) -> usize {
        self.groups * blocks * self.block()
    }

    pub(crate) fn elements(&self) -> usize {
        self.of_blocks(self.blocks)
    }
}

impl<T: Real> WeightSums<T> {
    /// Room for sums that are not written yet.
    pub(crate) fn with_room(shape: Shape) -> Self {
        Self { elements: Vec::with_capacity(shape.elements()), shape }
    }

    pub(crate) fn zeros(shape: Shape) -> Self {
        Self { elements: vec![T::ZERO; shape.elements()], shape }
    }

    pub(crate) fn elements_mut(&mut self) -> &mut [T] {
        &mut self.elements
    }

    /// Address of the sums of a block.
    pub(crate) fn block(&mut self, group: usize, block: usize) -> *mut T {
        self.elements.as_mut_ptr().wrapping_add((group * self.shape.blocks + block) * self.shape.block())
    }

    /// # Safety
    /// All were written.
    pub(crate) unsafe fn written(&mut self) {
        // SAFETY: by the contract.
        unsafe { self.elements.set_len(self.shape.elements()) };
    }

    /// dw: the portions' sums, added in their order.
    pub(crate) fn gather(spec: &ConvSpec, portions: &[Self]) -> Vec<T> {
        let (filters, patch, shape) = (spec.channels_out, spec.patch(), portions[0].shape);
        let mut dw = vec![T::ZERO; shape.groups * filters * patch];
        let group = |(group, dw): (usize, &mut [T])| {
            let block = |(block, dw): (usize, &mut [T])| {
                let first = (group * shape.blocks + block) * shape.block();
                simd::run(Gather { portions, first, patch, dw });
            };
            dw.par_chunks_mut(shape.columns * patch).enumerate().for_each(block);
        };
        let together = (1 << 14) / (shape.block() * shape.blocks * portions.len()) + 1;
        dw.par_chunks_exact_mut(filters * patch).with_min_len(together).enumerate().for_each(group);
        dw
    }
}

/// Adds up one block.
struct Gather<'a, T> {
    portions: &'a [WeightSums<T>],
    /// Offset of the block in each portion's sums.
    first: usize,
    patch: usize,
    /// `[filters of the block, elements of a patch]`
    dw: &'a mut [T],
}

impl<T: Real> Kernel for Gather<'_, T> {
    #[inline(always)]
    fn run<S: Simd, const MR: usize, const NR: usize, const MR_TALL: usize>(self, simd: S) {
        let (lanes, columns) = (T::lanes::<S>(), self.portions[0].shape.columns);
        for element in 0..self.patch {
            for column in (0..columns).step_by(lanes) {
                let at = self.first + element * columns + column;
                let mut sum = T::splat(simd, T::ZERO);
                for portion in self.portions {
                    // SAFETY: a block's columns are whole registers.
                    sum = T::plus(simd, sum, unsafe { T::load::<S>(portion.elements[at..][..lanes].as_ptr()) });
                }
                let filters = self.dw.chunks_exact_mut(self.patch).skip(column);
                for (dw, &sum) in filters.zip(T::elements::<S>(&sum)) {
                    dw[element] = sum;
                }
            }
        }
    }
}
