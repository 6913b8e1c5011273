//! Forward-mode derivatives: exact, and independent of any derivation in the crate.

use std::ops::{Add, Div, Mul, Sub};

/// A number and its derivative along one direction.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dual {
    pub(crate) value: f64,
    pub(crate) slope: f64,
}

impl Dual {
    pub(crate) fn constant(value: f64) -> Self {
        Self { value, slope: 0.0 }
    }

    pub(crate) fn sqrt(self) -> Self {
        let value = self.value.sqrt();
        Self { value, slope: self.slope / (2.0 * value) }
    }
}

impl Add for Dual {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self { value: self.value + other.value, slope: self.slope + other.slope }
    }
}

impl Sub for Dual {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self { value: self.value - other.value, slope: self.slope - other.slope }
    }
}

impl Mul for Dual {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self { value: self.value * other.value, slope: self.slope * other.value + self.value * other.slope }
    }
}

impl Div for Dual {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let value = self.value / other.value;
        Self { value, slope: (self.slope - value * other.slope) / other.value }
    }
}

impl std::iter::Sum for Dual {
    fn sum<I: Iterator<Item = Self>>(duals: I) -> Self {
        duals.fold(Self::constant(0.0), Self::add)
    }
}
