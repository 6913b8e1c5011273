//! Filters in the order in which tiles read them.

use pulp::Simd;

use super::dispatch::{Kernel, dispatch};
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
        let mut rows = 1;
        // A single filter, as in depthwise convolutions, is a tile's only row.
        if count > 1 {
            dispatch(TileRows(&mut rows));
        }
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

struct TileRows<'a>(&'a mut usize);

impl Kernel for TileRows<'_> {
    fn run<S: Simd, const ROWS: usize, const COLUMNS: usize, const LONG: usize>(self, _: S) {
        *self.0 = ROWS;
    }
}
