//! What a batch norm by running statistics does to each element of a channel.

use pulp::Simd;

use super::Real;

/// The map x ↦ ((x − mean)/deviation)·gamma + beta of a channel: each operation rounds, in this order, as one of its own.
#[derive(Debug, Clone, Copy)]
pub struct RunningMap<W> {
    mean: W,
    /// √(σ² + ε)
    deviation: W,
    gamma: W,
    beta: W,
}

impl<W: Real> RunningMap<W> {
    /// The map of γ, β, μ and σ². f64 rounds a sum, and a root, of f32 as f32 itself would: twice, to the same.
    #[must_use]
    pub fn new([gamma, beta, mean, var]: [W; 4], epsilon: f64) -> Self {
        Self { mean, deviation: W::from_f64((var + W::from_f64(epsilon)).f64().sqrt()), gamma, beta }
    }

    /// Where it takes x.
    #[inline(always)]
    #[must_use]
    pub fn of(self, x: W) -> W {
        (x - self.mean) / self.deviation * self.gamma + self.beta
    }

    /// Where it takes each lane of x.
    #[inline(always)]
    pub fn of_register<S: Simd>(self, simd: S, x: W::Register<S>) -> W::Register<S> {
        // (An array's `map` would not be inlined everywhere.)
        let (mean, deviation) = (W::splat(simd, self.mean), W::splat(simd, self.deviation));
        let (gamma, beta) = (W::splat(simd, self.gamma), W::splat(simd, self.beta));
        W::plus(simd, W::times(simd, W::over(simd, W::minus(simd, x, mean), deviation), gamma), beta)
    }
}

#[cfg(test)]
mod tests {
    use pulp::WithSimd;

    use super::*;
    use crate::cpu::dispatch;

    /// What becomes of the first lane, rectified.
    struct First<T>(RunningMap<T>, T);

    impl<T: Real> WithSimd for First<T> {
        type Output = T;

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) -> T {
            let y = self.0.of_register(simd, T::splat(simd, self.1));
            T::elements::<S>(&T::relu(simd, y))[0]
        }
    }

    fn registers_round_as_elements_do<T: Real>() {
        let of = |values: [f64; 4]| RunningMap::new(values.map(T::from_f64), 1e-5);
        let map = of([1.3, 0.7, 0.1, 2.9]);
        for x in (-40..40).map(|x| T::from_f64(f64::from(x) / 9.0)) {
            let y = map.of(x).f64();
            assert_eq!(dispatch(First(map, x)).f64().to_bits(), if y <= 0.0 { 0.0 } else { y }.to_bits(), "{x:?}");
        }
        let identity = RunningMap::new([1.0, -0.0, 0.0, 1.0].map(T::from_f64), 0.0);
        let rectified = |x: f64| dispatch(First(identity, T::from_f64(x))).f64();
        assert!(
            rectified(f64::NAN).is_nan() && rectified(-0.0).to_bits() == 0 && rectified(f64::INFINITY).is_infinite()
        );
    }

    #[test]
    fn a_map_of_registers_rounds_as_one_of_elements() {
        registers_round_as_elements_do::<f32>();
        registers_round_as_elements_do::<f64>();
    }
}
