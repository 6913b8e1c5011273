//! Pooling.

use crate::flow::removed::{Removed, Ties, most, tied};
use crate::graph::{Pool, PoolKind, Taps};

/// A maximum, or a mean of changing numbers of elements, passes what is equal in each window; other means pass
/// shifts that are equal at each element of the kernel.
pub(super) fn pooled(pool: &Pool, behind: &Removed, size: usize) -> Removed {
    let (inputs, outputs) = (pool.windows.input(), pool.windows.output());
    let labels = behind.labels(pool.planes * outputs);
    let taps = pool.windows.taps();
    let full = (0..outputs).all(|location| taps.of(location).len() == pool.windows.kernel());
    let by_element = match pool.kind {
        PoolKind::Max => false,
        PoolKind::Mean { counts_padding } => full || counts_padding,
    };
    let element = |at: usize| (at / outputs * inputs, at % outputs);
    if !by_element {
        let reads = labels.iter().enumerate().flat_map(|(at, &label)| {
            let (plane, location) = element(at);
            taps.of(location).iter().map(move |&(_, i)| (label, plane + i as usize))
        });
        return tied(reads, most(&labels), size).finish();
    }
    let locations: Vec<(u32, usize, usize)> = labels
        .iter()
        .enumerate()
        .map(|(at, &label)| {
            let (plane, location) = element(at);
            (label, plane, location)
        })
        .collect();
    tap_by_tap(&locations, most(&labels), &taps, size).finish()
}

/// Ties the elements that locations of one label read through the same element of the kernel, and makes those zero that
/// some of them do not read.
///
/// A location is its label, where its plane begins in the input, and its index in the plane.
pub(super) fn tap_by_tap(locations: &[(u32, usize, usize)], labels: usize, taps: &Taps, size: usize) -> Ties {
    let mut ties = Ties::new(size);
    let mut first: Vec<Option<(usize, usize)>> = vec![None; labels + 1];
    for &(label, plane, location) in locations {
        let own = taps.of(location);
        if label == 0 {
            for &(_, i) in own {
                ties.zero(plane + i as usize);
            }
            continue;
        }
        let Some((other_plane, other)) = first[label as usize] else {
            first[label as usize] = Some((plane, location));
            continue;
        };
        let (mut left, mut right) = (own.iter().peekable(), taps.of(other).iter().peekable());
        // Both lists are in the order of the kernel.
        loop {
            match (left.peek().copied(), right.peek().copied()) {
                (Some(&(k, i)), Some(&(other_k, other_i))) if k == other_k => {
                    ties.tie(plane + i as usize, other_plane + other_i as usize);
                    left.next();
                    right.next();
                }
                (Some(&(k, i)), other) if other.is_none_or(|&(other_k, _)| k < other_k) => {
                    ties.zero(plane + i as usize);
                    left.next();
                }
                (_, Some(&(_, i))) => {
                    ties.zero(other_plane + i as usize);
                    right.next();
                }
                (_, None) => break,
            }
        }
    }
    ties
}
