//! Registers of any width, and parts of them.

use bytemuck::Pod;
use pulp::{MemMask, Simd};

/// Type whose elements fill the lanes of registers: f32 or f64.
pub trait Lanes: Pod {
    /// A register full of elements.
    type Register<S: Simd>: Pod;

    /// Some of a register's lanes.
    type Mask<S: Simd>: Copy;

    /// A register with the same element in each lane.
    fn splat<S: Simd>(simd: S, value: Self) -> Self::Register<S>;

    /// a·b + c, rounded once.
    fn mul_add<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>, c: Self::Register<S>)
    -> Self::Register<S>;

    /// a + b.
    fn plus<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>) -> Self::Register<S>;

    /// a − b.
    fn minus<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>) -> Self::Register<S>;

    /// a·b.
    fn times<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>) -> Self::Register<S>;

    /// a/b.
    fn over<S: Simd>(simd: S, a: Self::Register<S>, b: Self::Register<S>) -> Self::Register<S>;

    /// max(a, 0): NaN stays NaN, and −0 becomes 0.
    fn relu<S: Simd>(simd: S, a: Self::Register<S>) -> Self::Register<S>;

    /// Four registers in groups of what has the same lane in each, all groups behind each other: first those of one lane,
    /// then those of another. Which lane comes when, is up to the machine ([`lanes_of_fours`](super::lanes_of_fours)).
    fn by_fours<S: Simd>(simd: S, registers: [Self::Register<S>; 4]) -> [Self::Register<S>; 4];

    /// Mask of the first `count` lanes.
    fn first<S: Simd>(simd: S, count: usize) -> Self::Mask<S>;

    /// Loads the masked lanes, zero elsewhere.
    ///
    /// # Safety
    /// Initialised elements lie at `from` for the lanes of the mask.
    unsafe fn load_masked<S: Simd>(simd: S, mask: Self::Mask<S>, from: *const Self) -> Self::Register<S>;

    /// Stores the masked lanes alone.
    ///
    /// # Safety
    /// The elements at `to` may be written for the lanes of the mask.
    unsafe fn store_masked<S: Simd>(simd: S, mask: Self::Mask<S>, to: *mut Self, register: Self::Register<S>);

    /// Number of lanes of a register.
    #[must_use]
    fn lanes<S: Simd>() -> usize {
        size_of::<Self::Register<S>>() / size_of::<Self>()
    }

    /// Tail mask: the first `left` lanes; `None` for a full register.
    #[inline(always)]
    fn tail<S: Simd>(simd: S, left: usize) -> Option<Self::Mask<S>> {
        if left < Self::lanes::<S>() { Some(Self::first(simd, left)) } else { None }
    }

    /// Loads a full register, or the masked lanes and zero elsewhere.
    ///
    /// # Safety
    /// Initialised elements lie at `from` for those lanes.
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

    /// Stores a full register, or the masked lanes alone.
    ///
    /// # Safety
    /// The elements at `to` may be written for those lanes.
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

    /// Loads a full register.
    ///
    /// # Safety
    /// A register's worth of initialised elements lies at `from`.
    #[inline(always)]
    unsafe fn load<S: Simd>(from: *const Self) -> Self::Register<S> {
        // SAFETY: by the contract; any bits are a register.
        unsafe { from.cast::<Self::Register<S>>().read_unaligned() }
    }

    /// Stores a full register.
    ///
    /// # Safety
    /// A register's worth of elements may be written at `to`.
    #[inline(always)]
    unsafe fn store<S: Simd>(to: *mut Self, register: Self::Register<S>) {
        // SAFETY: by the contract.
        unsafe { to.cast::<Self::Register<S>>().write_unaligned(register) };
    }

    /// Elements of four registers, by fours.
    #[inline(always)]
    fn fours<S: Simd>(registers: &[Self::Register<S>; 4]) -> &[[Self; 4]] {
        bytemuck::cast_slice(registers)
    }

    /// Elements of a register.
    #[inline(always)]
    fn elements<S: Simd>(register: &Self::Register<S>) -> &[Self] {
        bytemuck::cast_slice(std::slice::from_ref(register))
    }
}

