//! Max pooling of 2×2 windows without overlap, forward and backward, in loops that the compiler vectorises.
//!
//! An odd last row or column belongs to no window. [`pool`] and [`unpool`] are to be called inside
//! [`vectorized`]; [`pooled`] and [`unpooled`] are the same of whole tensors.

use std::mem::MaybeUninit;

use burn::backend::flex::FlexTensor;
use burn::tensor::Shape;
use rayon::prelude::*;

use super::{Element, filled, tensor};
use crate::vectorized;

/// Elements that are worth a task of their own.
const TASK: usize = 1 << 14;

/// Rows and columns of neighbouring planes `[planes, h, w]`.
#[derive(Debug, Clone, Copy)]
pub struct Planes {
    /// Rows of a plane.
    pub height: usize,
    /// Columns of a plane.
    pub width: usize,
}

impl Planes {
    /// Those of a tensor `[n, c, h, w]`.
    #[must_use]
    pub fn of(x: &FlexTensor) -> Self {
        let shape = x.layout().shape();
        Self { height: shape[2], width: shape[3] }
    }

    /// Elements of a plane.
    #[must_use]
    pub fn size(self) -> usize {
        self.height * self.width
    }

    /// Rows and columns of its windows.
    #[must_use]
    pub fn pooled(self) -> Self {
        Self { height: self.height / 2, width: self.width / 2 }
    }

    /// Planes of a task.
    fn of_a_task(self) -> usize {
        TASK / self.size().max(1) + 1
    }
}

/// [`pool`] of a contiguous tensor `[n, c, h, w]`: `[n, c, ⌊h/2⌋, ⌊w/2⌋]`.
#[must_use]
pub fn pooled<E: Element>(x: &FlexTensor) -> FlexTensor {
    let planes = Planes::of(x);
    let (shape, pooled) = (x.layout().shape(), planes.pooled());
    let fill = |y: &mut [MaybeUninit<E>]| {
        if y.is_empty() {
            return;
        }
        x.storage::<E>()
            .par_chunks(planes.size() * planes.of_a_task())
            .zip(y.par_chunks_mut(pooled.size() * planes.of_a_task()))
            .for_each(|(x, y)| vectorized!(pool(x, y, planes)));
    };
    // SAFETY: every plane is filled.
    unsafe { filled(Shape::new([shape[0], shape[1], pooled.height, pooled.width]), fill) }.0
}

/// [`unpool`] of contiguous tensors x `[n, c, h, w]` and dy `[n, c, ⌊h/2⌋, ⌊w/2⌋]`: dx, like x.
#[must_use]
pub fn unpooled<E: Element>(x: &FlexTensor, dy: &FlexTensor) -> FlexTensor {
    let planes = Planes::of(x);
    let (shape, pooled) = (x.layout().shape(), planes.pooled());
    let x = x.storage::<E>();
    if pooled.size() == 0 || x.is_empty() {
        return tensor(vec![E::default(); x.len()], shape.clone());
    }
    let fill = |dx: &mut [MaybeUninit<E>]| {
        x.par_chunks(planes.size() * planes.of_a_task())
            .zip(dy.storage::<E>().par_chunks(pooled.size() * planes.of_a_task()))
            .zip(dx.par_chunks_mut(planes.size() * planes.of_a_task()))
            .for_each(|((x, dy), dx)| vectorized!(unpool(x, dy, dx, planes)));
    };
    // SAFETY: every plane is filled.
    unsafe { filled(shape.clone(), fill) }.0
}

/// The two rows above each other that a row of windows covers, as pairs of neighbours.
#[inline(always)]
fn pairs<E>(plane: &[E], width: usize, row: usize) -> [&[[E; 2]]; 2] {
    [2 * row, 2 * row + 1].map(
        #[inline(always)]
        |row| plane[row * width..][..width].as_chunks::<2>().0,
    )
}

/// The larger one; the second one where one of them is NaN: the processor's own maximum, without a branch.
#[inline(always)]
fn larger<E: Element>(a: E, b: E) -> E {
    if a > b { a } else { b }
}

/// [`larger`], or the first NaN where there is one: `larger` loses a NaN in its first argument.
#[inline(always)]
#[expect(clippy::eq_op, reason = "only NaN differs from itself")]
fn larger_or_nan<E: Element>(a: E, b: E) -> E {
    let larger = larger(a, b);
    if a == a { larger } else { a }
}

/// The largest element of a window, or NaN where there is one.
#[inline(always)]
fn largest<E: Element>([[a, b], [c, d]]: [[E; 2]; 2]) -> E {
    larger_or_nan(larger_or_nan(a, b), larger_or_nan(c, d))
}

/// A call of `$function`, for runs of as many windows as a row has and registers hold.
macro_rules! in_runs {
    ($columns:expr, $function:ident::<$element:ident>($($argument:expr),*)) => {
        match $columns {
            0..2 => $function::<$element, 1>($($argument),*),
            2..4 => $function::<$element, 2>($($argument),*),
            4..8 => $function::<$element, 4>($($argument),*),
            8..16 => $function::<$element, 8>($($argument),*),
            16.. => $function::<$element, 16>($($argument),*),
        }
    };
}

