//! Max pooling on Flex, Burn's CPU backend: row by row, in the machine's wide registers.
#![expect(clippy::inline_always, reason = "only what is inlined is compiled for the machine's wide registers")]

use std::mem::MaybeUninit;

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::Shape;
use rayon::prelude::*;
use untied_kernels::cpu::{Element, filled, tensor};
use untied_kernels::{for_element, vectorized};

use crate::MaxPoolBackend;

/// Elements that are worth a task of their own.
const TASK: usize = 1 << 14;

impl MaxPoolBackend for Flex {
    fn untied_max_pool(x: FlexTensor) -> FlexTensor {
        for_element!(x.dtype(), E => forward::<E>(&x.to_contiguous()))
    }

    fn untied_max_pool_backward(x: FlexTensor, dy: FlexTensor) -> FlexTensor {
        for_element!(x.dtype(), E => backward::<E>(&x.to_contiguous(), &dy.to_contiguous()))
    }
}

/// Rows and columns of the planes `[n·c, h, w]`.
#[derive(Debug, Clone, Copy)]
struct Planes {
    height: usize,
    width: usize,
}

impl Planes {
    fn of(shape: &[usize]) -> Self {
        Self { height: shape[2], width: shape[3] }
    }

    fn size(self) -> usize {
        self.height * self.width
    }

    fn pooled(self) -> Self {
        Self { height: self.height / 2, width: self.width / 2 }
    }

    /// Planes of a task, at least.
    fn at_least(self) -> usize {
        TASK / self.size().max(1) + 1
    }
}

fn forward<E: Element>(x: &FlexTensor) -> FlexTensor {
    let shape = x.layout().shape();
    let planes = Planes::of(shape);
    let pooled = planes.pooled();
    let fill = |y: &mut [MaybeUninit<E>]| {
        if y.is_empty() {
            return;
        }
        x.storage::<E>()
            .par_chunks_exact(planes.size())
            .zip(y.par_chunks_exact_mut(pooled.size()))
            .with_min_len(planes.at_least())
            .for_each(|(x, y)| vectorized!(pool_plane(x, y, planes)));
    };
    // SAFETY: every plane is filled.
    unsafe { filled(Shape::new([shape[0], shape[1], pooled.height, pooled.width]), fill) }.0
}

fn backward<E: Element>(x: &FlexTensor, dy: &FlexTensor) -> FlexTensor {
    let shape = x.layout().shape();
    let planes = Planes::of(shape);
    let pooled = planes.pooled();
    let x = x.storage::<E>();
    if pooled.size() == 0 || x.is_empty() {
        return tensor(vec![E::default(); x.len()], shape.clone());
    }
    let fill = |dx: &mut [MaybeUninit<E>]| {
        x.par_chunks_exact(planes.size())
            .zip(dy.storage::<E>().par_chunks_exact(pooled.size()))
            .zip(dx.par_chunks_exact_mut(planes.size()))
            .with_min_len(planes.at_least())
            .for_each(|((x, dy), dx)| vectorized!(unpool_plane(x, dy, dx, planes)));
    };
    // SAFETY: every plane is filled.
    unsafe { filled(shape.clone(), fill) }.0
}

/// The two rows above each other that a row of windows covers, as pairs of neighbours.
#[inline(always)]
fn pairs<E>(plane: &[E], width: usize, row: usize) -> [&[[E; 2]]; 2] {
    [0, 1].map(|below| plane[(2 * row + below) * width..][..width].as_chunks::<2>().0)
}

/// The larger one; the second one where one of them is NaN: the processor's own maximum, without a branch.
#[inline(always)]
fn larger<E: Element>(a: E, b: E) -> E {
    if a > b { a } else { b }
}

/// The largest element of a window, or NaN where there is one.
#[inline(always)]
#[expect(clippy::eq_op, reason = "only NaN differs from itself")]
fn largest<E: Element>([[a, b], [c, d]]: [[E; 2]; 2]) -> E {
    let (top, bottom) = (larger(a, b), larger(c, d));
    // `larger` loses a NaN in its first argument.
    if a != a {
        a
    } else if top != top {
        top
    } else if c != c {
        c
    } else {
        larger(top, bottom)
    }
}

#[inline(always)]
fn pool_plane<E: Element>(x: &[E], y: &mut [MaybeUninit<E>], planes: Planes) {
    let columns = planes.pooled().width;
    for row in 0..planes.pooled().height {
        let [above, below] = pairs(x, planes.width, row);
        let (above, below, y) = (&above[..columns], &below[..columns], &mut y[row * columns..][..columns]);
        for at in 0..columns {
            y[at].write(largest([above[at], below[at]]));
        }
    }
}

/// Writes dy to the first maximum of each window in dx, and zero to the rest. The order of the elements is random, so that
/// a branch on it would be guessed wrong half the time: values are selected instead, in wide registers.
#[inline(always)]
fn unpool_plane<E: Element>(x: &[E], dy: &[E], dx: &mut [MaybeUninit<E>], planes: Planes) {
    let (width, columns, zero) = (planes.width, planes.pooled().width, E::default());
    for row in 0..planes.pooled().height {
        let [above, below] = pairs(x, width, row);
        let (above, below, dy) = (&above[..columns], &below[..columns], &dy[row * columns..][..columns]);
        let (dx_above, dx_below) = dx[2 * row * width..][..2 * width].split_at_mut(width);
        // No window holds the last column of an odd width.
        for last in [&mut dx_above[2 * columns..], &mut dx_below[2 * columns..]] {
            last.fill(MaybeUninit::new(zero));
        }
        let dx_above = &mut dx_above.as_chunks_mut::<2>().0[..columns];
        let dx_below = &mut dx_below.as_chunks_mut::<2>().0[..columns];
        for at in 0..columns {
            let ([a, b], [c, d], value) = (above[at], below[at], dy[at]);
            let (up, down) = if larger(a, b) < larger(c, d) { (zero, value) } else { (value, zero) };
            dx_above[at] = beside_zero(up, a < b, zero);
            dx_below[at] = beside_zero(down, c < d, zero);
        }
    }
    // Nor the last row of an odd height.
    dx[2 * planes.pooled().height * width..].fill(MaybeUninit::new(zero));
}

/// The value at the right or at the left, and zero beside it.
#[inline(always)]
fn beside_zero<E: Element>(value: E, right: bool, zero: E) -> [MaybeUninit<E>; 2] {
    let (left, right) = if right { (zero, value) } else { (value, zero) };
    [MaybeUninit::new(left), MaybeUninit::new(right)]
}
