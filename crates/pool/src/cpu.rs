//! Max pooling and subsampling on Flex, Burn's CPU backend: row by row, in the machine's wide registers.
#![expect(clippy::inline_always, reason = "only what is inlined is compiled for the machine's wide registers")]

use std::mem::MaybeUninit;

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::Shape;
use rayon::prelude::*;
use untied_kernels::cpu::pooling::{Planes, pooled, unpooled};
use untied_kernels::cpu::{Element, filled, prefetch};
use untied_kernels::{for_element, vectorized};

use crate::PoolBackend;
use crate::operation::subsampled;

/// Elements of x that are worth a task of their own.
const TASK: usize = 1 << 14;

/// Bytes ahead that are asked for, in rows that are taken: the processor does not see those coming. (1024 left twice as many
/// samples there, 4096 no fewer; resnet8's shortcuts, Zen 3.)
const AHEAD: usize = 2048;

impl PoolBackend for Flex {
    fn untied_max_pool(x: FlexTensor) -> FlexTensor {
        for_element!(x.dtype(), E => pooled::<E>(&x.to_contiguous()))
    }

    fn untied_max_pool_backward(x: FlexTensor, dy: FlexTensor) -> FlexTensor {
        for_element!(x.dtype(), E => unpooled::<E>(&x.to_contiguous(), &dy.to_contiguous()))
    }

    fn untied_subsample(x: FlexTensor, stride: [usize; 2]) -> FlexTensor {
        for_element!(x.dtype(), E => taken::<E>(&x.to_contiguous(), stride))
    }

    fn untied_subsample_backward(dy: FlexTensor, x: Shape, stride: [usize; 2]) -> FlexTensor {
        for_element!(dy.dtype(), E => spread::<E>(&dy.to_contiguous(), x, stride))
    }
}

/// Every `stride`-th row and column of planes `[n, c, h, w]`.
fn taken<E: Element>(x: &FlexTensor, stride: [usize; 2]) -> FlexTensor {
    let (planes, shape) = (Planes::of(x), subsampled(x.layout().shape(), stride));
    let (size, left) = (planes.size(), shape[2] * shape[3]);
    let together = TASK / size.max(1) + 1;
    let fill = |y: &mut [MaybeUninit<E>]| {
        if !y.is_empty() {
            let tasks = x.storage::<E>().par_chunks(size * together).zip(y.par_chunks_mut(left * together));
            tasks.for_each(|(x, y)| vectorized!(take(x, y, planes, stride)));
        }
    };
    // SAFETY: every plane is filled.
    unsafe { filled(shape, fill) }.0
}

#[inline(always)]
fn take<E: Element>(x: &[E], y: &mut [MaybeUninit<E>], planes: Planes, [down, across]: [usize; 2]) {
    let width = planes.width.div_ceil(across);
    let rows = x.chunks_exact(planes.size()).flat_map(
        #[inline(always)]
        |plane| plane.chunks_exact(planes.width).step_by(down),
    );
    let taken = down * planes.width;
    let ahead = (AHEAD / size_of::<E>() / taken).max(1) * taken;
    for (x, y) in rows.zip(y.chunks_exact_mut(width)) {
        prefetch(x, ahead);
        // A stride that the compiler knows keeps registers full.
        if across == 2 {
            let (pairs, last) = x.as_chunks::<2>();
            y.iter_mut().zip(pairs).for_each(
                #[inline(always)]
                |(y, &[x, _])| {
                    y.write(x);
                },
            );
            if let [x] = last {
                y[width - 1].write(*x);
            }
        } else {
            y.iter_mut().zip(x.iter().step_by(across)).for_each(
                #[inline(always)]
                |(y, &x)| {
                    y.write(x);
                },
            );
        }
    }
}

/// Planes of this shape whose every `stride`-th row and column is dy's, with zeros between them.
fn spread<E: Element>(dy: &FlexTensor, shape: Shape, stride: [usize; 2]) -> FlexTensor {
    let planes = Planes { height: shape[2], width: shape[3] };
    let (size, left) = (planes.size(), dy.layout().shape()[2] * dy.layout().shape()[3]);
    let together = TASK / size.max(1) + 1;
    let fill = |dx: &mut [MaybeUninit<E>]| {
        if !dx.is_empty() {
            let tasks = dy.storage::<E>().par_chunks(left * together).zip(dx.par_chunks_mut(size * together));
            tasks.for_each(|(dy, dx)| vectorized!(give(dy, dx, planes, stride)));
        }
    };
    // SAFETY: every plane is filled.
    unsafe { filled(shape, fill) }.0
}

#[inline(always)]
fn give<E: Element>(dy: &[E], dx: &mut [MaybeUninit<E>], planes: Planes, [down, across]: [usize; 2]) {
    let (height, width) = (planes.height.div_ceil(down), planes.width.div_ceil(across));
    for (dy, dx) in dy.chunks_exact(height * width).zip(dx.chunks_exact_mut(planes.size())) {
        for (row, dx) in dx.chunks_exact_mut(planes.width).enumerate() {
            if !row.is_multiple_of(down) {
                dx.fill(MaybeUninit::new(E::default()));
                continue;
            }
            let dy = &dy[row / down * width..][..width];
            if across == 2 {
                let (pairs, last) = dx.as_chunks_mut::<2>();
                pairs.iter_mut().zip(dy).for_each(
                    #[inline(always)]
                    |(dx, &dy)| *dx = [MaybeUninit::new(dy), MaybeUninit::new(E::default())],
                );
                if let [dx] = last {
                    dx.write(dy[width - 1]);
                }
            } else {
                dx.fill(MaybeUninit::new(E::default()));
                dx.iter_mut().step_by(across).zip(dy).for_each(
                    #[inline(always)]
                    |(dx, &dy)| {
                        dx.write(dy);
                    },
                );
            }
        }
    }
}
