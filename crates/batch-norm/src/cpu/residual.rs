//! Kernels with an addition and a ReLU behind the norm, as where a residual block ends: y = max(u + other, 0).
//!
//! Each element goes through the same operations, with the same roundings, as norm, addition and ReLU one after the other.

use untied_kernels::cpu::{Element, Parts, Real, prefetch};
use untied_kernels::vectorized;

use super::arguments::{BackwardArguments, ForwardArguments};
use super::by_channel::{add, chunks, per_channel, statistics};
use super::gradient::{Gradient, write};
use super::maps::{ChannelStatistics, InputGradientMap, OutputMap};
use super::reduce::Sums;
use super::runs::{PIECE, Runs, per_chunk};

/// Writes y; returns the statistics of each channel.
pub(super) fn forward<E: Element>(
    task: &ForwardArguments<E>,
    other: &[E],
    y: &Parts<E>,
) -> Vec<ChannelStatistics<E::Wide>> {
    per_channel(task.dims, |channel| {
        let chunks = chunks(task.dims, channel);
        let statistics = statistics(task, &chunks);
        let map = OutputMap::new(&statistics, task.gamma[channel], task.beta[channel]);
        per_chunk(&chunks, |runs| vectorized!(write_y(task.x, other, runs, map, y)));
        statistics
    })
}

/// Puts ∂J/∂(u + other), which is dy where y > 0, in the place of dy, and writes dx; returns (dγ, dβ) of each channel.
pub(super) fn backward<E: Element>(
    task: &BackwardArguments<E>,
    y: &[E],
    sum: &Gradient<E>,
    dx: &Parts<E>,
) -> Vec<[f64; 2]> {
    per_channel(task.dims, |channel| {
        let chunks = chunks(task.dims, channel);
        let statistics = task.statistics(channel);
        let output = OutputMap::new(&statistics, task.gamma[channel], task.beta[channel]);
        let m = task.dims.values_per_channel() as f64;
        let sums = add(per_chunk(&chunks, |runs| vectorized!(products(task.x, y, runs, output, sum))));
        let (map, parameters) = InputGradientMap::new(&statistics, &output, sums, m);
        per_chunk(&chunks, |runs| vectorized!(write_dx(task.x, runs, map, sum, dx)));
        parameters
    })
}

#[inline(always)]
fn write_y<E: Element>(x: &[E], other: &[E], runs: Runs, map: OutputMap<E::Wide>, y: &Parts<E>) {
    runs.pieces::<E>(
        #[inline(always)]
        |start, len, ahead| {
            let (x, other) = (&x[start..start + len], &other[start..start + len]);
            // SAFETY: the runs of a channel's chunk, which one task alone writes.
            let y = unsafe { y.write(start, len) };
            prefetch(x, ahead);
            prefetch(other, ahead);
            prefetch(y, ahead);
            write(
                y,
                #[inline(always)]
                |at| relu(E::narrow(E::narrow(map.y(x[at].widen())).widen() + other[at].widen())),
            );
        },
    );
}

/// max(sum, 0) as of an operation of its own: NaN stays NaN, and −0 becomes 0.
#[inline(always)]
pub(super) fn relu<E: Element>(sum: E) -> E {
    if sum.widen() <= E::Wide::ZERO { E::default() } else { sum }
}

/// Puts dy where y > 0, and 0 elsewhere, in the place of dy. Σ of it, and Σ of it times (x − mean).
#[inline(always)]
fn products<E: Element>(x: &[E], y: &[E], runs: Runs, map: OutputMap<E::Wide>, sum: &Gradient<E>) -> [f64; 2] {
    let mean = map.mean.f64();
    let mut sums = Sums::ZERO;
    runs.each::<E>(
        #[inline(always)]
        |start, ahead| {
            for from in (start..start + runs.len).step_by(PIECE) {
                let y = &y[from..(from + PIECE).min(start + runs.len)];
                // SAFETY: the runs of a channel's chunk, which one task alone writes.
                unsafe {
                    sum.update(
                        from,
                        y,
                        ahead,
                        #[inline(always)]
                        |_, y, dy| if y.widen() <= E::Wide::ZERO { E::default() } else { dy },
                    );
                }
            }
            // SAFETY: just written, and by this task alone.
            let du = unsafe { sum.written(start, runs.len) };
            sums.add(
                [&x[start..start + runs.len], du],
                ahead,
                #[inline(always)]
                |[x, du]| {
                    let du = du.widen().f64();
                    [du, du * (x.widen().f64() - mean)]
                },
            );
        },
    );
    sums.totals()
}

#[inline(always)]
fn write_dx<E: Element>(x: &[E], runs: Runs, map: InputGradientMap<E::Wide>, sum: &Gradient<E>, dx: &Parts<E>) {
    runs.pieces::<E>(
        #[inline(always)]
        |start, len, ahead| {
            let x = &x[start..start + len];
            // SAFETY: the runs of a channel's chunk, which one task alone writes, and wrote before.
            let (du, dx) = unsafe { (sum.written(start, len), dx.write(start, len)) };
            prefetch(x, ahead);
            prefetch(du, ahead);
            prefetch(dx, ahead);
            write(
                dx,
                #[inline(always)]
                |at| E::narrow(map.dx(x[at].widen(), du[at].widen())),
            );
        },
    );
}
