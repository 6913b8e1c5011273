//! Kernels for Flex, Burn's CPU backend: convolution as a product of filters and patches.
//!
//! The product is taken tile by tile in the machine's widest registers. Forward, the filters are the rows of a tile and
//! the patches of neighbouring locations its columns, read from where they lie in the padded image or, where rows are
//! short, from a copy that stays in the cache; the gradient of the input is the same product with the filters turned
//! round. For the gradient of the weight the numbers of a patch are the rows and the filters the columns. The bias is
//! added where the tile is written, and its gradient summed where dy comes into the cache.
//!
//! Results are equal bit by bit on any number of threads. They depend on the machine's registers: it may fuse additions
//! with multiplications, and sums over locations are taken by the lanes of a register first.
#![expect(clippy::inline_always, reason = "only what is inlined is compiled for the machine's wide registers")]

mod bias_sums;
mod dispatch;
mod filters;
mod forward;
mod grid;
mod output;
mod padding;
mod parameters;
mod patches;
mod product;
mod real;
#[cfg(test)]
mod scalar;
mod single;
mod sizes;
mod strips;
mod tile;
mod weight_sums;
mod x_backward;

use burn::backend::Flex;
use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::ops::FloatTensorOps;
use burn::tensor::{Bytes, DType, Shape};

use bias_sums::Sharing;
use output::Addend;
use real::Real;
use sizes::Sizes;

use crate::ConvSpec;

/// y = w ∗ x + b, for f32 and f64.
pub(crate) fn forward(x: FlexTensor, weight: FlexTensor, bias: Option<FlexTensor>, spec: &ConvSpec) -> FlexTensor {
    match x.dtype() {
        DType::F32 => forward_of::<f32>(x, weight, bias, spec),
        _ => forward_of::<f64>(x, weight, bias, spec),
    }
}

/// dx, for f32 and f64.
pub(crate) fn x_backward(weight: FlexTensor, dy: FlexTensor, x_shape: &Shape, spec: &ConvSpec) -> FlexTensor {
    match dy.dtype() {
        DType::F32 => x_backward_of::<f32>(weight, dy, x_shape, spec),
        _ => x_backward_of::<f64>(weight, dy, x_shape, spec),
    }
}

/// dw, and db of the shape asked for, for f32 and f64.
pub(crate) fn parameters_backward(
    x: FlexTensor,
    dy: FlexTensor,
    weight_shape: &Shape,
    bias_shape: Option<&Shape>,
    spec: &ConvSpec,
) -> (FlexTensor, Option<FlexTensor>) {
    match dy.dtype() {
        DType::F32 => parameters_backward_of::<f32>(x, dy, weight_shape, bias_shape, spec),
        _ => parameters_backward_of::<f64>(x, dy, weight_shape, bias_shape, spec),
    }
}

/// db alone, for f32 and f64.
pub(crate) fn bias_backward(dy: &FlexTensor, bias_shape: Shape) -> FlexTensor {
    match dy.dtype() {
        DType::F32 => bias_backward_of::<f32>(&dy.to_contiguous(), bias_shape),
        _ => bias_backward_of::<f64>(&dy.to_contiguous(), bias_shape),
    }
}

fn forward_of<T: Real>(x: FlexTensor, weight: FlexTensor, bias: Option<FlexTensor>, spec: &ConvSpec) -> FlexTensor {
    let shape = spec.output_shape(x.layout().shape(), weight.layout().shape());
    let sizes = Sizes::new(x.layout().shape(), &shape, weight.layout().shape(), spec);
    let sharing = bias.as_ref().map_or(Sharing::None, |bias| Sharing::of(bias.layout().shape()));
    let bias = bias.map(|bias| match sharing {
        Sharing::PerLocation => Flex::float_expand(bias, bias_of_location(&shape)).to_contiguous(),
        _ => bias.to_contiguous(),
    });
    let addend = match (&bias, sharing) {
        (Some(bias), Sharing::PerLocation) => Addend::PerLocation(bias.storage()),
        (Some(bias), _) => Addend::PerFilter(bias.storage()),
        (None, _) => Addend::Nothing,
    };
    let [x, weight] = [x, weight].map(|tensor| tensor.to_contiguous());
    written(shape, |y: *mut T| {
        // SAFETY: y has room for the whole output.
        unsafe { forward::forward(&sizes, x.storage(), weight.storage(), addend, y) };
    })
}

