//! Kernels for few locations, or none: many channels at once, one sum and one map per column (channel and location).

use rayon::prelude::*;
use untied_kernels::cpu::{Element, Parts, Real, prefetch};
use untied_kernels::vectorized;

use super::arguments::{BackwardArguments, Dims, ForwardArguments};
use super::columns::{Block, InputGradientMaps, OutputMaps};
use super::gradient::{Gradient, write};
use super::maps::{ChannelStatistics, InputGradientMap, OutputMap, relu, relu_backward};
use super::moments::{Moments, origin};
use super::runs::{Runs, per_chunk};

/// Columns (channel and location) of one task, at least. With 64 images of f32 they fill 64 KiB.
const WIDTH: usize = 256;
/// Rows whose mean is the origin of a chunk: see [`moments`](super::moments).
const ORIGIN_ROWS: usize = 16;

impl Block {
    /// Value near those of each channel: the mean of its first rows.
    fn origins<E: Element>(&self, x: &[E], rows: Runs) -> Vec<f64> {
        let firsts = Runs { count: rows.count.min(ORIGIN_ROWS), ..rows };
        let first: Vec<_> = (0..self.channels).map(|channel| x[rows.start + channel * self.s].widen().f64()).collect();
        let firsts_of_channels = self.spread(|channel| first[channel]);
        let sums = self.gather(&vectorized!(deviations(x, firsts, &firsts_of_channels)));
        first.into_iter().zip(sums).map(|(first, [sum, _])| origin(first, sum, self.s * firsts.count)).collect()
    }
}

/// Writes y, behind a ReLU with `RELU`; returns the statistics of each channel.
pub(super) fn forward<E: Element, const RELU: bool>(
    task: &ForwardArguments<E>,
    y: &Parts<E>,
) -> Vec<ChannelStatistics<E::Wide>> {
    per_block(task.dims, |block| {
        let chunks = block.rows.chunks();
        let statistics = statistics(task, block, &chunks);
        let map = |(of, statistics)| OutputMap::new(statistics, task.gamma[of], task.beta[of]);
        let maps: Vec<_> = (block.first..).zip(&statistics).map(map).collect();
        let maps = OutputMaps::new(block, &maps);
        per_chunk(&chunks, |rows| vectorized!(write_y::<E, RELU>(task.x, rows, &maps, y)));
        statistics
    })
}

fn statistics<E: Element>(
    task: &ForwardArguments<E>,
    block: &Block,
    chunks: &[Runs],
) -> Vec<ChannelStatistics<E::Wide>> {
    let moments = per_chunk(chunks, |rows| {
        let origins = block.origins(task.x, rows);
        let of_columns = block.spread(|channel| origins[channel]);
        let sums = block.gather(&vectorized!(deviations(task.x, rows, &of_columns)));
        let about = |(&origin, sums)| Moments::about(origin, rows.count * block.s, sums);
        origins.iter().zip(sums).map(about).collect::<Vec<_>>()
    });
    let moments = channelwise(moments, Moments::join);
    let means: Vec<_> = moments.iter().map(|moments| E::Wide::from_f64(moments.mean)).collect();
    if E::Wide::EXACT_SUMS {
        let statistics =
            |(mean, of): (E::Wide, Moments)| ChannelStatistics::new(mean, of.mean - mean.f64(), of.var(), task.epsilon);
        return means.into_iter().zip(moments).map(statistics).collect();
    }
    let origins = block.spread(|channel| means[channel].f64());
    let sums = add(per_chunk(chunks, |rows| block.gather(&vectorized!(deviations(task.x, rows, &origins)))));
    let m = task.dims.values_per_channel() as f64;
    means
        .into_iter()
        .zip(sums)
        .map(|(mean, [a, b])| ChannelStatistics::about(mean, [a / m, b / m], task.epsilon))
        .collect()
}

/// Writes dx, where y was behind a ReLU with `RELU`; returns (dγ, dβ) of each channel.
pub(super) fn backward<E: Element, const RELU: bool>(
    task: &BackwardArguments<E>,
    gradient: &Gradient<E>,
) -> Vec<[f64; 2]> {
    let m = task.dims.values_per_channel() as f64;
    per_block(task.dims, |block| {
        let chunks = block.rows.chunks();
        let channels = block.first..block.first + block.channels;
        let statistics: Vec<_> = channels.clone().map(|of| task.statistics(of)).collect();
        let map = |(of, statistics)| OutputMap::new(statistics, task.gamma[of], task.beta[of]);
        let outputs: Vec<_> = channels.zip(&statistics).map(map).collect();
        let columns = OutputMaps::new(block, &outputs);
        let products = |rows| block.gather(&vectorized!(products::<E, RELU>(task.x, rows, &columns, gradient)));
        let sums = add(per_chunk(&chunks, products));
        let (maps, parameters): (Vec<_>, Vec<_>) =
            (0..block.channels).map(|of| InputGradientMap::new(&statistics[of], &outputs[of], sums[of], m)).unzip();
        let maps = InputGradientMaps::new(block, &maps);
        per_chunk(&chunks, |rows| vectorized!(write_dx::<E, RELU>(task.x, rows, &maps, &columns, gradient)));
        parameters
    })
}