macro_rules! lanes {
    (
        $type:ident, $register:ident, $mask:ident, $splat:ident, $mul_add:ident, $add:ident,
        $sub:ident, $mul:ident, $div:ident, $less:ident, $select:ident,
        $interleave:ident, $between:ident, $load:ident, $store:ident
    ) => {
        impl Lanes for $type {
            type Register<S: Simd> = S::$register;
            type Mask<S: Simd> = S::$mask;

            #[inline(always)]
            fn splat<S: Simd>(simd: S, value: Self) -> S::$register {
                simd.$splat(value)
            }

            #[inline(always)]
            fn mul_add<S: Simd>(simd: S, a: S::$register, b: S::$register, c: S::$register) -> S::$register {
                simd.$mul_add(a, b, c)
            }

            #[inline(always)]
            fn plus<S: Simd>(simd: S, a: S::$register, b: S::$register) -> S::$register {
                simd.$add(a, b)
            }

            #[inline(always)]
            fn minus<S: Simd>(simd: S, a: S::$register, b: S::$register) -> S::$register {
                simd.$sub(a, b)
            }

            #[inline(always)]
            fn times<S: Simd>(simd: S, a: S::$register, b: S::$register) -> S::$register {
                simd.$mul(a, b)
            }

            #[inline(always)]
            fn over<S: Simd>(simd: S, a: S::$register, b: S::$register) -> S::$register {
                simd.$div(a, b)
            }

            #[inline(always)]
            fn relu<S: Simd>(simd: S, a: S::$register) -> S::$register {
                let zero = simd.$splat(0.0);
                simd.$select(simd.$less(a, zero), zero, a)
            }

            #[inline(always)]
            fn by_fours<S: Simd>(simd: S, registers: [S::$register; 4]) -> [S::$register; 4] {
                simd.$interleave(registers)
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

#[rustfmt::skip]
lanes!(
    f32, f32s, m32s, splat_f32s, mul_add_f32s, add_f32s,
    sub_f32s, mul_f32s, div_f32s, less_than_or_equal_f32s, select_f32s,
    interleave_shfl_f32s, mask_between_m32s, mask_load_ptr_f32s, mask_store_ptr_f32s
);
#[rustfmt::skip]
lanes!(
    f64, f64s, m64s, splat_f64s, mul_add_f64s, add_f64s,
    sub_f64s, mul_f64s, div_f64s, less_than_or_equal_f64s, select_f64s,
    interleave_shfl_f64s, mask_between_m64s, mask_load_ptr_f64s, mask_store_ptr_f64s
);

#[cfg(test)]
mod tests {
    use pulp::WithSimd;

    use super::*;
    use crate::cpu::{Real, dispatch};

    /// Copies part of a register to memory full of sevens, and tells the number of lanes.
    struct Copy<'a, T>(&'a [T], &'a mut [T]);

    impl<T: Real> WithSimd for Copy<'_, T> {
        type Output = usize;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> usize {
            let mask = T::tail(simd, self.0.len());
            // SAFETY: the mask is as long as the first slice, and the second is longer.
            unsafe { T::store_part(simd, mask, self.1.as_mut_ptr(), T::load_part(simd, mask, self.0.as_ptr())) };
            T::lanes::<S>()
        }
    }

    fn parts_are_copied_alone<T: Real>() {
        let one = T::from_f64(1.0);
        for count in 0..40 {
            let (from, mut to) = (vec![one; count], [T::from_f64(7.0); 64]);
            let lanes = dispatch(Copy(&from, &mut to));
            let copied = to.iter().take_while(|&&value| value == one).count();
            assert_eq!(copied, count.min(lanes));
            assert!(to[copied..].iter().all(|value| value.f64() == 7.0));
            if count == lanes {
                break;
            }
        }
    }

    #[test]
    fn tails_are_copied_alone() {
        parts_are_copied_alone::<f32>();
        parts_are_copied_alone::<f64>();
    }
}
