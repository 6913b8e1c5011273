//! Kernels with a ReLU and 2×2 max pooling behind the norm: what they rectify stays in the cache.
//!
//! Each element goes through the same operations, with the same roundings, as the three one after the other.

use untied_kernels::cpu::pooling::{Planes, pool, unpool};
use untied_kernels::cpu::{Element, Parts, Real, prefetch};
use untied_kernels::vectorized;

use super::arguments::{BackwardArguments, Dims, ForwardArguments};
use super::by_channel::{add, chunks, per_channel, statistics, write_dx};
use super::gradient::{Gradient, replace};
use super::maps::{ChannelStatistics, InputGradientMap, OutputMap, relu};
use super::reduce::Sums;
use super::runs::{CHUNK, PIECE, Runs, per_chunk};

/// Whether the kernels take planes of these sizes: those that [`by_channel`](super::by_channel) sweeps whole.
pub(super) fn fits(dims: Dims, planes: Planes) -> bool {
    !dims.has_short_rows() && dims.s == planes.size() && dims.s < CHUNK && planes.pooled().size() > 0
}

/// Writes the pooled y; returns the statistics of each channel.
pub(super) fn forward<E: Element>(
    task: &ForwardArguments<E>,
    planes: Planes,
    y: &Parts<E>,
) -> Vec<ChannelStatistics<E::Wide>> {
    per_channel(task.dims, |channel| {
        let chunks = chunks(task.dims, channel);
        let statistics = statistics(task, &chunks);
        let map = OutputMap::new(&statistics, task.gamma[channel], task.beta[channel]);
        per_chunk(&chunks, |runs| vectorized!(write_y(task.x, runs, map, planes, y)));
        statistics
    })
}

/// Writes dx, given the gradient of the pooled y; returns (dγ, dβ) of each channel.
pub(super) fn backward<E: Element>(
    task: &BackwardArguments<E>,
    planes: Planes,
    dy: &[E],
    gradient: &Gradient<E>,
) -> Vec<[f64; 2]> {
    per_channel(task.dims, |channel| {
        let chunks = chunks(task.dims, channel);
        let statistics = task.statistics(channel);
        let output = OutputMap::new(&statistics, task.gamma[channel], task.beta[channel]);
        let m = task.dims.values_per_channel() as f64;
        let sums = add(per_chunk(&chunks, |runs| vectorized!(products(task.x, runs, output, planes, dy, gradient))));
        let (map, parameters) = InputGradientMap::new(&statistics, &output, sums, m);
        per_chunk(&chunks, |runs| vectorized!(write_dx::<E, false>(task.x, runs, map, output, gradient)));
        parameters
    })
}

/// max(u, 0) of all of x, again, element by element: for planes that do not fit.
pub(super) fn rectified<E: Element>(task: &BackwardArguments<E>) -> Vec<E> {
    let Dims { c, s, .. } = task.dims;
    let channels: Vec<_> = (0..c)
        .map(|channel| OutputMap::new(&task.statistics(channel), task.gamma[channel], task.beta[channel]))
        .collect();
    let y = |(at, x): (usize, &E)| E::narrow(relu(channels[at / s % c].y(x.widen())));
    task.x.iter().enumerate().map(y).collect()
}

#[inline(always)]
fn write_y<E: Element>(x: &[E], runs: Runs, map: OutputMap<E::Wide>, planes: Planes, y: &Parts<E>) {
    let pooled = planes.pooled().size();
    let mut plane = vec![E::default(); runs.len];
    runs.each::<E>(
        #[inline(always)]
        |start, ahead| {
            replace_by(&mut plane, &x[start..start + runs.len], map, ahead);
            // SAFETY: the planes of a channel's chunk, which one task alone writes.
            pool(&plane, unsafe { y.write(start / runs.len * pooled, pooled) }, planes);
        },
    );
}

/// max(u, 0) of a plane.
#[inline(always)]
fn replace_by<E: Element>(plane: &mut [E], x: &[E], map: OutputMap<E::Wide>, ahead: usize) {
    for from in (0..x.len()).step_by(PIECE) {
        let to = (from + PIECE).min(x.len());
        let x = &x[from..to];
        prefetch(x, ahead);
        replace(
            &mut plane[from..to],
            #[inline(always)]
            |at, _| E::narrow(relu(map.y(x[at].widen()))),
        );
    }
}

/// Puts ∂J/∂u in the place of dx: dy at the first maximum of each window, if it is more than 0. Σ of it, and Σ of it times
/// (x − mean).
#[inline(always)]
fn products<E: Element>(
    x: &[E],
    runs: Runs,
    map: OutputMap<E::Wide>,
    planes: Planes,
    dy: &[E],
    gradient: &Gradient<E>,
) -> [f64; 2] {
    let (mean, pooled) = (map.mean.f64(), planes.pooled().size());
    let mut sums = Sums::ZERO;
    let mut plane = vec![E::default(); runs.len];
    runs.each::<E>(
        #[inline(always)]
        |start, ahead| {
            let x = &x[start..start + runs.len];
            replace_by(&mut plane, x, map, ahead);
            let dy = &dy[start / runs.len * pooled..][..pooled];
            // SAFETY: the planes of a channel's chunk, which one task alone writes.
            let du = unsafe {
                unpool(&plane, dy, gradient.put(start, runs.len), planes);
                gradient.change(start, runs.len)
            };
            let plane = &plane[..du.len()];
            replace(
                du,
                #[inline(always)]
                |at, du| if plane[at].widen() <= E::Wide::ZERO { E::default() } else { du },
            );
            sums.add(
                [x, du],
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
