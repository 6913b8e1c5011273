//! Kernels for long rows: one channel at a time, whose rows are swept by wide registers.

use multiversion::multiversion;
use rayon::prelude::*;

use super::Dims;
use super::affine::{Backward, Differentiate, Forward, Normalize, Statistics, cut, rectify};
use super::fetch::fetch;
use super::moments::{Moments, origin};
use super::number::{Number, Wide};
use super::part::{Gradient, Parts, Runs, per_chunk, write};
use super::reduce::{LANES, Sums};

/// Writes y, rectified with `RELU`; returns the statistics of each channel.
pub(super) fn forward<E: Number, const RELU: bool>(task: &Forward<E>, y: &Parts<E>) -> Vec<Statistics<E::Wide>> {
    per_channel(task.dims, |channel| {
        let chunks = chunks(task.dims, channel);
        let statistics = statistics(task, &chunks);
        let map = Normalize::new(&statistics, task.gamma[channel], task.beta[channel]);
        per_chunk(&chunks, |runs| normalize::<E, RELU>(task.x, runs, map, y));
        statistics
    })
}

fn statistics<E: Number>(task: &Forward<E>, chunks: &[Runs]) -> Statistics<E::Wide> {
    let moments = per_chunk(chunks, |runs| {
        let firsts = Runs { len: runs.len.min(LANES), count: 1, ..runs };
        let first = task.x[runs.start].widen().f64();
        let [sum, _] = deviations(task.x, firsts, first);
        let origin = origin(first, sum, firsts.len);
        Moments::about(origin, runs.elements(), deviations(task.x, runs, origin))
    });
    let moments = moments.into_iter().reduce(Moments::join).expect("a chunk");
    let mean = E::Wide::from_f64(moments.mean);
    if E::Wide::EXACT_SUMS {
        return Statistics::new(mean, moments.mean - mean.f64(), moments.var(), task.epsilon);
    }
    // f64 is wide enough for the sums of any narrower type; its own mean may be off by a rounding or more.
    let sums = add(per_chunk(chunks, |runs| deviations(task.x, runs, mean.f64())));
    Statistics::about(mean, sums.map(|sum| sum / task.dims.values_per_channel() as f64), task.epsilon)
}

/// Writes dx, where y was rectified with `RELU`; returns (dγ, dβ) of each channel.
pub(super) fn backward<E: Number, const RELU: bool>(task: &Backward<E>, gradient: &Gradient<E>) -> Vec<[f64; 2]> {
    per_channel(task.dims, |channel| {
        let chunks = chunks(task.dims, channel);
        let statistics = task.statistics(channel);
        let normalize = Normalize::new(&statistics, task.gamma[channel], task.beta[channel]);
        let m = task.dims.values_per_channel() as f64;
        let sums = add(per_chunk(&chunks, |runs| products::<E, RELU>(task.x, runs, normalize, gradient)));
        let (map, parameters) = Differentiate::new(&statistics, &normalize, sums, m);
        per_chunk(&chunks, |runs| differentiate::<E, RELU>(task.x, runs, map, normalize, gradient));
        parameters
    })
}

/// Results of every channel, in parallel where it pays.
fn per_channel<T: Send>(dims: Dims, run: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    if dims.is_small() {
        return (0..dims.c).map(run).collect();
    }
    (0..dims.c).into_par_iter().map(run).collect()
}

fn chunks(Dims { n, c, s }: Dims, channel: usize) -> Vec<Runs> {
    Runs { start: channel * s, len: s, stride: c * s, count: n }.chunks()
}

/// Sums of all chunks, added in their order.
fn add(sums: Vec<[f64; 2]>) -> [f64; 2] {
    sums.into_iter().fold([0.0; 2], |a, b| [a[0] + b[0], a[1] + b[1]])
}

/// Σd and Σd² of the distances d = x − origin.
#[multiversion(targets = "simd")]
fn deviations<E: Number>(x: &[E], runs: Runs, origin: f64) -> [f64; 2] {
    let mut sums = Sums::ZERO;
    runs.each::<E>(|start, ahead| {
        sums.add([&x[start..start + runs.len]], ahead, |[x]| {
            let distance = x.widen().f64() - origin;
            [distance, distance * distance]
        });
    });
    sums.totals()
}

#[multiversion(targets = "simd")]
fn normalize<E: Number, const RELU: bool>(x: &[E], runs: Runs, map: Normalize<E::Wide>, y: &Parts<E>) {
    runs.pieces::<E>(|start, len, ahead| {
        let x = &x[start..start + len];
        // SAFETY: the runs of a channel's chunk, which one task alone writes.
        let y = unsafe { y.write(start, len) };
        fetch(x, ahead);
        fetch(y, ahead);
        write(y, |at| {
            let u = map.y(x[at].widen());
            E::narrow(if RELU { rectify(u) } else { u })
        });
    });
}

/// Σdu and Σdu·(x − mean), with du = dy, or with `RELU` dy where y > 0.
#[multiversion(targets = "simd")]
fn products<E: Number, const RELU: bool>(
    x: &[E],
    runs: Runs,
    map: Normalize<E::Wide>,
    gradient: &Gradient<E>,
) -> [f64; 2] {
    let mean = map.mean.f64();
    let mut sums = Sums::ZERO;
    runs.each::<E>(|start, ahead| {
        // SAFETY: a channel's dx is written after all its sums are known, by the task that asked for them.
        let dy = unsafe { gradient.dy(start, runs.len) };
        sums.add([&x[start..start + runs.len], dy], ahead, |[x, dy]| {
            let (x, dy) = (x.widen(), dy.widen());
            let du = if RELU { cut::<E>(map.y(x), dy) } else { dy }.f64();
            [du, du * (x.f64() - mean)]
        });
    });
    sums.totals()
}

#[multiversion(targets = "simd")]
fn differentiate<E: Number, const RELU: bool>(
    x: &[E],
    runs: Runs,
    map: Differentiate<E::Wide>,
    normalize: Normalize<E::Wide>,
    gradient: &Gradient<E>,
) {
    runs.pieces::<E>(|start, len, ahead| {
        let dx = |_: usize, x: E, dy: E| {
            let (x, dy) = (x.widen(), dy.widen());
            E::narrow(map.dx(x, if RELU { cut::<E>(normalize.y(x), dy) } else { dy }))
        };
        // SAFETY: the runs of a channel's chunk, which one task alone writes.
        unsafe { gradient.update(start, &x[start..start + len], ahead, dx) };
    });
}
