//! The order in which four registers are put together.

use pulp::Simd;

use super::Real;

/// The lanes of the groups that [`Lanes::by_fours`](super::Lanes::by_fours) makes, in their order.
#[inline(always)]
pub fn lanes_of_fours<S: Simd, T: Real>(simd: S) -> Vec<usize> {
    let numbers: Vec<T> = (0..T::lanes::<S>()).map(|lane| T::from_f64(lane as f64)).collect();
    // SAFETY: a register of them.
    let groups = T::by_fours(simd, [unsafe { T::load::<S>(numbers.as_ptr()) }; 4]);
    T::fours::<S>(&groups).iter().map(|lane| lane[0].f64() as usize).collect()
}

#[cfg(test)]
mod tests {
    use std::marker::PhantomData;

    use pulp::WithSimd;

    use super::*;
    use crate::cpu::dispatch;

    /// Puts four registers together, whose elements are 0, 1, …, the first's, and so on.
    struct Fours<T>(PhantomData<T>);

    impl<T: Real> WithSimd for Fours<T> {
        type Output = (Vec<usize>, Vec<[f64; 4]>);

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> Self::Output {
            let lanes = T::lanes::<S>();
            let numbers: Vec<T> = (0..4 * lanes).map(|number| T::from_f64(number as f64)).collect();
            // SAFETY: a register each.
            let registers = [0, 1, 2, 3].map(|i| unsafe { T::load::<S>(numbers[i * lanes..].as_ptr()) });
            let groups = T::by_fours(simd, registers);
            let groups = T::fours::<S>(&groups).iter().map(|group| group.map(T::f64));
            (lanes_of_fours::<S, T>(simd), groups.collect())
        }
    }

    fn groups_hold_a_lane_of_each<T: Real>() {
        let (lanes, groups) = dispatch(Fours::<T>(PhantomData));
        let count = lanes.len();
        let expected = lanes.iter().map(|lane| [0, 1, 2, 3].map(|i| (i * count + lane) as f64));
        assert_eq!(groups, expected.collect::<Vec<_>>());
        let mut sorted = lanes;
        sorted.sort_unstable();
        assert_eq!(sorted, (0..count).collect::<Vec<_>>());
    }

    #[test]
    fn four_registers_are_put_together_by_lanes() {
        groups_hold_a_lane_of_each::<f32>();
        groups_hold_a_lane_of_each::<f64>();
    }
}
