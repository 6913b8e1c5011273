//! The micro-kernel: a tile of a matrix product, held in registers.
//!
//! ```text
//!                        columns[k, ·]: NR registers of neighbouring locations
//!                       ┌───────────────┬───────────────┬───────────────┐
//!                       │ l l l l … l l │ l l l l … l l │ l l l l … l l │
//!                       └───────────────┴───────────────┴───────────────┘
//!  rows[·, k]:    ┌───┐ ┌───────────────┬───────────────┬───────────────┐
//!  MR elements,   │ f │ │ sums[0, 0]    │ sums[0, 1]    │ sums[0, 2]    │   sums[i, j] += f·columns[k, j]
//!  each broadcast │ f │ │ sums[1, 0]    │ sums[1, 1]    │ sums[1, 2]    │   one fused multiply-add each
//!  to a register  │ ⋮ │ │      ⋮        │      ⋮        │      ⋮        │
//!                 │ f │ │ sums[MR−1, 0] │ sums[MR−1, 1] │ sums[MR−1, 2] │
//!                 └───┘ └───────────────┴───────────────┴───────────────┘
//! ```
//!
//! With AVX-512 and f32 a tile is 8 × 3 registers, 8 filters × 48 locations: per k three loads and eight broadcasts feed
//! 24 multiply-adds, none of which waits for another. Forward, f is a weight and l an element of a patch.

use std::sync::atomic::{Ordering, compiler_fence};

use pulp::Simd;
use untied_kernels::cpu::{Lanes, Real};

/// A tile of sums.
pub(crate) type Tile<S, T, const MR: usize, const NR: usize> = [[<T as Lanes>::Register<S>; NR]; MR];

/// Factors of the rows of a tile.
pub(crate) trait Factors<T> {
    /// Address of the factor of row `i` and `k`.
    ///
    /// # Safety
    /// There is one.
    unsafe fn at(&self, k: usize, i: usize) -> *const T;
}

/// Factors at regular distances: that of row `i` and `k` lies at `i·row + k·step`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<T> {
    pub(crate) first: *const T,
    pub(crate) row: usize,
    pub(crate) step: usize,
}

impl<T> Factors<T> for Rows<T> {
    #[inline(always)]
    unsafe fn at(&self, k: usize, i: usize) -> *const T {
        // SAFETY: by the contract.
        unsafe { self.first.add(k * self.step + i * self.row) }
    }
}

/// Factors that are read from the image itself, three rows from each base: that of row `i` and `k` is the element
/// `i mod 3` behind `bases[i / 3] + places[k]`. Few addresses serve many rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Triples<'a, T> {
    /// As many as the tallest tile needs.
    pub(crate) bases: [*const T; 4],
    pub(crate) places: &'a [usize],
}

impl<T> Factors<T> for Triples<'_, T> {
    #[inline(always)]
    unsafe fn at(&self, k: usize, i: usize) -> *const T {
        // SAFETY: by the contract.
        unsafe { self.bases[i / 3].add(*self.places.get_unchecked(k)).add(i % 3) }
    }
}

/// Registers that are the columns of a tile.
pub(crate) trait Columns<T> {
    /// Whether registers lie so that reading one again costs nothing.
    const ALIGNED: bool;

    /// Address of the `j`-th register of `k`, of `lanes` elements.
    ///
    /// # Safety
    /// There is one.
    unsafe fn at(&self, k: usize, j: usize, lanes: usize) -> *const T;
}

/// Registers of a packed panel: those of one `k` behind each other, those of the next one `step` elements on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Panel<T> {
    pub(crate) first: *const T,
    pub(crate) step: usize,
}

impl<T> Columns<T> for Panel<T> {
    const ALIGNED: bool = true;

    #[inline(always)]
    unsafe fn at(&self, k: usize, j: usize, lanes: usize) -> *const T {
        // SAFETY: by the contract.
        unsafe { self.first.add(k * self.step + j * lanes) }
    }
}

