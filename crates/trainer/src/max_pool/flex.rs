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
    let mut y = vec![T::default(); shape[0] * shape[1] * pooled.size()];
    if !y.is_empty() {
        let pool = |(x, y): (&[T], &mut [T])| pool_plane(x, y, planes);
        let x = x.storage::<T>().par_chunks_exact(planes.size());
        x.zip(y.par_chunks_exact_mut(pooled.size())).with_min_len(planes.at_least()).for_each(pool);
    }
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
fn pool_plane<T: Number>(x: &[T], y: &mut [T], planes: Planes) {
    let columns = planes.pooled().width;
    for row in 0..planes.pooled().height {
        let [above, below] = pairs(x, planes.width, row);
        let (above, below, y) = (&above[..columns], &below[..columns], &mut y[row * columns..][..columns]);
        for at in 0..columns {
            y[at] = largest([above[at], below[at]]);
        }
    }
}

/// Writes dy to the places of the largest numbers in dx, and zero to all others. Their order is random, so that a branch on it
/// would be guessed wrong half the time: places are computed instead.
fn unpool_plane<T: Number>(x: &[T], dy: &[T], dx: &mut [MaybeUninit<T>], planes: Planes) {
    dx.fill(MaybeUninit::new(T::default()));
    let columns = planes.pooled().width;
    for row in 0..planes.pooled().height {
        let [above, below] = pairs(x, planes.width, row);
        let (above, below, dy) = (&above[..columns], &below[..columns], &dy[row * columns..][..columns]);
        let dx = &mut dx[2 * row * planes.width..][..2 * planes.width];
        for at in 0..columns {
            let [[a, b], [c, d]] = [above[at], below[at]];
            let down = usize::from(larger(a, b) < larger(c, d));
            let (right_above, right_below) = (usize::from(a < b), usize::from(c < d));
            let right = (right_above & (1 - down)) | (right_below & down);
            dx[down * planes.width + 2 * at + right].write(dy[at]);
        }
    }
}

fn tensor<T: Number>(values: Vec<T>, shape: Shape) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(values), Layout::contiguous(shape), T::dtype())
}
