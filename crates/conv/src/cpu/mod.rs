//! Kernels for Flex, Burn's CPU backend, in f32 and f64: convolution as a product of weights and patches. Other types take
//! Burn's primitives.
//!
//! The product ([`gemm`]) is taken tile by tile in the machine's widest registers. Forward, the filters are the rows of a
//! tile and the patches of neighbouring locations its columns, read from the padded image itself or, where rows are
//! short, from a packed panel that stays in the cache ([`im2col`]); the gradient of the input is the same product with the
//! filters turned round. For the gradient of the weight the elements of a patch are the rows and the filters the columns.
//! The bias is added where the tile is written, and in evaluation what follows is done there; the bias's gradient is summed
//! where dy comes into the cache, or, beside large weights, by itself.
//!
//! Results are equal bit by bit on any number of threads. They depend on the machine's registers: it may fuse additions
//! with multiplications, and sums over locations are taken by the lanes of a register first.
#![expect(clippy::inline_always, reason = "only what is inlined is compiled for the machine's wide registers")]

mod forward;
mod gemm;
mod im2col;
mod input_gradient;
mod parameter_gradients;
mod simd;

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::backend::ops::FloatTensorOps;
use burn::tensor::Shape;
use untied_kernels::cpu::{Parts, Real, RunningMap, filled, tensor};
use untied_kernels::for_real;

use gemm::epilogue::Addend;
use gemm::tail::Tail;
use parameter_gradients::bias::{Sharing, bias_gradient, over_images};

use crate::epilogue::follow;
use crate::{ConvBackend, ConvSpec, EpilogueTensors, Given, primitives};

impl ConvBackend for Flex {
    fn untied_conv(x: FlexTensor, weight: FlexTensor, spec: ConvSpec) -> FlexTensor {
        forward(x, weight, None, spec)
    }

    fn untied_conv_bias(x: FlexTensor, weight: FlexTensor, bias: FlexTensor, spec: ConvSpec) -> FlexTensor {
        forward(x, weight, Some(bias), spec)
    }

    fn untied_conv_epilogue(
        x: FlexTensor,
        weight: FlexTensor,
        bias: Given<Self>,
        epilogue: EpilogueTensors<Self>,
        spec: ConvSpec,
    ) -> FlexTensor {
        for_real!(
            x.dtype(),
            T => with_epilogue::<T>(x, weight, bias.tensor(), epilogue, &spec),
            else follow::<Self>(primitives::forward::<Self>(x, weight, bias.tensor(), spec), epilogue)
        )
    }

    fn untied_conv_x_backward(weight: FlexTensor, dy: FlexTensor, spec: ConvSpec) -> FlexTensor {
        for_real!(
            dy.dtype(),
            T => input_gradient::<T>(weight, dy, &spec),
            else primitives::x_backward::<Self>(weight, dy, spec)
        )
    }

    fn untied_conv_weight_backward(x: FlexTensor, dy: FlexTensor, spec: ConvSpec) -> FlexTensor {
        for_real!(
            dy.dtype(),
            T => parameter_gradients::<T>(x, dy, Sharing::None, &spec).0,
            else primitives::weight_backward::<Self>(x, dy, spec)
        )
    }

    fn untied_conv_bias_backward(dy: FlexTensor, bias_shape: Shape) -> FlexTensor {
        for_real!(
            dy.dtype(),
            T => bias_gradient::<T>(over_images::<T>(&dy.to_contiguous(), &bias_shape), dy.layout().shape(), bias_shape),
            else primitives::bias_backward::<Self>(dy, bias_shape)
        )
    }

    fn untied_conv_parameters_backward(
        x: FlexTensor,
        dy: FlexTensor,
        bias_shape: Shape,
        spec: ConvSpec,
    ) -> (FlexTensor, FlexTensor) {
        for_real!(
            dy.dtype(),
            T => {
                let (dw, sums) = parameter_gradients::<T>(x, dy, Sharing::of(&bias_shape), &spec);
                (dw, bias_gradient::<T>(sums, &spec.y_shape(), bias_shape))
            },
            else (
                primitives::weight_backward::<Self>(x, dy.clone(), spec),
                primitives::bias_backward::<Self>(dy, bias_shape)
            )
        )
    }
}

