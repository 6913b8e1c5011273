//! Kernels for long rows: one channel at a time, whose rows are swept by wide registers.

use multiversion::multiversion;
use rayon::prelude::*;

use super::Dims;
use super::affine::{Backward, Differentiate, Forward, Normalize, Statistics, cut, rectify};
use super::number::{Number, Wide};
use super::part::{Gradient, Parts, Runs};
use super::reduce::Sum;

/// Values of one task. Part of the result: sums are added by these chunks.
const CHUNK: usize = 1 << 16;
/// Below this many values a tensor is done by the calling thread.
const ALONE: usize = 1 << 15;

/// Writes y; returns the statistics of each channel.
pub(super) fn forward<E: Number>(task: &Forward<E>, y: &Parts<E>) -> Vec<Statistics<E::Wide>> {
    per_channel(task.dims, |channel| {
        let chunks = chunks(task.dims, channel);
        let statistics = statistics(task, &chunks);
        let map = Normalize::new(&statistics, task.gamma[channel], task.beta[channel]);
        let normalize = if task.relu { normalize_relu } else { normalize };
        each(&chunks, |runs| normalize(task.x, runs, map, y));
        statistics
    })
}

fn statistics<E: Number>(task: &Forward<E>, chunks: &[Runs]) -> Statistics<E::Wide> {
    let m = task.dims.values_per_channel() as f64;
    // Deviations from any of the values are small where mean ≫ spread, and zero where all values are the same.
    let first = task.x[chunks[0].start].widen().f64();
    let shift = if first.is_finite() { first } else { 0.0 };
    let [sum] = add(chunks, |runs| [total(task.x, runs, shift)]);
    let mean = shift + sum / m;
    let rounded = E::Wide::from_f64(mean);
    let [squares] = add(chunks, |runs| [squares(task.x, runs, rounded.f64())]);
    // f64 is wide enough for the sums of any narrower type; its own mean may be off by a rounding or more.
    let residual = if E::Wide::EXACT_SUMS {
        mean - rounded.f64()
    } else {
        let [deviations] = add(chunks, |runs| [total(task.x, runs, rounded.f64())]);
        deviations / m
    };
    Statistics::new(rounded, residual, squares / m, task.epsilon)
}

/// Writes dx; returns (dγ, dβ) of each channel.
pub(super) fn backward<E: Number>(task: &Backward<E>, gradient: &Gradient<E>) -> Vec<[f64; 2]> {
    per_channel(task.dims, |channel| {
        let chunks = chunks(task.dims, channel);
        let statistics = task.statistics(channel);
        let normalize = Normalize::new(&statistics, task.gamma[channel], task.beta[channel]);
        let m = task.dims.values_per_channel() as f64;
        let products = if task.relu { products_relu } else { products };
        let differentiate = if task.relu { differentiate_relu } else { differentiate };
        let sums = add(&chunks, |runs| products(task.x, runs, normalize, gradient));
        let (map, parameters) = Differentiate::new(&statistics, &normalize, sums, m);
        each(&chunks, |runs| differentiate(task.x, runs, map, normalize, gradient));
        parameters
    })
}

/// Results of every channel, in parallel where it pays.
fn per_channel<T: Send>(dims: Dims, run: impl Fn(usize) -> T + Sync + Send) -> Vec<T> {
    if dims.c * dims.values_per_channel() <= ALONE {
        return (0..dims.c).map(run).collect();
    }
    (0..dims.c).into_par_iter().map(run).collect()
}

fn chunks(Dims { n, c, s }: Dims, channel: usize) -> Vec<Runs> {
    Runs { start: channel * s, len: s, stride: c * s, count: n }.chunks(CHUNK)
}

/// Sums of all chunks, added in their order.
fn add<const K: usize>(chunks: &[Runs], sums: impl Fn(Runs) -> [f64; K] + Sync + Send) -> [f64; K] {
    let plus = |a: [f64; K], b: [f64; K]| std::array::from_fn(|k| a[k] + b[k]);
    match chunks {
        [alone] => sums(*alone),
        _ => chunks.par_iter().map(|runs| sums(*runs)).collect::<Vec<_>>().into_iter().fold([0.0; K], plus),
    }
}

fn each(chunks: &[Runs], run: impl Fn(Runs) + Sync + Send) {
    match chunks {
        [alone] => run(*alone),
        _ => chunks.par_iter().for_each(|runs| run(*runs)),
    }
}

