//! Kernels for short rows (few locations, or none): many channels at once, one accumulator per column.

use multiversion::multiversion;
use rayon::prelude::*;

use super::Dims;
use super::affine::{Backward, Differentiate, Forward, Normalize, Statistics, cut, rectify};
use super::number::{Number, Wide};
use super::part::{Gradient, Parts, Runs};

/// Columns (channel and location) of one task, at least. With 64 images of f32 they fill 64 KiB.
const WIDTH: usize = 256;
/// Below this many values a tensor is done by the calling thread.
const ALONE: usize = 1 << 15;

/// Neighbouring channels: n rows, each `channels · s` wide.
#[derive(Clone, Copy)]
struct Block {
    first: usize,
    channels: usize,
    s: usize,
    rows: Runs,
}

impl Block {
    /// One value per channel → one per column.
    fn spread<T: Copy>(&self, per_channel: impl Fn(usize) -> T) -> Vec<T> {
        (0..self.channels).flat_map(|channel| std::iter::repeat_n(per_channel(channel), self.s)).collect()
    }

    /// Sums of each channel's columns.
    fn gather(&self, columns: &[f64]) -> Vec<f64> {
        columns.chunks_exact(self.s).map(|columns| columns.iter().sum()).collect()
    }
}

/// Writes y; returns the statistics of each channel.
pub(super) fn forward<E: Number>(task: &Forward<E>, y: &Parts<E>) -> Vec<Statistics<E::Wide>> {
    per_block(task.dims, |block| {
        let statistics = statistics(task, block);
        let maps = block.spread(|channel| {
            let of = block.first + channel;
            Normalize::new(&statistics[channel], task.gamma[of], task.beta[of])
        });
        let normalize = if task.relu { normalize_relu } else { normalize };
        normalize(task.x, block.rows, &maps, y);
        statistics
    })
}

fn statistics<E: Number>(task: &Forward<E>, block: &Block) -> Vec<Statistics<E::Wide>> {
    let m = task.dims.values_per_channel() as f64;
    let shifts: Vec<f64> = (0..block.channels)
        .map(|channel| task.x[block.rows.start + channel * block.s].widen().f64())
        .map(|first| if first.is_finite() { first } else { 0.0 })
        .collect();
    let totals = block.gather(&totals(task.x, block.rows, &block.spread(|channel| shifts[channel])));
    let means: Vec<_> = shifts.iter().zip(totals).map(|(shift, total)| E::Wide::from_f64(shift + total / m)).collect();
    let [deviations, squares] =
        deviations(task.x, block.rows, &block.spread(|channel| means[channel].f64())).map(|sums| block.gather(&sums));
    (0..block.channels)
        .map(|channel| Statistics::new(means[channel], deviations[channel] / m, squares[channel] / m, task.epsilon))
        .collect()
}

/// Writes dx; returns (dγ, dβ) of each channel.
pub(super) fn backward<E: Number>(task: &Backward<E>, gradient: &Gradient<E>) -> Vec<[f64; 2]> {
    let m = task.dims.values_per_channel() as f64;
    per_block(task.dims, |block| {
        let statistics: Vec<_> = (0..block.channels).map(|channel| task.statistics(block.first + channel)).collect();
        let normalize: Vec<_> = (block.first..block.first + block.channels)
            .zip(&statistics)
            .map(|(of, statistics)| Normalize::new(statistics, task.gamma[of], task.beta[of]))
            .collect();
        let spread = block.spread(|channel| normalize[channel]);
        let products = if task.relu { products_relu } else { products };
        let differentiate = if task.relu { differentiate_relu } else { differentiate };
        let [dy, dy_d] = products(task.x, block.rows, &spread, gradient).map(|sums| block.gather(&sums));
        let (maps, parameters): (Vec<_>, Vec<_>) = (0..block.channels)
            .map(|of| Differentiate::new(&statistics[of], &normalize[of], [dy[of], dy_d[of]], m))
            .unzip();
        differentiate(task.x, block.rows, &block.spread(|channel| maps[channel]), &spread, gradient);
        parameters
    })
}

/// Results of every channel, block by block, in parallel where it pays.
fn per_block<T: Send>(dims: Dims, run: impl Fn(&Block) -> Vec<T> + Sync + Send) -> Vec<T> {
    let Dims { n, c, s } = dims;
    let width = WIDTH.div_ceil(s);
    let block = |index: usize| {
        let first = index * width;
        let channels = width.min(c - first);
        run(&Block { first, channels, s, rows: Runs { start: first * s, len: channels * s, stride: c * s, count: n } })
    };
    let blocks = c.div_ceil(width);
    if c * dims.values_per_channel() <= ALONE {
        return (0..blocks).flat_map(block).collect();
    }
    (0..blocks).into_par_iter().flat_map_iter(block).collect()
}

