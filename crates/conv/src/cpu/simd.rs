//! Register tiles that fit the machine.

use std::marker::PhantomData;

use pulp::{Simd, WithSimd};
use untied_kernels::cpu::{Real, dispatch};

/// A computation in register tiles, as large as the machine's registers allow.
///
/// A micro-kernel keeps a tile of `MR × NR` registers of sums: MR rows, which are single elements, and NR columns, which
/// are registers. Where there are few columns, it is `MR_TALL × 2` or `MR_TALL × 1`.
pub(super) trait Kernel {
    fn run<S: Simd, const MR: usize, const NR: usize, const MR_TALL: usize>(self, simd: S);
}

/// Runs a kernel in the machine's widest registers.
pub(super) fn run(kernel: impl Kernel) {
    dispatch(Tiled(kernel));
}

struct Tiled<K>(K);

impl<K: Kernel> WithSimd for Tiled<K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // Sums take three quarters of the registers; the others hold a row of columns and a factor.
        if S::REGISTER_COUNT >= 32 {
            self.0.run::<S, 8, 3, 12>(simd);
        } else {
            self.0.run::<S, 4, 3, 6>(simd);
        }
    }
}

/// Sizes of the tiles that [`run`] runs kernels with.
#[derive(Debug, Clone, Copy)]
pub(super) struct TileSizes {
    /// MR.
    pub(super) rows: usize,
    /// `MR_TALL`.
    pub(super) tall: usize,
    /// Elements of a register.
    pub(super) lanes: usize,
}

impl TileSizes {
    pub(super) fn of<T: Real>() -> Self {
        let mut sizes = Self { rows: 1, tall: 1, lanes: 1 };
        run(Ask::<T>(&mut sizes, PhantomData));
        sizes
    }
}

struct Ask<'a, T>(&'a mut TileSizes, PhantomData<T>);

impl<T: Real> Kernel for Ask<'_, T> {
    fn run<S: Simd, const MR: usize, const NR: usize, const MR_TALL: usize>(self, _: S) {
        *self.0 = TileSizes { rows: MR, tall: MR_TALL, lanes: T::lanes::<S>() };
    }
}
