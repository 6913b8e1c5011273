//! Choice of the machine's widest registers at run time.

use std::marker::PhantomData;

use pulp::{Scalar, Simd, WithSimd};

use super::real::Real;

/// A computation in registers, with tiles that fit into as many as the machine has.
pub(super) trait Kernel {
    /// `ROWS × COLUMNS` registers hold sums of a product whose rows are numbers and whose columns are registers;
    /// `LONG × 2` those of one with few columns.
    fn run<S: Simd, const ROWS: usize, const COLUMNS: usize, const LONG: usize>(self, simd: S);
}

struct With<K, const ROWS: usize, const COLUMNS: usize, const LONG: usize>(K);

impl<K: Kernel, const ROWS: usize, const COLUMNS: usize, const LONG: usize> WithSimd for With<K, ROWS, COLUMNS, LONG> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.0.run::<S, ROWS, COLUMNS, LONG>(simd);
    }
}

/// What [`dispatch`] runs kernels with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Widths {
    /// Rows of a tile.
    pub(super) rows: usize,
    /// Numbers of a register.
    pub(super) lanes: usize,
}

impl Widths {
    pub(super) fn of<T: Real>() -> Self {
        let mut widths = Self { rows: 1, lanes: 1 };
        dispatch(Ask::<T>(&mut widths, PhantomData));
        widths
    }
}

struct Ask<'a, T>(&'a mut Widths, PhantomData<T>);

impl<T: Real> Kernel for Ask<'_, T> {
    fn run<S: Simd, const ROWS: usize, const COLUMNS: usize, const LONG: usize>(self, _: S) {
        *self.0 = Widths { rows: ROWS, lanes: T::lanes::<S>() };
    }
}

/// The crate's unit tests run what a machine without wide registers does; those in `tests` what this one does.
pub(super) fn dispatch(kernel: impl Kernel) {
    #[cfg(all(target_arch = "x86_64", not(test)))]
    {
        // 32 registers: 24 for sums.
        if let Some(simd) = pulp::x86::V4::try_new() {
            return Simd::vectorize(simd, With::<_, 8, 3, 12>(kernel));
        }
        // 16 registers: 12 for sums.
        if let Some(simd) = pulp::x86::V3::try_new() {
            return Simd::vectorize(simd, With::<_, 4, 3, 6>(kernel));
        }
    }
    #[cfg(all(target_arch = "aarch64", not(test)))]
    if let Some(simd) = pulp::aarch64::Neon::try_new() {
        return Simd::vectorize(simd, With::<_, 8, 3, 12>(kernel));
    }
    Simd::vectorize(Scalar, With::<_, 4, 3, 6>(kernel));
}
