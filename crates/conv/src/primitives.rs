//! Convolution, its bias and their gradients in a backend's primitives: what a backend without kernels of its own
//! computes.
//!
//! A sequence is convolved as an image of height 1, uneven padding becomes part of the input, and strides beyond the
//! kernel become zeros between gradients, since Burn's own one-dimensional weight gradient fails with groups and a
//! stride that leaves a rest, its gradients of volumes ignore the padding at the end, and those on GPUs are zero where
//! the stride exceeds the kernel.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};
use burn::tensor::ops::PadMode;
use burn::tensor::{DType, FloatDType, Shape};

use crate::ConvSpec;

/// w ∗ x + b.
pub(crate) fn forward<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: Option<FloatTensor<B>>,
    spec: ConvSpec,
) -> FloatTensor<B> {
    let output = spec.output_shape(&x.shape(), &weight.shape());
    let (x, weight) = (as_image::<B>(x), as_image::<B>(weight));
    let (x, spec) = pad::<B>(x, spec);
    // A bias of one number per filter is part of Burn's own convolution.
    let (tied, untied) = match bias {
        Some(bias) if bias.shape().num_elements() == output[1] => {
            (Some(B::float_reshape(bias, Shape::new([output[1]]))), None)
        }
        other => (None, other),
    };
    let y = match x.shape().num_dims() {
        4 => B::conv2d(x, weight, tied, spec.options()),
        _ => B::conv3d(x, weight, tied, spec.options()),
    };
    let y = B::float_reshape(y, output);
    match untied {
        Some(bias) => {
            let broadcast = Shape::from([&[1], &bias.shape()[..]].concat());
            B::float_add(y, B::float_reshape(bias, broadcast))
        }
        None => y,
    }
}

/// dx, `x_shape` being the shape of x.
pub(crate) fn x_backward<B: Backend>(
    weight: FloatTensor<B>,
    dy: FloatTensor<B>,
    x_shape: Shape,
    spec: ConvSpec,
) -> FloatTensor<B> {
    let (weight, dy) = (as_image::<B>(weight), as_image::<B>(dy));
    let image = image_shape(&x_shape);
    let (padded, inner) = pad_shape(&image, spec);
    let even = inner == spec;
    let (dy, inner) = spread::<B>(dy, &padded, &weight.shape(), inner);
    // Only its shape is read.
    let x = B::float_empty(padded, &weight.device(), weight.dtype().into());
    let dx = match image.num_dims() {
        4 => B::conv2d_x_backward(x, weight, dy, inner.options()),
        _ => B::conv3d_x_backward(x, weight, dy, inner.options()),
    };
    let dx = if even { dx } else { crop::<B>(dx, &image, spec) };
    B::float_reshape(dx, x_shape)
}

/// dw, `weight_shape` being the shape of w.
pub(crate) fn weight_backward<B: Backend>(
    x: FloatTensor<B>,
    dy: FloatTensor<B>,
    weight_shape: Shape,
    spec: ConvSpec,
) -> FloatTensor<B> {
    let (x, dy) = (as_image::<B>(x), as_image::<B>(dy));
    let (x, spec) = pad::<B>(x, spec);
    // Only its shape is read.
    let weight = B::float_empty(image_shape(&weight_shape), &x.device(), x.dtype().into());
    let dw = match x.shape().num_dims() {
        4 => B::conv2d_weight_backward(x, weight, dy, spec.options()),
        _ => B::conv3d_weight_backward(x, weight, dy, spec.options()),
    };
    B::float_reshape(dw, weight_shape)
}

/// db: dy summed over the images and over the axes along which the bias is 1; in f32 where dy has half precision.
pub(crate) fn bias_backward<B: Backend>(dy: FloatTensor<B>, bias_shape: Shape) -> FloatTensor<B> {
    let dtype = dy.dtype();
    let wide = if matches!(dtype, DType::F16 | DType::BF16) { DType::F32 } else { dtype };
    let mut sum = B::float_sum_dim(B::float_cast(dy, FloatDType::from(wide)), 0);
    for axis in 1..bias_shape.num_dims() {
        if bias_shape[axis] == 1 {
            sum = B::float_sum_dim(sum, axis + 1);
        }
    }
    B::float_cast(B::float_reshape(sum, bias_shape), FloatDType::from(dtype))
}

