//! Mean and mean square of gradients, of Adam and AdamW: Burn's updates of them, element by element.

use untied_kernels::cpu::Real;

/// What both rules multiply with, as Burn rounds it: in f32, whatever the type of the parameters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Factors {
    pub(super) betas: [f32; 2],
    pub(super) epsilon: f32,
}

impl Factors {
    pub(super) fn new(betas: [f64; 2], epsilon: f64) -> Self {
        Self { betas: betas.map(|beta| beta as f32), epsilon: epsilon as f32 }
    }

    /// 1 − βᵗ of both at step t, counted from 1.
    pub(super) fn corrections(self, time: usize) -> [f32; 2] {
        self.betas.map(|beta| 1.0 - beta.powi(time as i32))
    }
}

/// `m ← β₁·m + (1 − β₁)·g`, `v ← β₂·v + (1 − β₂)·g²`.
#[expect(clippy::inline_always, reason = "part of a loop in wide registers")]
#[inline(always)]
pub(super) fn updated<T: Real>(factors: Factors, gradient: T, [mean, square]: [T; 2]) -> [T; 2] {
    let [beta_1, beta_2] = factors.betas;
    let mean = mean * number(beta_1) + gradient * number(1.0 - beta_1);
    let square = square * number(beta_2) + (gradient * gradient) * number(1.0 - beta_2);
    [mean, square]
}

/// A factor in the type of the parameters.
#[expect(clippy::inline_always, reason = "part of a loop in wide registers")]
#[inline(always)]
pub(super) fn number<T: Real>(value: f32) -> T {
    T::from_f64(f64::from(value))
}

/// √x: f64 rounds the root of an f32 as f32 itself would.
#[expect(clippy::inline_always, reason = "part of a loop in wide registers")]
#[inline(always)]
pub(super) fn root<T: Real>(value: T) -> T {
    T::from_f64(value.f64().sqrt())
}
