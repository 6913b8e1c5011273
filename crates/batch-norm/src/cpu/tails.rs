//! The operations that end with what stands behind the norm, and inference, on tensors.

use std::mem::MaybeUninit;

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex};
use burn::tensor::Shape;
use untied_kernels::cpu::pooling::{self, Planes};
use untied_kernels::cpu::{Element, Parts, Real, RunningMap, filled, tensor};
use untied_kernels::{for_real, norm_by_given_statistics};

use super::arguments::{BackwardArguments, Dims, ForwardArguments};
use super::gradient::Gradient;
use super::inference::normalize;
use super::training::{backward, contiguous, forward, of_parameters, rows};
use super::{pooled, residual};
use crate::arguments;

/// max(u + other, 0) and the statistics; all are contiguous.
pub(super) fn add_relu<E: Element>(
    x: &FlexTensor,
    [gamma, beta]: &[FlexTensor; 2],
    other: FlexTensor,
    epsilon: f64,
) -> (FlexTensor, FlexTensor) {
    let dims = Dims::of(x);
    let in_one_pass = for_real!(
        x.dtype(),
        T => (!dims.has_short_rows()).then(|| {
            let task = forward_arguments::<T>(x, dims, [gamma, beta], epsilon);
            let fill = |y: &mut [MaybeUninit<T>]| residual::forward(&task, other.storage(), &Parts::uninit(y));
            // SAFETY: every channel, and so every element, is written.
            let (y, statistics) = unsafe { filled(x.layout().shape().clone(), fill) };
            (y, rows(&statistics))
        }),
        else None
    );
    in_one_pass.unwrap_or_else(|| {
        let (u, statistics) = forward::<E>(x, gamma, beta, epsilon, false);
        (rectified_sum::<Flex>(u, other), statistics)
    })
}

/// (dx, dγ, dβ, ∂J/∂other); all but dy are contiguous.
pub(super) fn add_relu_backward<E: Element>(
    x: &FlexTensor,
    rows: &[FlexTensor; 3],
    y: FlexTensor,
    dy: FlexTensor,
) -> (FlexTensor, FlexTensor, FlexTensor, FlexTensor) {
    let dims = Dims::of(x);
    if dims.has_short_rows() {
        return add_relu_backward_apart::<E>(x, rows, y, dy);
    }
    for_real!(
        x.dtype(),
        T => {
            let task = backward_arguments::<T>(x, dims, rows);
            add_relu_backward_in_one_pass(x, &task, y.storage(), contiguous(dy))
        },
        else add_relu_backward_apart::<E>(x, rows, y, dy)
    )
}

fn add_relu_backward_apart<E: Element>(
    x: &FlexTensor,
    rows: &[FlexTensor; 3],
    y: FlexTensor,
    dy: FlexTensor,
) -> (FlexTensor, FlexTensor, FlexTensor, FlexTensor) {
    let du = cut::<Flex>(y, dy);
    let (dx, dgamma, dbeta) = backward::<E>(x, rows, du.clone(), false);
    (dx, dgamma, dbeta, du)
}

fn add_relu_backward_in_one_pass<T: Real>(
    x: &FlexTensor,
    task: &BackwardArguments<T>,
    y: &[T],
    mut dy: FlexTensor,
) -> (FlexTensor, FlexTensor, FlexTensor, FlexTensor) {
    let shape = || x.layout().shape().clone();
    let run = |sum: &Gradient<T>| {
        let fill = |dx: &mut [MaybeUninit<T>]| residual::backward(task, y, sum, &Parts::uninit(dx));
        // SAFETY: every channel, and so every element, is written.
        unsafe { filled(shape(), fill) }
    };
    let (sum, (dx, gradients)) = if let Some(given) = dy.try_storage_mut::<T>() {
        // Nobody else needs dy: the gradient of the sum takes its memory.
        let results = run(&Gradient::in_place(given));
        (dy, results)
    } else {
        let fill = |sum: &mut [MaybeUninit<T>]| run(&Gradient::apart(dy.storage(), sum));
        // SAFETY: every channel, and so every element, is written.
        unsafe { filled(shape(), fill) }
    };
    let [dgamma, dbeta] = of_parameters::<T>(&gradients);
    (dx, dgamma, dbeta, sum)
}