fn forward(x: FlexTensor, weight: FlexTensor, bias: Option<FlexTensor>, spec: ConvSpec) -> FlexTensor {
    for_real!(
        x.dtype(),
        T => output::<T>(x, weight, bias, None, &spec),
        else primitives::forward::<Flex>(x, weight, bias, spec)
    )
}

/// What the epilogue makes of y.
fn with_epilogue<T: Real>(
    x: FlexTensor,
    weight: FlexTensor,
    bias: Option<FlexTensor>,
    EpilogueTensors { gamma, beta, mean, var, epsilon, other, relu }: EpilogueTensors<Flex>,
    spec: &ConvSpec,
) -> FlexTensor {
    let shape = spec.y_shape();
    let rows = [gamma, beta, mean, var].map(|row| row.to_contiguous());
    for row in &rows {
        check("a row of the norm", row, &Shape::new([shape[1]]));
    }
    let map = |filter: usize| RunningMap::new(rows.each_ref().map(|row| row.storage::<T>()[filter]), epsilon);
    let maps: Vec<_> = (0..shape[1]).map(map).collect();
    let other = other.tensor().map(|other| other.to_contiguous());
    if let Some(other) = &other {
        check("an addend", other, &shape);
    }
    let other = other.as_ref().map(FlexTensor::storage);
    output::<T>(x, weight, bias, Some(Tail { maps: &maps, other, relu }), spec)
}

/// y, or what a tail makes of it.
fn output<T: Real>(
    x: FlexTensor,
    weight: FlexTensor,
    bias: Option<FlexTensor>,
    tail: Option<Tail<T>>,
    spec: &ConvSpec,
) -> FlexTensor {
    check("x", &x, &spec.x_shape());
    check("a weight", &weight, &spec.weight_shape());
    if let Some(bias) = &bias {
        spec.check_bias(bias.layout().shape()).unwrap_or_else(|error| panic!("{error}"));
    }
    let shape = spec.y_shape();
    let sharing = bias.as_ref().map_or(Sharing::None, |bias| Sharing::of(bias.layout().shape()));
    let bias = bias.map(|bias| match sharing {
        Sharing::PerLocation => Flex::float_expand(bias, Shape::from(shape[1..].to_vec())).to_contiguous(),
        _ => bias.to_contiguous(),
    });
    let addend = match (&bias, sharing) {
        (Some(bias), Sharing::PerLocation) => Addend::PerLocation(bias.storage()),
        (Some(bias), _) => Addend::PerFilter(bias.storage()),
        (None, _) => Addend::Nothing,
    };
    let [x, weight] = [x, weight].map(|tensor| tensor.to_contiguous());
    // SAFETY: all of y is written, for which it has room.
    unsafe {
        filled(shape, |y| forward::forward::<T>(spec, x.storage(), weight.storage(), addend, tail, &Parts::uninit(y))).0
    }
}

/// dx.
fn input_gradient<T: Real>(weight: FlexTensor, dy: FlexTensor, spec: &ConvSpec) -> FlexTensor {
    check("a weight", &weight, &spec.weight_shape());
    check("dy", &dy, &spec.y_shape());
    let [weight, dy] = [weight, dy].map(|tensor| tensor.to_contiguous());
    // SAFETY: all of dx is written, for which it has room.
    unsafe {
        filled(spec.x_shape(), |dx| {
            input_gradient::input_gradient::<T>(spec, weight.storage(), dy.storage(), &Parts::uninit(dx));
        })
        .0
    }
}

/// dw, and the sums of dy that the bias wants.
fn parameter_gradients<T: Real>(
    x: FlexTensor,
    dy: FlexTensor,
    bias: Sharing,
    spec: &ConvSpec,
) -> (FlexTensor, Vec<f64>) {
    check("x", &x, &spec.x_shape());
    check("dy", &dy, &spec.y_shape());
    let [x, dy] = [x, dy].map(|tensor| tensor.to_contiguous());
    let (dw, sums) = parameter_gradients::parameter_gradients::<T>(spec, x.storage(), dy.storage(), bias);
    (tensor(dw, spec.weight_shape()), sums)
}

/// Refuses a tensor of other sizes than the kernels trust.
fn check(what: &str, tensor: &FlexTensor, expected: &Shape) {
    let got = tensor.layout().shape();
    assert!(got == expected, "convolution: expected {what} {:?}, got {:?}", expected.as_slice(), got.as_slice());
}