/// Covers a row of windows with runs of N, told by their first window. The last one overlaps the one before it, since
/// computing some windows twice takes less time than computing the rest one by one.
#[inline(always)]
fn cover<const N: usize>(columns: usize, mut run: impl FnMut(usize)) {
    let mut at = 0;
    loop {
        run(at);
        if at + N >= columns {
            return;
        }
        at = (at + N).min(columns - N);
    }
}

/// The N elements from an index on.
#[inline(always)]
fn part<T, const N: usize>(elements: &[T], at: usize) -> &[T; N] {
    elements[at..].first_chunk().expect("a run within the row")
}

/// [`part`], to be written.
#[inline(always)]
fn part_mut<T, const N: usize>(elements: &mut [T], at: usize) -> &mut [T; N] {
    elements[at..].first_chunk_mut().expect("a run within the row")
}

/// One of the two rows of N windows beside each other.
type Pairs<E, const N: usize> = [[E; 2]; N];

/// Pools a run of windows. (As a function of its own, since the compiler then knows that y overlaps nothing.)
#[inline(always)]
fn pool_run<E: Element, const N: usize>(above: &Pairs<E, N>, below: &Pairs<E, N>, y: &mut [MaybeUninit<E>; N]) {
    for at in 0..N {
        y[at].write(largest([above[at], below[at]]));
    }
}

/// Writes the largest element of each window of some planes; NaN counts as the largest.
#[inline(always)]
pub fn pool<E: Element>(x: &[E], y: &mut [MaybeUninit<E>], planes: Planes) {
    let pooled = planes.pooled();
    in_runs!(pooled.width, pool_rows::<E>(x, y, planes));
}

#[inline(always)]
fn pool_rows<E: Element, const N: usize>(x: &[E], y: &mut [MaybeUninit<E>], planes: Planes) {
    let pooled = planes.pooled();
    for (x, y) in x.chunks_exact(planes.size()).zip(y.chunks_exact_mut(pooled.size())) {
        for (row, y) in y.chunks_exact_mut(pooled.width).enumerate() {
            let [above, below] = pairs(x, planes.width, row);
            cover::<N>(
                pooled.width,
                #[inline(always)]
                |at| pool_run::<E, N>(part(above, at), part(below, at), part_mut(y, at)),
            );
        }
    }
}

/// Writes dy to the first maximum of each window of some planes in dx, and zero to the rest.
#[inline(always)]
pub fn unpool<E: Element>(x: &[E], dy: &[E], dx: &mut [MaybeUninit<E>], planes: Planes) {
    let pooled = planes.pooled();
    in_runs!(pooled.width, unpool_rows::<E>(x, dy, dx, planes));
}

/// Gradients of a run of windows. The order of their elements is random, so that a branch on it would be guessed wrong half
/// the time: values are selected instead, in wide registers.
#[inline(always)]
fn unpool_run<E: Element, const N: usize>(
    above: &Pairs<E, N>,
    below: &Pairs<E, N>,
    dy: &[E; N],
    dx_above: &mut Pairs<MaybeUninit<E>, N>,
    dx_below: &mut Pairs<MaybeUninit<E>, N>,
) {
    let zero = E::default();
    for at in 0..N {
        let ([a, b], [c, d], value) = (above[at], below[at], dy[at]);
        let (up, down) = if larger(a, b) < larger(c, d) { (zero, value) } else { (value, zero) };
        dx_above[at] = beside_zero(up, a < b, zero);
        dx_below[at] = beside_zero(down, c < d, zero);
    }
}

#[inline(always)]
fn unpool_rows<E: Element, const N: usize>(x: &[E], dy: &[E], dx: &mut [MaybeUninit<E>], planes: Planes) {
    let (width, pooled, zero) = (planes.width, planes.pooled(), E::default());
    let gradients = dy.chunks_exact(pooled.size());
    for ((x, dy), dx) in x.chunks_exact(planes.size()).zip(gradients).zip(dx.chunks_exact_mut(planes.size())) {
        for (row, dy) in dy.chunks_exact(pooled.width).enumerate() {
            let [above, below] = pairs(x, width, row);
            let (dx_above, dx_below) = dx[2 * row * width..][..2 * width].split_at_mut(width);
            // No window holds the last column of an odd width.
            for last in [&mut dx_above[2 * pooled.width..], &mut dx_below[2 * pooled.width..]] {
                last.fill(MaybeUninit::new(zero));
            }
            let (dx_above, dx_below) = (dx_above.as_chunks_mut::<2>().0, dx_below.as_chunks_mut::<2>().0);
            cover::<N>(
                pooled.width,
                #[inline(always)]
                |at| {
                    let (dx_above, dx_below) = (part_mut(dx_above, at), part_mut(dx_below, at));
                    unpool_run::<E, N>(part(above, at), part(below, at), part(dy, at), dx_above, dx_below);
                },
            );
        }
        // Nor the last row of an odd height.
        dx[2 * pooled.height * width..].fill(MaybeUninit::new(zero));
    }
}

/// The value at the right or at the left, and zero beside it.
#[inline(always)]
fn beside_zero<E: Element>(value: E, right: bool, zero: E) -> [MaybeUninit<E>; 2] {
    let (left, right) = if right { (zero, value) } else { (value, zero) };
    [MaybeUninit::new(left), MaybeUninit::new(right)]
}