/// Results of every channel, block by block, in parallel where it pays.
fn per_block<T: Clone + Send>(dims: Dims, run: impl Fn(&Block) -> Vec<T> + Sync + Send) -> Vec<T> {
    let Dims { n, c, s } = dims;
    let width = WIDTH.div_ceil(s);
    let block = |index: usize| {
        let first = index * width;
        let channels = width.min(c - first);
        run(&Block { first, channels, s, rows: Runs { start: first * s, len: channels * s, stride: c * s, count: n } })
    };
    let blocks = c.div_ceil(width);
    if dims.is_small() {
        return (0..blocks).flat_map(block).collect();
    }
    (0..blocks).into_par_iter().map(block).collect::<Vec<_>>().concat()
}

/// The results of all chunks, each a value per channel, joined in their order.
fn channelwise<T>(chunks: Vec<Vec<T>>, join: impl Fn(T, T) -> T) -> Vec<T> {
    let join = |a: Vec<T>, b: Vec<T>| a.into_iter().zip(b).map(|(a, b)| join(a, b)).collect();
    chunks.into_iter().reduce(join).expect("a chunk")
}

fn add(sums: Vec<Vec<[f64; 2]>>) -> Vec<[f64; 2]> {
    channelwise(sums, |a, b| [a[0] + b[0], a[1] + b[1]])
}

/// Σd and Σd² of each column's distances d = x − origin.
#[inline(always)]
fn deviations<E: Element>(x: &[E], rows: Runs, origins: &[f64]) -> [Vec<f64>; 2] {
    let (mut sums, mut squares, origins) = (vec![0.0; rows.len], vec![0.0; rows.len], &origins[..rows.len]);
    rows.each::<E>(
        #[inline(always)]
        |start, ahead| {
            let x = &x[start..start + rows.len];
            prefetch(x, ahead);
            add_row(
                &mut sums,
                &mut squares,
                #[inline(always)]
                move |at| {
                    let distance = x[at].widen().f64() - origins[at];
                    [distance, distance * distance]
                },
            );
        },
    );
    [sums, squares]
}

/// Adds to the sums of each column. Separate `&mut` arguments cannot alias, so LLVM vectorises the loop.
#[inline(always)]
fn add_row(a: &mut [f64], b: &mut [f64], terms: impl Fn(usize) -> [f64; 2]) {
    for at in 0..a.len() {
        let terms = terms(at);
        a[at] += terms[0];
        b[at] += terms[1];
    }
}

#[inline(always)]
fn write_y<E: Element, const RELU: bool>(x: &[E], rows: Runs, maps: &OutputMaps<E::Wide>, y: &Parts<E>) {
    let maps = maps.columns(rows.len);
    rows.each::<E>(
        #[inline(always)]
        |start, ahead| {
            let x = &x[start..start + rows.len];
            // SAFETY: the rows of a block's chunk, which one task alone writes.
            let y = unsafe { y.write(start, rows.len) };
            prefetch(x, ahead);
            prefetch(y, ahead);
            write(
                y,
                #[inline(always)]
                move |at| {
                    let u = maps.at(at).y(x[at].widen());
                    E::narrow(if RELU { relu(u) } else { u })
                },
            );
        },
    );
}

/// Σdu and Σdu·(x − mean) of each column, with du = dy, or with `RELU` dy where y > 0.
#[inline(always)]
fn products<E: Element, const RELU: bool>(
    x: &[E],
    rows: Runs,
    maps: &OutputMaps<E::Wide>,
    gradient: &Gradient<E>,
) -> [Vec<f64>; 2] {
    let maps = maps.columns(rows.len);
    let (mut sums, mut products) = (vec![0.0; rows.len], vec![0.0; rows.len]);
    rows.each::<E>(
        #[inline(always)]
        |start, ahead| {
            let x = &x[start..start + rows.len];
            // SAFETY: a block's dx is written after all its sums are known, by the task that asked for them.
            let dy = unsafe { gradient.dy(start, rows.len) };
            prefetch(x, ahead);
            prefetch(dy, ahead);
            add_row(
                &mut sums,
                &mut products,
                #[inline(always)]
                move |at| {
                    let (x, dy) = (x[at].widen(), dy[at].widen());
                    let du = if RELU { relu_backward::<E>(maps.at(at).y(x), dy) } else { dy }.f64();
                    [du, du * (x.f64() - maps.mean[at].f64())]
                },
            );
        },
    );
    [sums, products]
}

#[inline(always)]
fn write_dx<E: Element, const RELU: bool>(
    x: &[E],
    rows: Runs,
    maps: &InputGradientMaps<E::Wide>,
    outputs: &OutputMaps<E::Wide>,
    gradient: &Gradient<E>,
) {
    let (maps, outputs) = (maps.columns(rows.len), outputs.columns(rows.len));
    rows.each::<E>(
        #[inline(always)]
        |start, ahead| {
            // SAFETY: the rows of a block's chunk, which one task alone writes.
            unsafe {
                gradient.update(
                    start,
                    &x[start..start + rows.len],
                    ahead,
                    #[inline(always)]
                    move |at, x, dy| {
                        let (x, dy, output) = (x.widen(), dy.widen(), outputs.at(at));
                        let du = if RELU { relu_backward::<E>(output.y(x), dy) } else { dy };
                        E::narrow(maps.at(at, output).dx(x, du))
                    },
                );
            }
        },
    );
}
