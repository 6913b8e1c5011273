//! Filters in the order in which tiles read them.

use super::dispatch::Widths;
use super::real::Real;
use super::tile::Rows;

/// The filters of one group in blocks of as many as a tile has rows: `[blocks, numbers of a filter, rows]`.
pub(super) struct Filters<T> {
    blocks: Vec<T>,
    pub(super) count: usize,
    pub(super) length: usize,
    /// Filters of a block.
    pub(super) rows: usize,
}

impl<T: Real> Filters<T> {
    /// Takes each filter's numbers from `number(filter, k)`.
    pub(super) fn new(count: usize, length: usize, number: impl Fn(usize, usize) -> T) -> Self {
        // A single filter, as in depthwise convolutions, is a tile's only row.
        let rows = if count > 1 { Widths::of::<T>().rows } else { 1 };
        let mut blocks = vec![T::default(); count.div_ceil(rows) * rows * length];
        for filter in 0..count {
            let first = filter / rows * rows * length + filter % rows;
            for k in 0..length {
                blocks[first + k * rows] = number(filter, k);
            }
        }
        Self { blocks, count, length, rows }
    }

    pub(super) fn blocks(&self) -> usize {
        self.count.div_ceil(self.rows)
    }

    /// The filters of a block, from number `k` of each on.
    pub(super) fn block(&self, block: usize, k: usize) -> Rows<T> {
        Rows { first: self.blocks[(block * self.length + k) * self.rows..].as_ptr(), row: 1, step: self.rows }
    }
}
