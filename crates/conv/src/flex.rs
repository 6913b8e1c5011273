//! Convolution on Flex, Burn's CPU backend: kernels for f32 and f64, Burn's primitives for the other types.

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::{DType, Shape};

use crate::{ConvBackend, ConvSpec, cpu, primitives};

impl ConvBackend for Flex {
    fn untied_conv(x: FlexTensor, weight: FlexTensor, spec: ConvSpec) -> FlexTensor {
        forward(x, weight, None, spec)
    }

    fn untied_conv_bias(x: FlexTensor, weight: FlexTensor, bias: FlexTensor, spec: ConvSpec) -> FlexTensor {
        forward(x, weight, Some(bias), spec)
    }

    fn untied_conv_x_backward(weight: FlexTensor, dy: FlexTensor, x_shape: Shape, spec: ConvSpec) -> FlexTensor {
        if has_kernels(&dy) {
            cpu::x_backward(weight, dy, &x_shape, &spec)
        } else {
            primitives::x_backward::<Self>(weight, dy, x_shape, spec)
        }
    }

    fn untied_conv_weight_backward(x: FlexTensor, dy: FlexTensor, weight_shape: Shape, spec: ConvSpec) -> FlexTensor {
        if has_kernels(&dy) {
            cpu::parameters_backward(x, dy, &weight_shape, None, &spec).0
        } else {
            primitives::weight_backward::<Self>(x, dy, weight_shape, spec)
        }
    }

    fn untied_conv_bias_backward(dy: FlexTensor, bias_shape: Shape) -> FlexTensor {
        if has_kernels(&dy) {
            cpu::bias_backward(&dy, bias_shape)
        } else {
            primitives::bias_backward::<Self>(dy, bias_shape)
        }
    }

    fn untied_conv_parameters_backward(
        x: FlexTensor,
        dy: FlexTensor,
        weight_shape: Shape,
        bias_shape: Shape,
        spec: ConvSpec,
    ) -> (FlexTensor, FlexTensor) {
        if has_kernels(&dy) {
            let (dw, db) = cpu::parameters_backward(x, dy, &weight_shape, Some(&bias_shape), &spec);
            return (dw, db.expect("asked for"));
        }
        let db = Self::untied_conv_bias_backward(dy.clone(), bias_shape);
        (primitives::weight_backward::<Self>(x, dy, weight_shape, spec), db)
    }
}

fn forward(x: FlexTensor, weight: FlexTensor, bias: Option<FlexTensor>, spec: ConvSpec) -> FlexTensor {
    if has_kernels(&x) {
        cpu::forward(x, weight, bias, &spec)
    } else {
        primitives::forward::<Flex>(x, weight, bias, spec)
    }
}

fn has_kernels(x: &FlexTensor) -> bool {
    matches!(x.dtype(), DType::F32 | DType::F64)
}