/// Σ(x − shift) of each column.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2+f16c"))]
fn totals<E: Number>(x: &[E], rows: Runs, shifts: &[f64]) -> Vec<f64> {
    let mut totals = vec![0.0; rows.len];
    for row in rows.of(x) {
        for ((total, &x), &shift) in totals.iter_mut().zip(row).zip(shifts) {
            *total += x.widen().f64() - shift;
        }
    }
    totals
}

/// Σd and Σd² of each column's deviations d = x − mean.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2+f16c"))]
fn deviations<E: Number>(x: &[E], rows: Runs, means: &[f64]) -> [Vec<f64>; 2] {
    let mut deviations = vec![0.0; rows.len];
    let mut squares = vec![0.0; rows.len];
    for row in rows.of(x) {
        for (((sum, square), &x), &mean) in deviations.iter_mut().zip(&mut squares).zip(row).zip(means) {
            let deviation = x.widen().f64() - mean;
            *sum += deviation;
            *square += deviation * deviation;
        }
    }
    [deviations, squares]
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2+f16c"))]
fn normalize<E: Number>(x: &[E], rows: Runs, maps: &[Normalize<E::Wide>], y: &Parts<E>) {
    write(x, rows, maps, y, |y| y);
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2+f16c"))]
fn normalize_relu<E: Number>(x: &[E], rows: Runs, maps: &[Normalize<E::Wide>], y: &Parts<E>) {
    write(x, rows, maps, y, rectify);
}

#[inline(always)]
fn write<E: Number>(
    x: &[E],
    rows: Runs,
    maps: &[Normalize<E::Wide>],
    y: &Parts<E>,
    activation: impl Fn(E::Wide) -> E::Wide,
) {
    for start in rows.starts() {
        let x = &x[start..start + rows.len];
        // SAFETY: the rows of a block, which one task alone writes.
        let y = unsafe { y.write(start, rows.len) };
        for ((y, &x), map) in y.iter_mut().zip(x).zip(maps) {
            y.write(E::narrow(activation(map.y(x.widen()))));
        }
    }
}

/// Σdy and Σdy·(x − mean) of each column.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2+f16c"))]
fn products<E: Number>(x: &[E], rows: Runs, maps: &[Normalize<E::Wide>], gradient: &Gradient<E>) -> [Vec<f64>; 2] {
    column_products(x, rows, maps, gradient, |_, _, dy| dy)
}

/// As [`products`], of dy where y > 0.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2+f16c"))]
fn products_relu<E: Number>(x: &[E], rows: Runs, maps: &[Normalize<E::Wide>], gradient: &Gradient<E>) -> [Vec<f64>; 2] {
    column_products(x, rows, maps, gradient, |map, x, dy| cut(map.y(x), dy))
}

#[inline(always)]
fn column_products<E: Number>(
    x: &[E],
    rows: Runs,
    maps: &[Normalize<E::Wide>],
    gradient: &Gradient<E>,
    gate: impl Fn(&Normalize<E::Wide>, E::Wide, E::Wide) -> E::Wide,
) -> [Vec<f64>; 2] {
    let mut dy_sums = vec![0.0; rows.len];
    let mut products = vec![0.0; rows.len];
    for start in rows.starts() {
        let x = &x[start..start + rows.len];
        // SAFETY: a block's dx is written after all its sums are known, by the task that asked for them.
        let dy = unsafe { gradient.dy(start, rows.len) };
        for ((((sum, product), &x), &dy), map) in dy_sums.iter_mut().zip(&mut products).zip(x).zip(dy).zip(maps) {
            let x = x.widen();
            let dy = gate(map, x, dy.widen()).f64();
            *sum += dy;
            *product += dy * (x.f64() - map.mean.f64());
        }
    }
    [dy_sums, products]
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2+f16c"))]
fn differentiate<E: Number>(
    x: &[E],
    rows: Runs,
    maps: &[Differentiate<E::Wide>],
    _: &[Normalize<E::Wide>],
    gradient: &Gradient<E>,
) {
    for start in rows.starts() {
        let x = &x[start..start + rows.len];
        // SAFETY: the rows of a block, which one task alone writes.
        unsafe { gradient.update(start, x, |at, x, dy| E::narrow(maps[at].dx(x.widen(), dy.widen()))) };
    }
}

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2+f16c"))]
fn differentiate_relu<E: Number>(
    x: &[E],
    rows: Runs,
    maps: &[Differentiate<E::Wide>],
    normalize: &[Normalize<E::Wide>],
    gradient: &Gradient<E>,
) {
    for start in rows.starts() {
        let x = &x[start..start + rows.len];
        let dx = |at: usize, x: E, dy: E| {
            let x = x.widen();
            E::narrow(maps[at].dx(x, cut(normalize[at].y(x), dy.widen())))
        };
        // SAFETY: the rows of a block, which one task alone writes.
        unsafe { gradient.update(start, x, dx) };
    }
}
