//! Sums of few terms.

use std::ops::Add;

use pulp::Simd;

use super::Real;

/// Sum of the elements, halves on halves: rounding grows with the logarithm of their number alone. Their number is a
/// power of two, and they are left as the sums on the way.
///
/// # Panics
/// If there is none.
#[inline(always)]
pub fn tree_sum<T: Copy + Add<Output = T>>(lanes: &mut [T]) -> T {
    let mut half = lanes.len();
    while half > 1 {
        half /= 2;
        for lane in 0..half {
            lanes[lane] = lanes[lane] + lanes[lane + half];
        }
    }
    lanes[0]
}

/// Sum of a register's lanes, halves on halves.
#[inline(always)]
#[must_use]
pub fn sum_of_lanes<S: Simd, T: Real>(mut register: T::Register<S>) -> T {
    tree_sum(bytemuck::cast_slice_mut(std::slice::from_mut(&mut register)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_added_to_halves() {
        assert_eq!(tree_sum(&mut [3.0]), 3.0);
        // (2⁵³ + 1) + (1 − 2⁵³): the first one is lost beside 2⁵³.
        assert_eq!(tree_sum(&mut [2f64.powi(53), 1.0, 1.0, -2f64.powi(53)]), 1.0);
        // (2⁵³ − 2⁵³) + (1 + 1).
        assert_eq!(tree_sum(&mut [2f64.powi(53), 1.0, -2f64.powi(53), 1.0]), 2.0);
    }
}
