//! Sums of products of numbers of patches and gradients of outputs, for the gradient of the weight.

use pulp::Simd;
use rayon::prelude::*;

use super::dispatch::{Kernel, dispatch};
use super::real::Real;
use super::sizes::Sizes;

/// What one task adds up: `[groups, blocks of filters, numbers of a patch, columns]`, filters along a row.
pub(super) struct WeightSums<T> {
    numbers: Vec<T>,
    pub(super) shape: Shape,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    groups: usize,
    /// Blocks of filters of a group.
    pub(super) blocks: usize,
    /// Numbers of a patch, rounded up to whole tiles.
    pub(super) rows: usize,
    /// Filters of a block.
    pub(super) columns: usize,
}

impl Shape {
    pub(super) fn new(sizes: &Sizes, tile: [usize; 2]) -> Self {
        let [rows, columns] = tile;
        Self {
            groups: sizes.spec.groups,
            blocks: sizes.channels_out.div_ceil(columns),
            rows: sizes.patch().next_multiple_of(rows),
            columns,
        }
    }

    /// Numbers of a block.
    fn block(&self) -> usize {
        self.rows * self.columns
    }

    fn numbers(&self) -> usize {
        self.groups * self.blocks * self.block()
    }
}

impl<T: Real> WeightSums<T> {
    /// Room for sums that are not written yet.
    pub(super) fn with_room(shape: Shape) -> Self {
        Self { numbers: Vec::with_capacity(shape.numbers()), shape }
    }

    /// Where the sums of a block lie.
    pub(super) fn block(&mut self, group: usize, block: usize) -> *mut T {
        self.numbers.as_mut_ptr().wrapping_add((group * self.shape.blocks + block) * self.shape.block())
    }

    /// # Safety
    /// All were written.
    pub(super) unsafe fn written(&mut self) {
        // SAFETY: by the contract.
        unsafe { self.numbers.set_len(self.shape.numbers()) };
    }

    /// dw: the tasks' sums, added in the order of the tasks.
    pub(super) fn gather(sizes: &Sizes, tasks: &[Self]) -> Vec<T> {
        let (filters, patch, shape) = (sizes.channels_out, sizes.patch(), tasks[0].shape);
        let mut dw = vec![T::default(); shape.groups * filters * patch];
        let group = |(group, dw): (usize, &mut [T])| {
            let block = |(block, dw): (usize, &mut [T])| {
                let first = (group * shape.blocks + block) * shape.block();
                dispatch(Gather { tasks, first, patch, dw });
            };
            dw.par_chunks_mut(shape.columns * patch).enumerate().for_each(block);
        };
        let together = (1 << 14) / (shape.block() * shape.blocks * tasks.len()) + 1;
        dw.par_chunks_exact_mut(filters * patch).with_min_len(together).enumerate().for_each(group);
        dw
    }
}

/// Adds up one block.
struct Gather<'a, T> {
    tasks: &'a [WeightSums<T>],
    /// Where the block lies in each task's sums.
    first: usize,
    patch: usize,
    /// `[filters of the block, numbers of a patch]`
    dw: &'a mut [T],
}

impl<T: Real> Kernel for Gather<'_, T> {
    #[inline(always)]
    fn run<S: Simd, const ROWS: usize, const COLUMNS: usize, const LONG: usize>(self, simd: S) {
        let (lanes, columns) = (T::lanes::<S>(), self.tasks[0].shape.columns);
        for number in 0..self.patch {
            for column in (0..columns).step_by(lanes) {
                let at = self.first + number * columns + column;
                let mut sum = T::splat(simd, T::default());
                for task in self.tasks {
                    // SAFETY: a block's columns are whole registers.
                    sum = T::sum(simd, sum, unsafe { T::load::<S>(task.numbers[at..][..lanes].as_ptr()) });
                }
                for (lane, dw) in self.dw.chunks_exact_mut(self.patch).skip(column).take(lanes).enumerate() {
                    dw[number] = T::lane::<S>(&sum, lane);
                }
            }
        }
    }
}
