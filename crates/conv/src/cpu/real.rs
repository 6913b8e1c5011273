//! The number types of the kernels, in registers of any width.

use std::ops::Add;

use burn::tensor::Element;
use bytemuck::Pod;
use pulp::Simd;

/// f32 or f64.
pub(super) trait Real: Element + Pod + Default + Add<Output = Self> {
    /// As many numbers as a register holds.
    type Register<S: Simd>: Copy;

    /// Numbers in a register.
    fn lanes<S: Simd>() -> usize {
        size_of::<Self::Register<S>>() / size_of::<Self>()
    }

    fn f64(self) -> f64;
    fn from_f64(value: f64) -> Self;
    fn splat<S: Simd>(simd: S, value: Self) -> Self::Register<S>;
    /// a·b + c, rounded once.
    fn mul_add<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>, c: Self::Register<S>)
    -> Self::Register<S>;
    fn sum<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>) -> Self::Register<S>;
    /// The numbers, fewer than a register holds, and zeros.
    fn load_some<S: Simd>(simd: S, from: &[Self]) -> Self::Register<S>;
    /// The first numbers, fewer than a register holds.
    fn store_some<S: Simd>(simd: S, to: &mut [Self], register: Self::Register<S>);

    /// # Safety
    /// A register's worth of initialised numbers lies at `from`.
    #[inline(always)]
    unsafe fn load<S: Simd>(from: *const Self) -> Self::Register<S> {
        // SAFETY: by the contract; registers are plain numbers.
        unsafe { from.cast::<Self::Register<S>>().read_unaligned() }
    }

    /// # Safety
    /// A register's worth of numbers may be written at `to`.
    #[inline(always)]
    unsafe fn store<S: Simd>(to: *mut Self, register: Self::Register<S>) {
        // SAFETY: by the contract; registers are plain numbers.
        unsafe { to.cast::<Self::Register<S>>().write_unaligned(register) };
    }
}

macro_rules! real {
    ($type:ident, $register:ident, $splat:ident, $mul_add:ident, $add:ident, $load:ident, $store:ident) => {
        impl Real for $type {
            type Register<S: Simd> = S::$register;

            #[inline(always)]
            fn f64(self) -> f64 {
                self.into()
            }

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as Self
            }

            #[inline(always)]
            fn splat<S: Simd>(simd: S, value: Self) -> S::$register {
                simd.$splat(value)
            }

            #[inline(always)]
            fn mul_add<S: Simd>(simd: S, a: S::$register, b: S::$register, c: S::$register) -> S::$register {
                simd.$mul_add(a, b, c)
            }

            #[inline(always)]
            fn sum<S: Simd>(simd: S, a: S::$register, b: S::$register) -> S::$register {
                simd.$add(a, b)
            }

            #[inline(always)]
            fn load_some<S: Simd>(simd: S, from: &[Self]) -> S::$register {
                simd.$load(from)
            }

            #[inline(always)]
            fn store_some<S: Simd>(simd: S, to: &mut [Self], register: S::$register) {
                simd.$store(to, register);
            }
        }
    };
}

real!(f32, f32s, splat_f32s, mul_add_f32s, add_f32s, partial_load_f32s, partial_store_f32s);
real!(f64, f64s, splat_f64s, mul_add_f64s, add_f64s, partial_load_f64s, partial_store_f64s);
