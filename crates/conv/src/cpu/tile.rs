//! The innermost loops: a tile of a matrix product, held in registers.

use pulp::Simd;

use super::real::Real;

/// The numbers by which the rows of a tile are multiplied: that of row `i` and `k` lies at `i·row + k·step`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rows<T> {
    pub(super) first: *const T,
    pub(super) row: usize,
    pub(super) step: usize,
}

impl<T> Rows<T> {
    #[inline(always)]
    unsafe fn at(&self, k: usize, i: usize) -> *const T {
        // SAFETY: by the contract of `multiply`.
        unsafe { self.first.add(k * self.step + i * self.row) }
    }
}

/// The registers that are the columns of a tile.
pub(super) trait Columns<T> {
    /// Where the `j`-th register of `k` lies, of `lanes` numbers.
    ///
    /// # Safety
    /// There is one.
    unsafe fn at(&self, k: usize, j: usize, lanes: usize) -> *const T;
}

/// Registers of a matrix: those of one `k` behind each other, those of the next one `step` numbers on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Matrix<T> {
    pub(super) first: *const T,
    pub(super) step: usize,
}

impl<T> Columns<T> for Matrix<T> {
    #[inline(always)]
    unsafe fn at(&self, k: usize, j: usize, lanes: usize) -> *const T {
        // SAFETY: by the contract.
        unsafe { self.first.add(k * self.step + j * lanes) }
    }
}

/// Registers each of which has a place of its own, and for `k` lies `offsets[k]` numbers on.
#[derive(Debug, Clone, Copy)]
pub(super) struct InPlace<'a, T, const COLUMNS: usize> {
    pub(super) places: [*const T; COLUMNS],
    pub(super) offsets: &'a [usize],
}

impl<T, const COLUMNS: usize> Columns<T> for InPlace<'_, T, COLUMNS> {
    #[inline(always)]
    unsafe fn at(&self, k: usize, j: usize, _: usize) -> *const T {
        // SAFETY: by the contract.
        unsafe { self.places[j].add(*self.offsets.get_unchecked(k)) }
    }
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
    columns: &impl Columns<T>,
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
                *column = T::load::<S>(columns.at(at, j, lanes));
            }
            for (i, row) in tile.iter_mut().enumerate() {
                let factor = T::splat(simd, *rows.at(at, i));
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