/// A sequence as an image of height 1; images and volumes as they are.
fn as_image<B: Backend>(tensor: FloatTensor<B>) -> FloatTensor<B> {
    let shape = image_shape(&tensor.shape());
    B::float_reshape(tensor, shape)
}

fn image_shape(shape: &Shape) -> Shape {
    match shape[..] {
        [n, c, length] => Shape::new([n, c, 1, length]),
        _ => shape.clone(),
    }
}

/// x with uneven padding put around it, and what is left to do; even padding stays as it is.
fn pad<B: Backend>(x: FloatTensor<B>, spec: ConvSpec) -> (FloatTensor<B>, ConvSpec) {
    let (_, inner) = pad_shape(&x.shape(), spec);
    if inner == spec {
        return (x, spec);
    }
    let padding = spatial_padding(x.shape().num_dims(), spec).map(|[before, after]| (before, after));
    let padding = [(0, 0); 2].into_iter().chain(padding).collect::<Vec<_>>();
    (B::float_pad(x, &padding, PadMode::Constant(0.0)), inner)
}

/// As [`pad`], for the shape alone.
fn pad_shape(shape: &Shape, spec: ConvSpec) -> (Shape, ConvSpec) {
    if spec.padding.iter().all(|[before, after]| before == after) {
        return (shape.clone(), spec);
    }
    let mut padded = shape.clone();
    for (axis, [before, after]) in spatial_padding(shape.num_dims(), spec).enumerate() {
        padded[axis + 2] += before + after;
    }
    (padded, ConvSpec { padding: [[0; 2]; 3], ..spec })
}

/// What [`pad`] added, taken away.
fn crop<B: Backend>(x: FloatTensor<B>, shape: &Shape, spec: ConvSpec) -> FloatTensor<B> {
    let starts = [0; 2].into_iter().chain(spatial_padding(shape.num_dims(), spec).map(|[before, _]| before));
    let ranges = starts.zip(shape.iter()).map(|(start, size)| (start..start + size).into()).collect::<Vec<_>>();
    B::float_slice(x, &ranges)
}

/// Volumes alone: along an axis whose stride is beyond the kernel, the same gradients with zeros between them, and a
/// stride of 1.
fn spread<B: Backend>(
    mut dy: FloatTensor<B>,
    x: &Shape,
    weight: &Shape,
    mut spec: ConvSpec,
) -> (FloatTensor<B>, ConvSpec) {
    for axis in (2..5).filter(|_| x.num_dims() == 5) {
        let (at, kernel) = (axis - 2, weight[axis]);
        let (stride, dilation, [before, after]) = (spec.stride[at], spec.dilation[at], spec.padding[at]);
        if stride > dilation * kernel {
            let locations = before + x[axis] + after - dilation * (kernel - 1);
            dy = apart::<B>(dy, axis, stride, locations);
            spec.stride[at] = 1;
        }
    }
    (dy, spec)
}

/// The values along an axis `stride` apart, with zeros between them and behind them, `size` in all.
fn apart<B: Backend>(tensor: FloatTensor<B>, axis: usize, stride: usize, size: usize) -> FloatTensor<B> {
    let mut shape = tensor.shape();
    let count = shape[axis];
    let outer = shape[..axis].iter().product();
    let inner = shape[axis + 1..].iter().product();
    let tensor = B::float_reshape(tensor, Shape::new([outer, count, 1, inner]));
    let padding = [(0, 0), (0, 0), (0, stride - 1), (0, 0)];
    let tensor = B::float_pad(tensor, &padding, PadMode::Constant(0.0));
    let tensor = B::float_reshape(tensor, Shape::new([outer, count * stride, inner]));
    shape[axis] = size;
    B::float_reshape(B::float_slice(tensor, &[(0..outer).into(), (0..size).into(), (0..inner).into()]), shape)
}

fn spatial_padding(rank: usize, spec: ConvSpec) -> impl Iterator<Item = [usize; 2]> {
    spec.padding.into_iter().skip(5 - rank)
}
