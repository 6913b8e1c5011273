//! Arguments of both passes, contiguous in memory.

use burn::backend::flex::FlexTensor;
use untied_kernels::cpu::Element;

use super::maps::ChannelStatistics;

/// `[n, c, s]`: images, channels, locations.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dims {
    pub(super) n: usize,
    pub(super) c: usize,
    pub(super) s: usize,
}

impl Dims {
    pub(super) fn of(x: &FlexTensor) -> Self {
        let shape = x.layout().shape();
        let (n, c) = (shape[0], shape[1]);
        let s = shape[2..].iter().product();
        // The images of a single channel lie behind each other: one long row.
        if c == 1 { Self { n: 1, c, s: n * s } } else { Self { n, c, s } }
    }

    pub(super) fn values_per_channel(self) -> usize {
        self.n * self.s
    }

    /// Whether the calling thread does it alone.
    pub(super) fn is_small(self) -> bool {
        self.c * self.values_per_channel() <= 1 << 15
    }

    /// Whether rows are too short to be worth a loop of their own.
    pub(super) fn has_short_rows(self) -> bool {
        self.s < 16
    }
}

/// A forward pass over a contiguous x.
pub(super) struct ForwardArguments<'a, E: Element> {
    pub(super) x: &'a [E],
    pub(super) dims: Dims,
    pub(super) gamma: &'a [E::Wide],
    pub(super) beta: &'a [E::Wide],
    pub(super) epsilon: f64,
}

/// A backward pass over contiguous x and dy.
pub(super) struct BackwardArguments<'a, E: Element> {
    pub(super) x: &'a [E],
    pub(super) dims: Dims,
    pub(super) gamma: &'a [E::Wide],
    pub(super) beta: &'a [E::Wide],
    /// `[4, c]`
    pub(super) statistics: &'a [E::Wide],
}

impl<E: Element> BackwardArguments<'_, E> {
    pub(super) fn statistics(&self, channel: usize) -> ChannelStatistics<E::Wide> {
        let row = |row: usize| self.statistics[row * self.dims.c + channel];
        ChannelStatistics { mean: row(0), residual: row(1), var: row(2), r: row(3) }
    }
}
