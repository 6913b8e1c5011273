//! Work of a unit that the kernels of both directions share: its range of values, and the normalization of a value.
//!
//! In all kernels E is the type of the values and A the type that sums and statistics have.

use burn_cubecl::cubecl;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::cubecl::std::FastDivmod;

/// The input as `[n, channels, size]`, and the parts of a channel; see [`Plan`](super::Plan).
#[derive(CubeType, CubeLaunch)]
pub(super) struct Layout {
    pub(super) channels: usize,
    /// Values per channel.
    pub(super) values: usize,
    pub(super) splits: usize,
    pub(super) size: usize,
    /// Distance of dγ and dβ, in the buffer of their sums.
    pub(super) padded_channels: usize,
    /// Division by `size`.
    by_size: FastDivmod<usize>,
}

/// Values of one unit: from, from + depth, ... below to, in one channel.
#[derive(CubeType)]
pub(super) struct UnitRange {
    pub(super) channel: usize,
    pub(super) split: usize,
    pub(super) from: usize,
    pub(super) to: usize,
    /// Whether this unit writes the result of its (channel, split).
    pub(super) writes: bool,
}

/// Range of this unit; see [`Plan`](super::Plan).
#[cube]
pub(super) fn unit_range(layout: &Layout, #[comptime] width: usize) -> UnitRange {
    let unit = UNIT_POS as usize;
    let lane = unit / width;
    let channel = CUBE_POS / layout.splits * width + unit % width;
    let split = CUBE_POS % layout.splits;
    let chunk = layout.values.div_ceil(layout.splits);
    let exists = channel < layout.channels;
    // Units without a channel have an empty range, but they take part in every barrier.
    let to = select(exists, clamp_max(split * chunk + chunk, layout.values), 0usize);
    UnitRange {
        channel: select(exists, channel, 0usize),
        split,
        from: split * chunk + lane,
        to,
        writes: exists && lane == 0,
    }
}

/// Whether this cube has a channel; the last cubes of a grid may not.
#[cube]
pub(super) fn has_channels(layout: &Layout, #[comptime] width: usize) -> bool {
    CUBE_POS / layout.splits * width < layout.channels
}

/// Offset of value i of a channel in `[n, c, size]`.
#[cube]
pub(super) fn offset(i: usize, channel: usize, layout: &Layout) -> usize {
    let (image, location) = layout.by_size.div_mod(i);
    (image * layout.channels + channel) * layout.size + location
}

/// Mean, scale and shift of a channel.
#[derive(CubeType)]
pub(super) struct Channel<A: Float> {
    pub(super) mean: A,
    pub(super) residual: A,
    pub(super) r: A,
    pub(super) gamma: A,
    pub(super) beta: A,
}

/// x̂ = ((x − μ) − residual)·r.
#[cube]
pub(super) fn x_hat<A: Float>(x: A, of: &Channel<A>) -> A {
    ((x - of.mean) - of.residual) * of.r
}

/// γ·x̂ + β: explicitly fused, so that the backward pass finds the very value of the forward pass, and the ReLU
/// the same mask, whatever the compiler fuses on its own.
#[cube]
pub(super) fn scale_and_shift<A: Float>(x_hat: A, of: &Channel<A>) -> A {
    fma(x_hat, of.gamma, of.beta)
}

/// `value`, or with `relu` 0 where the ReLU's input u is not positive (NaN passes): its output and its gradient.
///
/// NaN is asked for: a driver may take the comparison alone for max(u, 0), which is 0 of NaN; NVIDIA's does.
#[cube]
pub(super) fn gate<A: Float>(value: A, u: A, #[comptime] relu: bool) -> A {
    if comptime!(relu) { select(u > A::new(0.0) || f32::cast_from(u).is_nan(), value, A::new(0.0)) } else { value }
}
