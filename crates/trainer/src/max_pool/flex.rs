//! Max pooling on Flex, Burn's CPU backend: row by row, in the machine's wide registers.
#![expect(clippy::inline_always, reason = "only what is inlined is compiled for the machine's wide registers")]

use std::mem::MaybeUninit;

use burn::backend::Flex;
use burn::backend::flex::{FlexTensor, Layout};
use burn::tensor::{Bytes, DType, Element, Shape, bf16, f16};
use bytemuck::Pod;
use multiversion::multiversion;
use rayon::prelude::*;

use super::operation::MaxPoolBackend;

/// Numbers that are worth a task of their own.
const TASK: usize = 1 << 14;

impl MaxPoolBackend for Flex {
    fn untied_max_pool(x: FlexTensor) -> FlexTensor {
        let run = match x.dtype() {
            DType::F32 => forward::<f32>,
            DType::F64 => forward::<f64>,
            DType::F16 => forward::<f16>,
            DType::BF16 => forward::<bf16>,
            other => unreachable!("a float tensor of type {other:?}"),
        };
        run(&x.to_contiguous())
    }

    fn untied_max_pool_backward(x: FlexTensor, dy: FlexTensor) -> FlexTensor {
        let run = match x.dtype() {
            DType::F32 => backward::<f32>,
            DType::F64 => backward::<f64>,
            DType::F16 => backward::<f16>,
            DType::BF16 => backward::<bf16>,
            other => unreachable!("a float tensor of type {other:?}"),
        };
        run(&x.to_contiguous(), &dy.to_contiguous())
    }
}

/// A float type of Burn's.
trait Number: Element + Pod + PartialOrd + Default {}

impl<T: Element + Pod + PartialOrd + Default> Number for T {}

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

    fn at_least(self) -> usize {
        TASK / self.size().max(1) + 1
    }
}

fn forward<T: Number>(x: &FlexTensor) -> FlexTensor {
    let shape = x.layout().shape();
    let planes = Planes::of(shape);
    let pooled = planes.pooled();
    let count = shape[0] * shape[1] * pooled.size();
    let mut y = Vec::with_capacity(count);
    if count > 0 {
        let pool = |(x, y): (&[T], &mut [MaybeUninit<T>])| pool_plane(x, y, planes);
        let x = x.storage::<T>().par_chunks_exact(planes.size());
        let y = y.spare_capacity_mut()[..count].par_chunks_exact_mut(pooled.size());
        x.zip(y).with_min_len(planes.at_least()).for_each(pool);
    }
    // SAFETY: every plane was filled.
    unsafe { y.set_len(count) };
    tensor(y, Shape::new([shape[0], shape[1], pooled.height, pooled.width]))
}

fn backward<T: Number>(x: &FlexTensor, dy: &FlexTensor) -> FlexTensor {
    let shape = x.layout().shape();
    let planes = Planes::of(shape);
    let pooled = planes.pooled();
    let x = x.storage::<T>();
    if pooled.size() == 0 || x.is_empty() {
        return tensor(vec![T::default(); x.len()], shape.clone());
    }
    let mut dx = Vec::with_capacity(x.len());
    x.par_chunks_exact(planes.size())
        .zip(dy.storage::<T>().par_chunks_exact(pooled.size()))
        .zip(dx.spare_capacity_mut()[..x.len()].par_chunks_exact_mut(planes.size()))
        .with_min_len(planes.at_least())
        .for_each(|((x, dy), dx)| unpool_plane(x, dy, dx, planes));
    // SAFETY: every plane was filled.
    unsafe { dx.set_len(x.len()) };
    tensor(dx, shape.clone())
}

/// The two rows above each other that a row of windows covers, as pairs of neighbours.
#[inline(always)]
fn pairs<T>(plane: &[T], width: usize, row: usize) -> [&[[T; 2]]; 2] {
    [0, 1].map(|below| plane[(2 * row + below) * width..][..width].as_chunks::<2>().0)
}

/// The larger one; the second one where one of them is NaN: the processor's own maximum, without a branch.
#[inline(always)]
fn larger<T: Number>(a: T, b: T) -> T {
    if a > b { a } else { b }
}

/// The largest number of a window, or NaN where there is one.
#[inline(always)]
#[expect(clippy::eq_op, reason = "only NaN differs from itself")]
fn largest<T: Number>([[a, b], [c, d]]: [[T; 2]; 2]) -> T {
    let (top, bottom) = (larger(a, b), larger(c, d));
    // `larger` loses a NaN in its first number.
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

#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2+f16c"))]
fn pool_plane<T: Number>(x: &[T], y: &mut [MaybeUninit<T>], planes: Planes) {
    let columns = planes.pooled().width;
    for row in 0..planes.pooled().height {
        let [above, below] = pairs(x, planes.width, row);
        let (above, below, y) = (&above[..columns], &below[..columns], &mut y[row * columns..][..columns]);
        for at in 0..columns {
            y[at].write(largest([above[at], below[at]]));
        }
    }
}

/// Writes dy to the places of the largest numbers in dx, and zero to all others. Their order is random, so that a branch
/// on it would be guessed wrong half the time: numbers are selected instead, in wide registers.
#[multiversion(targets("x86_64+avx512f+avx512vl+avx512bw+avx512dq", "x86_64+avx2+f16c"))]
fn unpool_plane<T: Number>(x: &[T], dy: &[T], dx: &mut [MaybeUninit<T>], planes: Planes) {
    let (width, columns, zero) = (planes.width, planes.pooled().width, T::default());
    for row in 0..planes.pooled().height {
        let [above, below] = pairs(x, width, row);
        let (above, below, dy) = (&above[..columns], &below[..columns], &dy[row * columns..][..columns]);
        let (dx_above, dx_below) = dx[2 * row * width..][..2 * width].split_at_mut(width);
        // Of an odd width.
        for last in [&mut dx_above[2 * columns..], &mut dx_below[2 * columns..]] {
            last.fill(MaybeUninit::new(zero));
        }
        let dx_above = &mut dx_above.as_chunks_mut::<2>().0[..columns];
        let dx_below = &mut dx_below.as_chunks_mut::<2>().0[..columns];
        for at in 0..columns {
            let ([a, b], [c, d], value) = (above[at], below[at], dy[at]);
            let (up, down) = if larger(a, b) < larger(c, d) { (zero, value) } else { (value, zero) };
            dx_above[at] = place(up, a < b, zero);
            dx_below[at] = place(down, c < d, zero);
        }
    }
    // Of an odd height.
    dx[2 * planes.pooled().height * width..].fill(MaybeUninit::new(zero));
}

/// The value at the right or at the left, and zero at the other place.
#[inline(always)]
fn place<T: Number>(value: T, right: bool, zero: T) -> [MaybeUninit<T>; 2] {
    let (left, right) = if right { (zero, value) } else { (value, zero) };
    [MaybeUninit::new(left), MaybeUninit::new(right)]
}

fn tensor<T: Number>(values: Vec<T>, shape: Shape) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(values), Layout::contiguous(shape), T::dtype())
}
