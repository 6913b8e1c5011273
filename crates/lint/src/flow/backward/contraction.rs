//! Sums of products: every weight is taken for a number of its own.
//!
//! y[o, l] = Σ w[o, c, k]·x[c, i(l, k)]. Two elements of the output can be equal for all weights only if they have the same
//! weights, that is the same o, and read equal inputs; else all that they read must be zero. So what is tied at the
//! output ties locations, whatever the channel, and these tie inputs, for every channel c alike.

use super::windows::tap_by_tap;
use crate::flow::removed::{Removed, Ties, most, named, tied};
use crate::graph::{Convolution, Product2d};

/// Which of two matrices is shifted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// The partition of locations, by the labels of elements that each have a channel and a location.
fn locations(elements: impl Iterator<Item = (u32, usize, usize)> + Clone, labels: usize, count: usize) -> Removed {
    let mut first: Vec<Option<(usize, usize)>> = vec![None; labels + 1];
    let mut broken = vec![false; labels + 1];
    broken[0] = true;
    let mut ties = Ties::new(count);
    for (label, channel, location) in elements.clone() {
        match &mut first[label as usize] {
            None => first[label as usize] = Some((channel, location)),
            Some((of, _)) if *of != channel => broken[label as usize] = true,
            Some((_, of)) => ties.tie(location, *of),
        }
    }
    elements.filter(|(label, ..)| broken[*label as usize]).for_each(|(_, _, location)| ties.zero(location));
    ties.finish()
}

/// Of the input of a convolution.
pub(super) fn convolved(of: &Convolution, labels: &[u32], size: usize) -> Removed {
    let (inputs, outputs) = (of.windows.input(), of.windows.output());
    // A location has its image and its group with it; a channel its group.
    let elements = labels.iter().enumerate().map(|(at, &label)| {
        let (row, l) = (at / outputs, at % outputs);
        let (plane, o) = (row / of.channels_out, row % of.channels_out);
        (label, plane % of.groups * of.channels_out + o, plane * outputs + l)
    });
    let planes = of.batch * of.groups;
    let at = locations(elements, most(labels), planes * outputs).labels(planes * outputs);
    let at: Vec<(u32, usize, usize)> =
        at.iter().enumerate().map(|(index, &label)| (label, index / outputs * inputs, index % outputs)).collect();
    let count = at.iter().map(|(label, ..)| *label as usize).max().unwrap_or(0);
    let read = tap_by_tap(&at, count, &of.windows.taps(), planes * inputs).finish().labels(planes * inputs);
    let name = |index: usize| {
        let (row, i) = (index / inputs, index % inputs);
        let label = read[row / of.channels_in * inputs + i];
        (label > 0).then_some((row % of.channels_in, label))
    };
    named((0..size).map(name), size)
}

/// Of a matrix that is multiplied by another.
pub(super) fn multiplied(of: &Product2d, side: Side, labels: &[u32], size: usize) -> Removed {
    let &Product2d { rows, inner, columns, .. } = of;
    let count =
        of.matrices.iter().map(|matrices| matrices[usize::from(side == Side::Right)]).max().unwrap_or(0) as usize + 1;
    let elements = labels.iter().enumerate().map(|(at, &label)| {
        let [left, right] = of.matrices[at / columns / rows].map(|matrix| matrix as usize);
        let (row, column) = (left * rows + at / columns % rows, right * columns + at % columns);
        if side == Side::Left { (label, column, row) } else { (label, row, column) }
    });
    let lines = if side == Side::Left { rows } else { columns };
    let at = locations(elements, most(labels), count * lines).labels(count * lines);
    let name = |index: usize| {
        let (line, element) = match side {
            Side::Left => (index / inner, index % inner),
            Side::Right => (index / columns / inner * columns + index % columns, index / columns % inner),
        };
        (at[line] > 0).then_some((element, at[line]))
    };
    named((0..size).map(name), size)
}

/// Of a matrix whose rows are averaged: what is equal in all rows passes.
pub(super) fn averaged(of: &Product2d, labels: &[u32], size: usize) -> Removed {
    let &Product2d { rows, inner, columns, .. } = of;
    let reads = labels.iter().enumerate().flat_map(|(at, &label)| {
        let matrix = of.matrices[at / columns / rows][1] as usize;
        (0..inner).map(move |row| (label, (matrix * inner + row) * columns + at % columns))
    });
    tied(reads, most(labels), size).finish()
}