/// The 2×2 max pooling of max(u, 0), and the statistics; x is contiguous.
pub(super) fn relu_pool<E: Element>(
    x: &FlexTensor,
    [gamma, beta]: &[FlexTensor; 2],
    epsilon: f64,
) -> (FlexTensor, FlexTensor) {
    let (dims, planes) = (Dims::of(x), Planes::of(x));
    let shape = Shape::from(arguments::pooled(x.layout().shape()).to_vec());
    let in_one_pass = for_real!(
        x.dtype(),
        T => pooled::fits(dims, planes).then(|| {
            let task = forward_arguments::<T>(x, dims, [gamma, beta], epsilon);
            // SAFETY: every channel, and so every element, is written.
            let (y, statistics) = unsafe { filled(shape, |y| pooled::forward(&task, planes, &Parts::<T>::uninit(y))) };
            (y, rows(&statistics))
        }),
        else None
    );
    in_one_pass.unwrap_or_else(|| {
        let (y, statistics) = forward::<E>(x, gamma, beta, epsilon, true);
        (pooling::pooled::<E>(&y), statistics)
    })
}

/// (dx, dγ, dβ), given the gradient of the pooled y; all are contiguous.
pub(super) fn relu_pool_backward<E: Element>(
    x: &FlexTensor,
    rows: &[FlexTensor; 3],
    dy: &FlexTensor,
) -> (FlexTensor, FlexTensor, FlexTensor) {
    let (dims, planes) = (Dims::of(x), Planes::of(x));
    let shape = x.layout().shape();
    let in_one_pass = for_real!(
        x.dtype(),
        T => pooled::fits(dims, planes).then(|| {
            let task = backward_arguments::<T>(x, dims, rows);
            let fill = |dx: &mut [MaybeUninit<T>]| {
                pooled::backward(&task, planes, dy.storage(), &Gradient::in_new(dx))
            };
            // SAFETY: every channel, and so every element, is written.
            let (dx, gradients) = unsafe { filled(shape.clone(), fill) };
            let [dgamma, dbeta] = of_parameters::<T>(&gradients);
            (dx, dgamma, dbeta)
        }),
        else None
    );
    in_one_pass.unwrap_or_else(|| {
        let y = tensor(pooled::rectified(&backward_arguments::<E>(x, dims, rows)), shape.clone());
        backward::<E>(x, rows, pooling::unpooled::<E>(&y, dy), true)
    })
}

/// y by running statistics, rectified where asked for, in the memory of x where nobody else holds it.
pub(super) fn inference(x: FlexTensor, rows: [FlexTensor; 4], epsilon: f64, relu: bool) -> FlexTensor {
    for_real!(
        x.dtype(),
        T => normalized::<T>(x, &rows, epsilon, None, relu),
        else {
            let y = norm_by_given_statistics::<Flex>(x, rows, epsilon);
            if relu { rectified::<Flex>(y) } else { y }
        }
    )
}

/// max(y + other, 0) of the same; other is contiguous.
pub(super) fn inference_add_relu(x: FlexTensor, other: FlexTensor, rows: [FlexTensor; 4], epsilon: f64) -> FlexTensor {
    for_real!(
        x.dtype(),
        T => normalized::<T>(x, &rows, epsilon, Some(other.storage()), true),
        else rectified_sum::<Flex>(norm_by_given_statistics::<Flex>(x, rows, epsilon), other)
    )
}

fn normalized<T: Real>(
    x: FlexTensor,
    rows: &[FlexTensor; 4],
    epsilon: f64,
    other: Option<&[T]>,
    relu: bool,
) -> FlexTensor {
    let dims = Dims::of(&x);
    let map = |channel: usize| rows.each_ref().map(|row| row.storage::<T>()[channel]);
    let maps: Vec<_> = (0..dims.c).map(|channel| RunningMap::new(map(channel), epsilon)).collect();
    let mut y = contiguous(x);
    normalize(y.storage_mut::<T>(), dims, &maps, other, relu);
    y
}

fn rectified<B: Backend>(y: FloatTensor<B>) -> FloatTensor<B> {
    B::relu(y)
}

fn rectified_sum<B: Backend>(a: FloatTensor<B>, b: FloatTensor<B>) -> FloatTensor<B> {
    B::relu(B::float_add(a, b))
}

/// dy where y > 0, else 0.
fn cut<B: Backend>(y: FloatTensor<B>, dy: FloatTensor<B>) -> FloatTensor<B> {
    B::relu_backward(y, dy)
}

fn forward_arguments<'a, E: Element>(
    x: &'a FlexTensor,
    dims: Dims,
    [gamma, beta]: [&'a FlexTensor; 2],
    epsilon: f64,
) -> ForwardArguments<'a, E> {
    ForwardArguments { x: x.storage(), dims, gamma: gamma.storage(), beta: beta.storage(), epsilon }
}

fn backward_arguments<'a, E: Element>(
    x: &'a FlexTensor,
    dims: Dims,
    rows: &'a [FlexTensor; 3],
) -> BackwardArguments<'a, E> {
    let [gamma, beta, statistics] = rows.each_ref().map(FlexTensor::storage);
    BackwardArguments { x: x.storage(), dims, gamma, beta, statistics }
}
