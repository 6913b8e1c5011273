//! The number types of a tensor and of the arithmetic on it.

use burn::tensor::{Element, bf16, f16};

/// An element of x, y, dy and dx.
pub(super) trait Number: Element + bytemuck::Pod {
    /// The type of the arithmetic, and of statistics, γ and β.
    type Wide: Wide;
    fn widen(self) -> Self::Wide;
    fn narrow(wide: Self::Wide) -> Self;
}

/// f32 or f64.
pub(super) trait Wide:
    Number<Wide = Self>
    + PartialOrd
    + std::ops::Add<Output = Self>
    + std::ops::Sub<Output = Self>
    + std::ops::Mul<Output = Self>
{
    const ZERO: Self;
    /// Whether sums kept in f64 are exact, as far as this type can tell.
    const EXACT_SUMS: bool;
    fn f64(self) -> f64;
    /// Rounded to nearest.
    fn from_f64(value: f64) -> Self;
}

macro_rules! number {
    ($type:ty, $wide:ty, |$x:ident| $widen:expr, |$y:ident| $narrow:expr) => {
        impl Number for $type {
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

number!(f32, f32, |x| x, |y| y);
number!(f64, f64, |x| x, |y| y);
number!(f16, f32, |x| x.to_f32(), |y| f16::from_f32(y));
number!(bf16, f32, |x| x.to_f32(), |y| bf16::from_f32(y));

impl Wide for f32 {
    const ZERO: Self = 0.0;
    const EXACT_SUMS: bool = true;
    #[inline(always)]
    fn f64(self) -> f64 {
        f64::from(self)
    }
    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value as Self
    }
}

impl Wide for f64 {
    const ZERO: Self = 0.0;
    const EXACT_SUMS: bool = false;
    #[inline(always)]
    fn f64(self) -> f64 {
        self
    }
    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value
    }
}
