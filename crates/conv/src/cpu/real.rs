//! The number types of the kernels, in registers of any width.

use std::ops::Add;

use burn::tensor::Element;
use bytemuck::Pod;
use pulp::{MemMask, Simd};

/// f32 or f64.
pub(super) trait Real: Element + Pod + Default + Add<Output = Self> {
    /// As many numbers as a register holds.
    type Register<S: Simd>: Copy;
    /// Which of a register's numbers are meant.
    type Mask<S: Simd>: Copy;

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
    /// The first `count` numbers of a register.
    fn first<S: Simd>(simd: S, count: usize) -> Self::Mask<S>;

    /// Those of the mask, and zeros.
    ///
    /// # Safety
    /// The numbers of the mask lie at `from`, and are initialised.
    unsafe fn load_masked<S: Simd>(simd: S, mask: Self::Mask<S>, from: *const Self) -> Self::Register<S>;

    /// Those of the mask alone.
    ///
    /// # Safety
    /// The numbers of the mask may be written at `to`.
    unsafe fn store_masked<S: Simd>(simd: S, mask: Self::Mask<S>, to: *mut Self, register: Self::Register<S>);

    /// Which numbers of a register the `left` ones of a run are, where they do not fill it.
    #[inline(always)]
    fn rest<S: Simd>(simd: S, left: usize) -> Option<Self::Mask<S>> {
        (left < Self::lanes::<S>()).then(|| Self::first(simd, left))
    }

    /// A register, or the part of it that the mask means, and zeros.
    ///
    /// # Safety
    /// Those numbers lie at `from`, and are initialised.
    #[inline(always)]
    unsafe fn load_part<S: Simd>(simd: S, mask: Option<Self::Mask<S>>, from: *const Self) -> Self::Register<S> {
        // SAFETY: by the contract.
        unsafe {
            match mask {
                None => Self::load::<S>(from),
                Some(mask) => Self::load_masked(simd, mask, from),
            }
        }
    }

    /// A register, or the part of it that the mask means.
    ///
    /// # Safety
    /// Those numbers may be written at `to`.
    #[inline(always)]
    unsafe fn store_part<S: Simd>(simd: S, mask: Option<Self::Mask<S>>, to: *mut Self, register: Self::Register<S>) {
        // SAFETY: by the contract.
        unsafe {
            match mask {
                None => Self::store::<S>(to, register),
                Some(mask) => Self::store_masked(simd, mask, to, register),
            }
        }
    }

    /// One number of a register.
    #[inline(always)]
    fn lane<S: Simd>(register: &Self::Register<S>, lane: usize) -> Self {
        assert!(lane < Self::lanes::<S>());
        // SAFETY: a register is numbers behind each other, and that is one of them.
        unsafe { (&raw const *register).cast::<Self>().add(lane).read() }
    }

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
    (
        $type:ident, $register:ident, $mask:ident, $splat:ident, $mul_add:ident, $add:ident,
        $between:ident, $load:ident, $store:ident
    ) => {
        impl Real for $type {
            type Register<S: Simd> = S::$register;
            type Mask<S: Simd> = S::$mask;

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
            fn first<S: Simd>(simd: S, count: usize) -> S::$mask {
                simd.$between(0, count as _).mask()
            }

            #[inline(always)]
            unsafe fn load_masked<S: Simd>(simd: S, mask: S::$mask, from: *const Self) -> S::$register {
                // SAFETY: by the contract.
                unsafe { simd.$load(MemMask::new(mask), from) }
            }

            #[inline(always)]
            unsafe fn store_masked<S: Simd>(simd: S, mask: S::$mask, to: *mut Self, register: S::$register) {
                // SAFETY: by the contract.
                unsafe { simd.$store(MemMask::new(mask), to, register) };
            }
        }
    };
}

real!(f32, f32s, m32s, splat_f32s, mul_add_f32s, add_f32s, mask_between_m32s, mask_load_ptr_f32s, mask_store_ptr_f32s);
real!(f64, f64s, m64s, splat_f64s, mul_add_f64s, add_f64s, mask_between_m64s, mask_load_ptr_f64s, mask_store_ptr_f64s);
