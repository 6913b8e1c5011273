//! Weights in the order in which the micro-kernel reads them.

use rayon::prelude::*;
use untied_kernels::cpu::Real;

use super::microkernel::Rows;
use crate::cpu::simd::TileSizes;

/// Elements of a patch that are multiplied at once, at most, so that those of a tile's columns stay in the nearest cache while
/// all filters take them in.
const DEPTH: usize = 160;

/// Weights that are worth a task of their own.
const TASK: usize = 1 << 15;

/// The filters of one group in blocks of as many as a tile has rows: `[blocks, elements of a filter, rows]`.
pub(crate) struct PackedWeights<T> {
    blocks: Vec<T>,
    /// Number of filters.
    pub(crate) count: usize,
    /// Elements of a filter.
    pub(crate) length: usize,
    /// Filters of a block.
    pub(crate) rows: usize,
}

impl<T: Real> PackedWeights<T> {
    /// Packs `weight(filter, k)`.
    pub(crate) fn new(count: usize, length: usize, weight: impl Fn(usize, usize) -> T + Sync) -> Self {
        // A single filter, as in depthwise convolutions, is a tile's only row.
        let rows = if count > 1 { TileSizes::of::<T>().rows } else { 1 };
        // Rows beyond the last filter stay zero: their products are computed, and not written.
        let mut blocks = vec![T::ZERO; count.div_ceil(rows) * rows * length];
        let fill = |(block, elements): (usize, &mut [T])| {
            let first = block * rows;
            for (k, elements) in elements.chunks_exact_mut(rows).enumerate() {
                for (filter, element) in (first..count).zip(elements) {
                    *element = weight(filter, k);
                }
            }
        };
        let block = (rows * length).max(1);
        if blocks.len() < TASK {
            blocks.chunks_exact_mut(block).enumerate().for_each(fill);
        } else {
            blocks.par_chunks_exact_mut(block).enumerate().with_min_len(TASK.div_ceil(block)).for_each(fill);
        }
        Self { blocks, count, length, rows }
    }

    /// Elements of a patch that are multiplied at once: long ones are cut into parts of about one size.
    pub(crate) fn depth(&self) -> usize {
        self.length.div_ceil(self.length.div_ceil(DEPTH).max(1)).max(1)
    }

    /// Multiplications for a location, and as much for writing as for one more element.
    pub(crate) fn work(&self) -> usize {
        self.count * (self.length + 1)
    }

    /// The elements of the only filter.
    pub(crate) fn single(&self) -> &[T] {
        &self.blocks
    }

    pub(crate) fn blocks(&self) -> usize {
        self.count.div_ceil(self.rows)
    }

    /// The filters of a block, from element `k` of each on.
    pub(crate) fn block(&self, block: usize, k: usize) -> Rows<T> {
        Rows { first: self.blocks[(block * self.length + k) * self.rows..].as_ptr(), row: 1, step: self.rows }
    }
}
