//! The norm by running statistics, with an addition and a ReLU behind it where asked for, in one pass in place.
//!
//! Each element goes through the same operations, with the same roundings, as all of them one after the other.

use rayon::prelude::*;
use untied_kernels::cpu::{Element, RunningMap};
use untied_kernels::vectorized;

use super::arguments::Dims;
use super::gradient::replace;
use super::residual::relu;

/// Elements of one task.
const TASK: usize = 1 << 14;

/// Puts y, max(y, 0) or max(y + other, 0) in the place of x.
pub(super) fn normalize<E: Element>(
    x: &mut [E],
    dims: Dims,
    maps: &[RunningMap<E::Wide>],
    other: Option<&[E]>,
    rectify: bool,
) {
    if x.is_empty() {
        return;
    }
    match (other, rectify) {
        (None, false) => in_tasks::<E, false, false>(x, &[], dims, maps),
        (None, true) => in_tasks::<E, false, true>(x, &[], dims, maps),
        (Some(other), _) => in_tasks::<E, true, true>(x, other, dims, maps),
    }
}

fn in_tasks<E: Element, const ADD: bool, const RELU: bool>(
    x: &mut [E],
    other: &[E],
    dims: Dims,
    maps: &[RunningMap<E::Wide>],
) {
    let Dims { c, s, .. } = dims;
    // Short planes are mapped row by row, with a map for each column.
    let columns: Vec<RunningMap<E::Wide>> =
        if dims.has_short_rows() { maps.iter().flat_map(|&map| std::iter::repeat_n(map, s)).collect() } else { vec![] };
    let run = if dims.has_short_rows() { c * s } else { s };
    let runs = TASK / run + 1;
    let task = |(index, x): (usize, &mut [E])| {
        let other = if ADD { &other[index * runs * run..][..x.len()] } else { other };
        if dims.has_short_rows() {
            vectorized!(map_rows::<E, ADD, RELU>(x, other, &columns));
        } else {
            vectorized!(map_planes::<E, ADD, RELU>(x, other, s, index * runs % c, maps));
        }
    };
    if dims.is_small() {
        x.chunks_mut(runs * run).enumerate().for_each(task);
    } else {
        x.par_chunks_mut(runs * run).enumerate().for_each(task);
    }
}

#[inline(always)]
fn map_planes<E: Element, const ADD: bool, const RELU: bool>(
    x: &mut [E],
    other: &[E],
    s: usize,
    first: usize,
    maps: &[RunningMap<E::Wide>],
) {
    for (index, x) in x.chunks_exact_mut(s).enumerate() {
        let map = maps[(first + index) % maps.len()];
        let other = if ADD { &other[index * s..][..x.len()] } else { other };
        replace(
            x,
            #[inline(always)]
            |at, x| finish::<E, ADD, RELU>(map.of(x.widen()), other, at),
        );
    }
}

#[inline(always)]
fn map_rows<E: Element, const ADD: bool, const RELU: bool>(x: &mut [E], other: &[E], columns: &[RunningMap<E::Wide>]) {
    for (index, x) in x.chunks_exact_mut(columns.len()).enumerate() {
        let columns = &columns[..x.len()];
        let other = if ADD { &other[index * x.len()..][..x.len()] } else { other };
        replace(
            x,
            #[inline(always)]
            |at, x| finish::<E, ADD, RELU>(columns[at].of(x.widen()), other, at),
        );
    }
}

#[inline(always)]
fn finish<E: Element, const ADD: bool, const RELU: bool>(y: E::Wide, other: &[E], at: usize) -> E {
    let y = E::narrow(y);
    let sum = if ADD { E::narrow(y.widen() + other[at].widen()) } else { y };
    if RELU { relu(sum) } else { sum }
}
