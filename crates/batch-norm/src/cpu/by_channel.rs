//! Kernels for many locations: one channel at a time, whose runs of memory are swept by wide registers.

use rayon::prelude::*;
use untied_kernels::cpu::{Element, Parts, Real, prefetch};
use untied_kernels::vectorized;

use super::arguments::{BackwardArguments, Dims, ForwardArguments};
use super::gradient::{Gradient, write};
use super::maps::{ChannelStatistics, InputGradientMap, OutputMap, relu, relu_backward};
use super::moments::{Moments, origin};
use super::reduce::{LANES, Sums};
use super::runs::{Runs, per_chunk};

/// Writes y, behind a ReLU with `RELU`; returns the statistics of each channel.
pub(super) fn forward<E: Element, const RELU: bool>(
    task: &ForwardArguments<E>,
    y: &Parts<E>,
) -> Vec<ChannelStatistics<E::Wide>> {
    per_channel(task.dims, |channel| {
        let chunks = chunks(task.dims, channel);
        let statistics = statistics(task, &chunks);
        let map = OutputMap::new(&statistics, task.gamma[channel], task.beta[channel]);
        per_chunk(&chunks, |runs| vectorized!(write_y::<E, RELU>(task.x, runs, map, y)));
        statistics
    })
}

pub(super) fn statistics<E: Element>(task: &ForwardArguments<E>, chunks: &[Runs]) -> ChannelStatistics<E::Wide> {
    let moments = per_chunk(chunks, |runs| {
        let firsts = Runs { len: runs.len.min(LANES), count: 1, ..runs };
        let first = task.x[runs.start].widen().f64();
        let [sum, _] = vectorized!(deviations(task.x, firsts, first));
        let origin = origin(first, sum, firsts.len);
        Moments::about(origin, runs.elements(), vectorized!(deviations(task.x, runs, origin)))
    });
    let moments = moments.into_iter().reduce(Moments::join).expect("a chunk");
    let mean = E::Wide::from_f64(moments.mean);
    if E::Wide::EXACT_SUMS {
        return ChannelStatistics::new(mean, moments.mean - mean.f64(), moments.var(), task.epsilon);
    }
    // f64 is wide enough for the sums of any narrower type; its own mean may be off by a rounding or more.
    let sums = add(per_chunk(chunks, |runs| vectorized!(deviations(task.x, runs, mean.f64()))));
    ChannelStatistics::about(mean, sums.map(|sum| sum / task.dims.values_per_channel() as f64), task.epsilon)
}

/// Writes dx, where y was behind a ReLU with `RELU`; returns (dγ, dβ) of each channel.
pub(super) fn backward<E: Element, const RELU: bool>(
    task: &BackwardArguments<E>,
    gradient: &Gradient<E>,
) -> Vec<[f64; 2]> {
    per_channel(task.dims, |channel| {
        let chunks = chunks(task.dims, channel);
        let statistics = task.statistics(channel);
        let output = OutputMap::new(&statistics, task.gamma[channel], task.beta[channel]);
        let m = task.dims.values_per_channel() as f64;
        let sums = add(per_chunk(&chunks, |runs| vectorized!(products::<E, RELU>(task.x, runs, output, gradient))));
        let (map, parameters) = InputGradientMap::new(&statistics, &output, sums, m);
        per_chunk(&chunks, |runs| vectorized!(write_dx::<E, RELU>(task.x, runs, map, output, gradient)));
        parameters
    })
}

/// Results of every channel, in parallel where it pays.
pub(super) fn per_channel<T: Send>(dims: Dims, run: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    if dims.is_small() {
        return (0..dims.c).map(run).collect();
    }
    (0..dims.c).into_par_iter().map(run).collect()
}

pub(super) fn chunks(Dims { n, c, s }: Dims, channel: usize) -> Vec<Runs> {
    Runs { start: channel * s, len: s, stride: c * s, count: n }.chunks()
}

/// Sums of all chunks, added in their order.
pub(super) fn add(sums: Vec<[f64; 2]>) -> [f64; 2] {
    sums.into_iter().fold([0.0; 2], |a, b| [a[0] + b[0], a[1] + b[1]])
}

/// Σd and Σd² of the distances d = x − origin.
#[inline(always)]
fn deviations<E: Element>(x: &[E], runs: Runs, origin: f64) -> [f64; 2] {
    let mut sums = Sums::ZERO;
    runs.each::<E>(
        #[inline(always)]
        |start, ahead| {
            sums.add(
                [&x[start..start + runs.len]],
                ahead,
                #[inline(always)]
                |[x]| {
                    let distance = x.widen().f64() - origin;
                    [distance, distance * distance]
                },
            );
        },
    );
    sums.totals()
}

#[inline(always)]
fn write_y<E: Element, const RELU: bool>(x: &[E], runs: Runs, map: OutputMap<E::Wide>, y: &Parts<E>) {
    runs.pieces::<E>(
        #[inline(always)]
        |start, len, ahead| {
            let x = &x[start..start + len];
            // SAFETY: the runs of a channel's chunk, which one task alone writes.
            let y = unsafe { y.write(start, len) };
            prefetch(x, ahead);
            prefetch(y, ahead);
            write(
                y,
                #[inline(always)]
                |at| {
                    let u = map.y(x[at].widen());
                    E::narrow(if RELU { relu(u) } else { u })
                },
            );
        },
    );
}

/// Σdu and Σdu·(x − mean), with du = dy, or with `RELU` dy where y > 0.
#[inline(always)]
fn products<E: Element, const RELU: bool>(
    x: &[E],
    runs: Runs,
    map: OutputMap<E::Wide>,
    gradient: &Gradient<E>,
) -> [f64; 2] {
    let mean = map.mean.f64();
    let mut sums = Sums::ZERO;
    runs.each::<E>(
        #[inline(always)]
        |start, ahead| {
            // SAFETY: a channel's dx is written after all its sums are known, by the task that asked for them.
            let dy = unsafe { gradient.dy(start, runs.len) };
            sums.add(
                [&x[start..start + runs.len], dy],
                ahead,
                #[inline(always)]
                |[x, dy]| {
                    let (x, dy) = (x.widen(), dy.widen());
                    let du = if RELU { relu_backward::<E>(map.y(x), dy) } else { dy }.f64();
                    [du, du * (x.f64() - mean)]
                },
            );
        },
    );
    sums.totals()
}

#[inline(always)]
pub(super) fn write_dx<E: Element, const RELU: bool>(
    x: &[E],
    runs: Runs,
    map: InputGradientMap<E::Wide>,
    output: OutputMap<E::Wide>,
    gradient: &Gradient<E>,
) {
    runs.pieces::<E>(
        #[inline(always)]
        |start, len, ahead| {
            // SAFETY: the runs of a channel's chunk, which one task alone writes.
            unsafe {
                gradient.update(
                    start,
                    &x[start..start + len],
                    ahead,
                    #[inline(always)]
                    |_, x, dy| {
                        let (x, dy) = (x.widen(), dy.widen());
                        E::narrow(map.dx(x, if RELU { relu_backward::<E>(output.y(x), dy) } else { dy }))
                    },
                );
            }
        },
    );
}
