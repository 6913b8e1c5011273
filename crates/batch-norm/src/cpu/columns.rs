//! Blocks of neighbouring channels, and what each of their columns (channel and location) is mapped by.

use untied_kernels::cpu::Real;

use super::maps::{InputGradientMap, OutputMap};
use super::runs::Runs;

/// Neighbouring channels: n rows, each `channels · s` wide.
#[derive(Clone, Copy)]
pub(super) struct Block {
    pub(super) first: usize,
    pub(super) channels: usize,
    pub(super) s: usize,
    pub(super) rows: Runs,
}

impl Block {
    /// One value per channel → one per column.
    pub(super) fn spread<T: Copy>(&self, per_channel: impl Fn(usize) -> T) -> Vec<T> {
        if self.s == 1 {
            return (0..self.channels).map(per_channel).collect();
        }
        (0..self.channels).flat_map(|channel| std::iter::repeat_n(per_channel(channel), self.s)).collect()
    }

    /// Sums of each channel's columns.
    pub(super) fn gather(&self, columns: &[Vec<f64>; 2]) -> Vec<[f64; 2]> {
        let [a, b] = columns;
        if self.s == 1 {
            return a.iter().zip(b).map(|(&a, &b)| [a, b]).collect();
        }
        a.chunks_exact(self.s).zip(b.chunks_exact(self.s)).map(|(a, b)| [a.iter().sum(), b.iter().sum()]).collect()
    }
}

/// One [`OutputMap`] per column.
pub(super) struct OutputMaps<W> {
    mean: Vec<W>,
    scale: Vec<W>,
    shift: Vec<W>,
}

impl<W: Real> OutputMaps<W> {
    pub(super) fn new(block: &Block, maps: &[OutputMap<W>]) -> Self {
        Self {
            mean: block.spread(|channel| maps[channel].mean),
            scale: block.spread(|channel| maps[channel].scale),
            shift: block.spread(|channel| maps[channel].shift),
        }
    }

    #[inline(always)]
    pub(super) fn columns(&self, columns: usize) -> OutputColumns<'_, W> {
        let Self { mean, scale, shift } = self;
        OutputColumns { mean: &mean[..columns], scale: &scale[..columns], shift: &shift[..columns] }
    }
}

/// The maps of so many columns, as slices of that length: neither where they lie nor how long they are is looked up in a loop
/// over the columns.
#[derive(Clone, Copy)]
pub(super) struct OutputColumns<'m, W> {
    pub(super) mean: &'m [W],
    scale: &'m [W],
    shift: &'m [W],
}

impl<W: Real> OutputColumns<'_, W> {
    #[inline(always)]
    pub(super) fn at(self, column: usize) -> OutputMap<W> {
        OutputMap { mean: self.mean[column], scale: self.scale[column], shift: self.shift[column] }
    }
}

/// One [`InputGradientMap`] per column; mean and scale are those of [`OutputMaps`].
pub(super) struct InputGradientMaps<W> {
    mean_dy: Vec<W>,
    slope: Vec<W>,
    rest: Vec<W>,
}

impl<W: Real> InputGradientMaps<W> {
    pub(super) fn new(block: &Block, maps: &[InputGradientMap<W>]) -> Self {
        Self {
            mean_dy: block.spread(|channel| maps[channel].mean_dy),
            slope: block.spread(|channel| maps[channel].slope),
            rest: block.spread(|channel| maps[channel].rest),
        }
    }

    /// As [`OutputMaps::columns`].
    #[inline(always)]
    pub(super) fn columns(&self, columns: usize) -> InputGradientColumns<'_, W> {
        let Self { mean_dy, slope, rest } = self;
        InputGradientColumns { mean_dy: &mean_dy[..columns], slope: &slope[..columns], rest: &rest[..columns] }
    }
}

/// As [`OutputColumns`].
#[derive(Clone, Copy)]
pub(super) struct InputGradientColumns<'m, W> {
    mean_dy: &'m [W],
    slope: &'m [W],
    rest: &'m [W],
}

impl<W: Real> InputGradientColumns<'_, W> {
    #[inline(always)]
    pub(super) fn at(self, column: usize, output: OutputMap<W>) -> InputGradientMap<W> {
        let OutputMap { mean, scale, .. } = output;
        InputGradientMap {
            mean,
            scale,
            mean_dy: self.mean_dy[column],
            slope: self.slope[column],
            rest: self.rest[column],
        }
    }
}
