//! The innermost loops: a tile of a matrix product, held in registers.

use pulp::Simd;

use super::real::Real;

/// Where a factor of the rows lies: number `k` of row `i` at `i·row + k·step`.
#[derive(Clone, Copy)]
pub(super) struct Rows<T> {
    pub(super) first: *const T,
    pub(super) row: usize,
    pub(super) step: usize,
}

/// Where the columns lie: number `k` at `k·step`.
#[derive(Clone, Copy)]
pub(super) struct Columns<T> {
    pub(super) first: *const T,
    pub(super) step: usize,
}

/// Writes to the tile `sums [ROWS, COLUMNS registers]`, or adds to it, the product of `rows [ROWS, k]` and
/// `columns [k, COLUMNS registers]`: Σ_k rows[i, k]·columns[k, j], added one k after the other.
///
/// # Safety
/// The three are that large, and nobody else holds `sums`.
#[inline(always)]
pub(super) unsafe fn multiply<S: Simd, T: Real, const ROWS: usize, const COLUMNS: usize>(
    simd: S,
    k: usize,
    rows: Rows<T>,
    columns: Columns<T>,
    sums: *mut T,
    add: bool,
) {
    let lanes = T::lanes::<S>();
    let zero = T::splat(simd, T::default());
    let mut tile = [[zero; COLUMNS]; ROWS];
    // SAFETY: within the three matrices, by the contract.
    unsafe {
        if add {
            for (i, row) in tile.iter_mut().enumerate() {
                for (j, sum) in row.iter_mut().enumerate() {
                    *sum = T::load::<S>(sums.add((i * COLUMNS + j) * lanes));
                }
            }
        }
        for at in 0..k {
            let mut column = [zero; COLUMNS];
            for (j, column) in column.iter_mut().enumerate() {
                *column = T::load::<S>(columns.first.add(at * columns.step + j * lanes));
            }
            for (i, row) in tile.iter_mut().enumerate() {
                let factor = T::splat(simd, *rows.first.add(i * rows.row + at * rows.step));
                for (sum, column) in row.iter_mut().zip(column) {
                    *sum = T::mul_add(simd, factor, column, *sum);
                }
            }
        }
        for (i, row) in tile.iter().enumerate() {
            for (j, sum) in row.iter().enumerate() {
                T::store::<S>(sums.add((i * COLUMNS + j) * lanes), *sum);
            }
        }
    }
}
