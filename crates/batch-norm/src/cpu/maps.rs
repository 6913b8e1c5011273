//! Both passes as one affine map per channel: what is left to do for an element once the sums are known.

use untied_kernels::cpu::{Element, Real};

/// Column of the statistics that belongs to one channel: see [`Row`](crate::Row).
#[derive(Debug, Clone, Copy)]
pub(super) struct ChannelStatistics<W> {
    pub(super) mean: W,
    pub(super) residual: W,
    pub(super) var: W,
    pub(super) r: W,
}

impl<W: Real> ChannelStatistics<W> {
    /// From the rounded mean, what rounding took from it, and σ².
    pub(super) fn new(mean: W, residual: f64, var: f64, epsilon: f64) -> Self {
        // Rounding may leave a tiny negative variance; NaN stays NaN.
        let var = if var < 0.0 { 0.0 } else { var };
        Self {
            mean,
            residual: W::from_f64(residual),
            var: W::from_f64(var),
            r: W::from_f64((var + epsilon).sqrt().recip()),
        }
    }

    /// From the rounded mean, and the means of the distances from it and of their squares.
    pub(super) fn about(mean: W, [residual, mean_square]: [f64; 2], epsilon: f64) -> Self {
        Self::new(mean, residual, mean_square - residual * residual, epsilon)
    }
}

/// y = (x − mean)·scale + shift, where the residual of the mean is part of the shift.
#[derive(Debug, Clone, Copy)]
pub(super) struct OutputMap<W> {
    pub(super) mean: W,
    pub(super) scale: W,
    pub(super) shift: W,
}

impl<W: Real> OutputMap<W> {
    pub(super) fn new(statistics: &ChannelStatistics<W>, gamma: W, beta: W) -> Self {
        let scale = W::from_f64(gamma.f64() * statistics.r.f64());
        let shift = W::from_f64(beta.f64() - statistics.residual.f64() * scale.f64());
        Self { mean: statistics.mean, scale, shift }
    }

    #[inline(always)]
    pub(super) fn y(self, x: W) -> W {
        (x - self.mean) * self.scale + self.shift
    }
}

/// max(y, 0), where NaN stays NaN.
#[inline(always)]
pub(super) fn relu<W: Real>(y: W) -> W {
    if y < W::ZERO { W::ZERO } else { y }
}

/// The gradient of [`relu`], given what it was given: 0 too where rounding y to its type gave 0.
#[inline(always)]
pub(super) fn relu_backward<E: Element>(u: E::Wide, dy: E::Wide) -> E::Wide {
    if E::narrow(u).widen() <= E::Wide::ZERO { E::Wide::ZERO } else { dy }
}

/// dx = scale·((dy − mean_dy) − ((x − mean)·slope + rest)).
///
/// It is the closed form of [`backward`](crate::backward) with slope = r·mean(dy·x̂); what rounding took from the
/// means of x and of dy goes into the rest, so that Σ dx stays at round-off.
#[derive(Debug, Clone, Copy)]
pub(super) struct InputGradientMap<W> {
    pub(super) mean: W,
    pub(super) scale: W,
    pub(super) mean_dy: W,
    pub(super) slope: W,
    pub(super) rest: W,
}

impl<W: Real> InputGradientMap<W> {
    /// From Σdy and Σdy·(x − mean): the map, and (dγ, dβ).
    pub(super) fn new(
        statistics: &ChannelStatistics<W>,
        output: &OutputMap<W>,
        sums: [f64; 2],
        m: f64,
    ) -> (Self, [f64; 2]) {
        let (residual, r) = (statistics.residual.f64(), statistics.r.f64());
        let [dbeta, products] = sums;
        let dgamma = (products - residual * dbeta) * r;
        let mean_dy = dbeta / m;
        let rounded = W::from_f64(mean_dy);
        let slope = dgamma / m * r;
        let rest = (mean_dy - rounded.f64()) - residual * slope;
        let map = Self {
            mean: statistics.mean,
            scale: output.scale,
            mean_dy: rounded,
            slope: W::from_f64(slope),
            rest: W::from_f64(rest),
        };
        (map, [dgamma, dbeta])
    }

    #[inline(always)]
    pub(super) fn dx(self, x: W, dy: W) -> W {
        self.scale * ((dy - self.mean_dy) - ((x - self.mean) * self.slope + self.rest))
    }
}