/// Implicit im2col: registers that are read from the image itself; element (k, j) is at `starts[j] + offsets[k]`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InPlace<'a, T, const NR: usize> {
    pub(crate) starts: [*const T; NR],
    pub(crate) offsets: &'a [usize],
}

impl<T, const NR: usize> Columns<T> for InPlace<'_, T, NR> {
    const ALIGNED: bool = false;

    #[inline(always)]
    unsafe fn at(&self, k: usize, j: usize, _: usize) -> *const T {
        // SAFETY: by the contract.
        unsafe { self.starts[j].add(*self.offsets.get_unchecked(k)) }
    }
}

/// The product of `rows [MR, k]` and `columns [k, NR registers]`: Σ_k rows[i, k]·columns[k, j], added one k after the
/// other, to the tile at `start [MR, NR registers]` or else to zeros.
///
/// # Safety
/// The three are that large.
#[inline(always)]
pub(crate) unsafe fn product<S: Simd, T: Real, C: Columns<T>, const MR: usize, const NR: usize>(
    simd: S,
    k: usize,
    rows: &impl Factors<T>,
    columns: &C,
    start: Option<*const T>,
) -> Tile<S, T, MR, NR> {
    let lanes = T::lanes::<S>();
    let zero = T::splat(simd, T::ZERO);
    // With constant sizes the loops over it unroll, and the whole tile stays in registers.
    let mut tile = [[zero; NR]; MR];
    // Sums, columns and a factor would take all registers, and the compiler then keeps a sum in memory: the last column is
    // read from memory for each factor instead.
    let tight = C::ALIGNED && MR * NR + NR + 1 >= S::REGISTER_COUNT;
    // SAFETY: within the three matrices, by the contract.
    unsafe {
        if let Some(start) = start {
            for (i, row) in tile.iter_mut().enumerate() {
                for (j, sum) in row.iter_mut().enumerate() {
                    *sum = T::load::<S>(start.add((i * NR + j) * lanes));
                }
            }
        }
        for at in 0..k {
            // The columns once, then each factor with all of them.
            let mut column = [zero; NR];
            for (j, column) in column.iter_mut().enumerate() {
                *column = T::load::<S>(columns.at(at, j, lanes));
            }
            for (i, row) in tile.iter_mut().enumerate() {
                let factor = T::splat(simd, *rows.at(at, i));
                if tight && i > 0 {
                    // The compiler forgets what it has loaded.
                    compiler_fence(Ordering::SeqCst);
                    column[NR - 1] = T::load::<S>(columns.at(at, NR - 1, lanes));
                }
                for (sum, column) in row.iter_mut().zip(column) {
                    *sum = T::mul_add(simd, factor, column, *sum);
                }
            }
        }
    }
    tile
}

/// Stores a tile at `to [MR, NR registers]`.
///
/// # Safety
/// There is room, and nobody else holds it.
#[inline(always)]
pub(crate) unsafe fn store<S: Simd, T: Real, const MR: usize, const NR: usize>(tile: Tile<S, T, MR, NR>, to: *mut T) {
    for (i, row) in tile.into_iter().enumerate() {
        for (j, sum) in row.into_iter().enumerate() {
            // SAFETY: by the contract.
            unsafe { T::store::<S>(to.add((i * NR + j) * T::lanes::<S>()), sum) };
        }
    }
}

/// Adds a tile to that at `to [MR, NR registers]`.
///
/// # Safety
/// As [`store`]; there is a tile.
#[inline(always)]
pub(crate) unsafe fn add<S: Simd, T: Real, const MR: usize, const NR: usize>(
    simd: S,
    tile: Tile<S, T, MR, NR>,
    to: *mut T,
) {
    for (i, row) in tile.into_iter().enumerate() {
        for (j, sum) in row.into_iter().enumerate() {
            // SAFETY: by the contract.
            unsafe {
                let to = to.add((i * NR + j) * T::lanes::<S>());
                T::store::<S>(to, T::plus(simd, T::load::<S>(to), sum));
            }
        }
    }
}
