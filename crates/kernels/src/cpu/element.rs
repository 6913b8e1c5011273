//! Types of elements: those that tensors are stored in, and those of arithmetic.

use std::ops::{Add, Div, Mul, Sub};

use burn::tensor::{Element as BurnElement, bf16, f16};
use bytemuck::Pod;

use super::Lanes;

/// Float type of a tensor's elements: f32, f64, f16 or bf16.
pub trait Element: BurnElement + Pod + PartialOrd + Default {
    /// Type of arithmetic on such elements: f32 for half precision, else the same.
    type Wide: Real;

    /// Exact conversion to the type of arithmetic.
    fn widen(self) -> Self::Wide;

    /// Element nearest to a result.
    fn narrow(wide: Self::Wide) -> Self;
}

/// Float type of arithmetic: f32 or f64.
pub trait Real:
    Element<Wide = Self> + Lanes + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    /// Zero.
    const ZERO: Self;

    /// Whether sums kept in f64 are exact, as far as this type can tell.
    const EXACT_SUMS: bool;

    /// Exact conversion to f64.
    fn f64(self) -> f64;

    /// Value nearest to an f64.
    fn from_f64(value: f64) -> Self;
}

macro_rules! element {
    ($type:ty, $wide:ty, |$x:ident| $widen:expr, |$y:ident| $narrow:expr) => {
        impl Element for $type {
            type Wide = $wide;

            #[inline(always)]
            fn widen(self) -> $wide {
                let $x = self;
                $widen
            }

            #[inline(always)]
            fn narrow($y: $wide) -> Self {
                $narrow
            }
        }
    };
}

element!(f32, f32, |x| x, |y| y);
element!(f64, f64, |x| x, |y| y);
element!(f16, f32, |x| x.to_f32(), |y| f16::from_f32(y));
element!(bf16, f32, |x| x.to_f32(), |y| bf16::from_f32(y));

macro_rules! real {
    ($type:ty, $exact_sums:literal) => {
        impl Real for $type {
            const ZERO: Self = 0.0;
            const EXACT_SUMS: bool = $exact_sums;

            #[inline(always)]
            fn f64(self) -> f64 {
                self.into()
            }

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as Self
            }
        }
    };
}

real!(f32, true);
real!(f64, false);

/// Runs an expression with a name standing for the type of a tensor's elements.
///
/// ```
/// use burn::tensor::DType;
/// use untied_kernels::for_element;
///
/// let bytes = |dtype: DType| for_element!(dtype, E => size_of::<E>());
/// assert_eq!([DType::F64, DType::BF16].map(bytes), [8, 2]);
/// ```
#[macro_export]
macro_rules! for_element {
    ($dtype:expr, $E:ident => $run:expr) => {
        match $dtype {
            $crate::cpu::DType::F32 => {
                type $E = f32;
                $run
            }
            $crate::cpu::DType::F64 => {
                type $E = f64;
                $run
            }
            $crate::cpu::DType::F16 => {
                type $E = $crate::cpu::f16;
                $run
            }
            $crate::cpu::DType::BF16 => {
                type $E = $crate::cpu::bf16;
                $run
            }
            other => unreachable!("a float tensor of type {other:?}"),
        }
    };
}

/// Runs an expression with a name standing for f32 or f64, or another one for other types of elements.
///
/// ```
/// use burn::tensor::DType;
/// use untied_kernels::for_real;
///
/// let bytes = |dtype: DType| for_real!(dtype, T => size_of::<T>(), else 0);
/// assert_eq!([DType::F64, DType::BF16].map(bytes), [8, 0]);
/// ```
#[macro_export]
macro_rules! for_real {
    ($dtype:expr, $T:ident => $run:expr, else $other:expr) => {
        match $dtype {
            $crate::cpu::DType::F32 => {
                type $T = f32;
                $run
            }
            $crate::cpu::DType::F64 => {
                type $T = f64;
                $run
            }
            _ => $other,
        }
    };
}
