//! Mean and variance of a channel from those of its chunks.
//!
//! A chunk is read once: it gives Σd and Σd² of the distances d = x − origin. With m values in the chunk, k of which
//! have the origin for their mean,
//!
//! ```text
//! M2 := Σ(x − mean)² = Σd² − (Σd)²/m,    Σd² ≤ M2·m/k    (Samuelson's inequality)
//! ```
//!
//! so that the subtraction enlarges the errors of the sums at most m/k times, however unlucky the origin. A chunk has
//! 2¹⁷ values at most, in lanes that add 2¹³ of them, and k is 16: M2 errs by 2⁻²⁵ of itself at the very worst, half
//! a rounding of f32. Parts are combined by Chan's formula, which subtracts nothing but means.

use super::number::{Number, Wide};

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

/// The mean of the first 16 of some values, or 0 if it is not finite.
///
/// Distances from it are small where mean ≫ spread, and zero where all values are the same.
pub(super) fn origin<E: Number>(values: impl Iterator<Item = E>) -> f64 {
    let mut values = values.take(16).map(|value| value.widen().f64());
    let first = values.next().unwrap_or(0.0);
    let (mut sum, mut count) = (0.0, 1.0);
    for value in values {
        sum += value - first;
        count += 1.0;
    }
    let mean = first + sum / count;
    if mean.is_finite() { mean } else { 0.0 }
}
