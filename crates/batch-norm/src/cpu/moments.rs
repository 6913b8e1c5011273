//! Mean and variance of a channel from those of its chunks.
//!
//! A chunk is read once: it gives Σd and Σd² of the distances d = x − origin. With m values in the chunk, k of which
//! have the origin for their mean,
//!
//! ```text
//! M2 := Σ(x − mean)² = Σd² − (Σd)²/m,    Σd² ≤ M2·m/k    (Samuelson's inequality)
//! ```
//!
//! so that the subtraction enlarges the errors of the sums at most m/k times, however unlucky the origin. With k = 16,
//! and chunks that add no more than 2³⁰/m values one after the other, M2 errs by 3·2³⁰/16 roundings of f64 at the very
//! worst: 2⁻²⁵ of itself, half a rounding of f32. Parts are combined by Chan's formula, which subtracts only means.

/// Number, mean and M2 of some values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moments {
    count: f64,
    pub(super) mean: f64,
    m2: f64,
}

impl Moments {
    /// From Σd and Σd² of `count` values' distances d from the origin.
    pub(super) fn about(origin: f64, count: usize, [sum, squares]: [f64; 2]) -> Self {
        let count = count as f64;
        let distance = sum / count;
        Self { count, mean: origin + distance, m2: squares - distance * sum }
    }

    /// Those of both together.
    pub(super) fn join(self, other: Self) -> Self {
        let count = self.count + other.count;
        let share = other.count / count;
        let distance = other.mean - self.mean;
        Self {
            count,
            mean: self.mean + distance * share,
            m2: self.m2 + other.m2 + distance * distance * self.count * share,
        }
    }

    /// σ², biased.
    pub(super) fn var(self) -> f64 {
        self.m2 / self.count
    }
}

/// The mean of the first values of a chunk, from one of them and Σ(x − first); 0 if it is not finite.
///
/// Distances from it are small where mean ≫ spread, and zero where all values are the same.
pub(super) fn origin(first: f64, sum: f64, count: usize) -> f64 {
    let mean = first + sum / count as f64;
    if mean.is_finite() { mean } else { 0.0 }
}