fn x_backward_of<T: Real>(weight: FlexTensor, dy: FlexTensor, x_shape: &Shape, spec: &ConvSpec) -> FlexTensor {
    let sizes = Sizes::new(x_shape, dy.layout().shape(), weight.layout().shape(), spec);
    let [weight, dy] = [weight, dy].map(|tensor| tensor.to_contiguous());
    written(x_shape.clone(), |dx: *mut T| {
        // SAFETY: dx has room for the whole input.
        unsafe { x_backward::x_backward(&sizes, weight.storage(), dy.storage(), dx) };
    })
}

fn parameters_backward_of<T: Real>(
    x: FlexTensor,
    dy: FlexTensor,
    weight_shape: &Shape,
    bias_shape: Option<&Shape>,
    spec: &ConvSpec,
) -> (FlexTensor, Option<FlexTensor>) {
    let y_shape = dy.layout().shape().clone();
    let sizes = Sizes::new(x.layout().shape(), &y_shape, weight_shape, spec);
    let sharing = bias_shape.map_or(Sharing::None, |shape| Sharing::of(shape));
    let [x, dy] = [x, dy].map(|tensor| tensor.to_contiguous());
    let (dw, db) = parameters::parameters_backward::<T>(&sizes, x.storage(), dy.storage(), sharing);
    let db = bias_shape.map(|shape| bias_gradient::<T>(db, &y_shape, shape.clone()));
    (tensor(dw, weight_shape.clone()), db)
}

fn bias_backward_of<T: Real>(dy: &FlexTensor, bias_shape: Shape) -> FlexTensor {
    let shape = dy.layout().shape();
    let sums = bias_sums::over_images(
        dy.storage::<T>(),
        [shape[0], shape[1], shape[2..].iter().product()],
        Sharing::of(&bias_shape),
    );
    bias_gradient::<T>(sums, shape, bias_shape)
}

/// db from sums per filter, or per filter and location of y.
fn bias_gradient<T: Real>(sums: Vec<f64>, y: &[usize], shape: Shape) -> FlexTensor {
    let all = bias_of_location(y);
    let shared = sums.len() != shape.num_elements();
    let sums = if shared { share(&sums, &all, &shape) } else { sums };
    tensor(sums.into_iter().map(T::from_f64).collect(), shape)
}

/// Shape of a bias with one number per filter and location of y.
fn bias_of_location(y: &[usize]) -> Shape {
    Shape::from(y[1..].to_vec())
}

/// Adds the sums of the locations that share a number of the bias.
fn share(sums: &[f64], from: &[usize], to: &[usize]) -> Vec<f64> {
    let mut shared = vec![0.0; to.iter().product()];
    for (mut at, sum) in sums.iter().enumerate() {
        let (mut place, mut stride) = (0, 1);
        for (&size, &own) in from.iter().zip(to).rev() {
            place += at % size % own * stride;
            (at, stride) = (at / size, stride * own);
        }
        shared[place] += sum;
    }
    shared
}

/// A tensor whose numbers `write` writes, all of them.
fn written<T: Real>(shape: Shape, write: impl FnOnce(*mut T)) -> FlexTensor {
    let count = shape.num_elements();
    let mut values = Vec::with_capacity(count);
    write(values.as_mut_ptr());
    // SAFETY: all were written.
    unsafe { values.set_len(count) };
    tensor(values, shape)
}

fn tensor<T: Real>(values: Vec<T>, shape: Shape) -> FlexTensor {
    FlexTensor::new(Bytes::from_elems(values), Layout::contiguous(shape), T::dtype())
}