/// Σ(x − shift).
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2+f16c"))]
fn total<E: Number>(x: &[E], runs: Runs, shift: f64) -> f64 {
    let mut total = Sum::ZERO;
    for start in runs.starts() {
        total.add(&x[start..start + runs.len], |x| x.widen().f64() - shift);
    }
    total.total()
}

/// Σ(x − mean)².
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2+f16c"))]
fn squares<E: Number>(x: &[E], runs: Runs, mean: f64) -> f64 {
    let mut squares = Sum::ZERO;
    for start in runs.starts() {
        squares.add(&x[start..start + runs.len], |x| {
            let deviation = x.widen().f64() - mean;
            deviation * deviation
        });
    }
    squares.total()
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2+f16c"))]
fn normalize<E: Number>(x: &[E], runs: Runs, map: Normalize<E::Wide>, y: &Parts<E>) {
    write(x, runs, y, move |x| E::narrow(map.y(x.widen())));
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2+f16c"))]
fn normalize_relu<E: Number>(x: &[E], runs: Runs, map: Normalize<E::Wide>, y: &Parts<E>) {
    write(x, runs, y, move |x| E::narrow(rectify(map.y(x.widen()))));
}

#[inline(always)]
fn write<E: Number>(x: &[E], runs: Runs, y: &Parts<E>, y_of: impl Fn(E) -> E) {
    for start in runs.starts() {
        let x = &x[start..start + runs.len];
        // SAFETY: the runs of a channel's chunk, which one task alone writes.
        let y = unsafe { y.write(start, runs.len) };
        for at in 0..x.len() {
            y[at].write(y_of(x[at]));
        }
    }
}

/// Σdy and Σdy·(x − mean).
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2+f16c"))]
fn products<E: Number>(x: &[E], runs: Runs, map: Normalize<E::Wide>, gradient: &Gradient<E>) -> [f64; 2] {
    gated_products(x, runs, map.mean, gradient, |_, dy| dy)
}

/// As [`products`], of dy where y > 0.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2+f16c"))]
fn products_relu<E: Number>(x: &[E], runs: Runs, map: Normalize<E::Wide>, gradient: &Gradient<E>) -> [f64; 2] {
    gated_products(x, runs, map.mean, gradient, move |x, dy| cut(map.y(x), dy))
}

#[inline(always)]
fn gated_products<E: Number>(
    x: &[E],
    runs: Runs,
    mean: E::Wide,
    gradient: &Gradient<E>,
    gate: impl Fn(E::Wide, E::Wide) -> E::Wide,
) -> [f64; 2] {
    let mean = mean.f64();
    let (mut dy_sum, mut products) = (Sum::ZERO, Sum::ZERO);
    for start in runs.starts() {
        let x = &x[start..start + runs.len];
        // SAFETY: a channel's dx is written after all its sums are known, by the task that asked for them.
        let dy = unsafe { gradient.dy(start, runs.len) };
        dy_sum.add_pairs(x, dy, |x, dy| gate(x.widen(), dy.widen()).f64());
        products.add_pairs(x, dy, |x, dy| {
            let x = x.widen();
            gate(x, dy.widen()).f64() * (x.f64() - mean)
        });
    }
    [dy_sum.total(), products.total()]
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2+f16c"))]
fn differentiate<E: Number>(
    x: &[E],
    runs: Runs,
    map: Differentiate<E::Wide>,
    _: Normalize<E::Wide>,
    gradient: &Gradient<E>,
) {
    for start in runs.starts() {
        let x = &x[start..start + runs.len];
        // SAFETY: the runs of a channel's chunk, which one task alone writes.
        unsafe { gradient.update(start, x, move |_, x, dy| E::narrow(map.dx(x.widen(), dy.widen()))) };
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2+f16c"))]
fn differentiate_relu<E: Number>(
    x: &[E],
    runs: Runs,
    map: Differentiate<E::Wide>,
    normalize: Normalize<E::Wide>,
    gradient: &Gradient<E>,
) {
    for start in runs.starts() {
        let x = &x[start..start + runs.len];
        let dx = move |_: usize, x: E, dy: E| {
            let x = x.widen();
            E::narrow(map.dx(x, cut(normalize.y(x), dy.widen())))
        };
        // SAFETY: the runs of a channel's chunk, which one task alone writes.
        unsafe { gradient.update(start, x, dx) };
    }
}
