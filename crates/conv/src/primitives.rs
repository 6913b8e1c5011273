//! Convolution, its bias and their gradients in a backend's primitives, for backends without kernels.
//!
//! A sequence is convolved as an image of height 1, uneven padding becomes part of the input, and strides beyond the
//! kernel become zeros between gradients, since Burn's own one-dimensional weight gradient fails with groups and a
//! stride that leaves a rest, its gradients of volumes ignore the padding at the end, and those on GPUs are zero where
//! the stride exceeds the kernel.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};
use burn::tensor::ops::{ConvOptions, PadMode};
use burn::tensor::{FloatDType, Shape};
use untied_kernels::accumulator_dtype;

use crate::ConvSpec;

/// w ∗ x + b.
pub(crate) fn forward<B: Backend>(
    x: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: Option<FloatTensor<B>>,
    spec: ConvSpec,
) -> FloatTensor<B> {
    let output = spec.y_shape();
    let (x, options) = pad::<B>(as_image::<B>(x), &spec);
    let weight = as_image::<B>(weight);
    // A bias of one parameter per filter is part of Burn's own convolution.
    let (tied, untied) = match bias {
        Some(bias) if bias.shape().num_elements() == output[1] => {
            (Some(B::float_reshape(bias, Shape::new([output[1]]))), None)
        }
        other => (None, other),
    };
    let y = match x.shape().num_dims() {
        4 => B::conv2d(x, weight, tied, of_image(&options)),
        _ => B::conv3d(x, weight, tied, options),
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

/// dx.
pub(crate) fn x_backward<B: Backend>(weight: FloatTensor<B>, dy: FloatTensor<B>, spec: ConvSpec) -> FloatTensor<B> {
    let (weight, dy) = (as_image::<B>(weight), as_image::<B>(dy));
    let image = image_shape(&spec.x_shape());
    let (padded, options) = pad_shape(&image, &spec);
    let (dy, options) = dilate_gradient::<B>(dy, &padded, &weight.shape(), options);
    // Only its shape is read.
    let x = B::float_empty(padded.clone(), &weight.device(), weight.dtype().into());
    let dx = match image.num_dims() {
        4 => B::conv2d_x_backward(x, weight, dy, of_image(&options)),
        _ => B::conv3d_x_backward(x, weight, dy, options),
    };
    let dx = if padded == image { dx } else { crop::<B>(dx, &image, &spec) };
    B::float_reshape(dx, spec.x_shape())
}

/// dw.
pub(crate) fn weight_backward<B: Backend>(x: FloatTensor<B>, dy: FloatTensor<B>, spec: ConvSpec) -> FloatTensor<B> {
    let (x, options) = pad::<B>(as_image::<B>(x), &spec);
    let dy = as_image::<B>(dy);
    // Only its shape is read.
    let weight = B::float_empty(image_shape(&spec.weight_shape()), &x.device(), x.dtype().into());
    let dw = match x.shape().num_dims() {
        4 => B::conv2d_weight_backward(x, weight, dy, of_image(&options)),
        _ => B::conv3d_weight_backward(x, weight, dy, options),
    };
    B::float_reshape(dw, spec.weight_shape())
}

/// db: dy summed over the images and over the axes along which the bias is 1; in f32 where dy has half precision.
pub(crate) fn bias_backward<B: Backend>(dy: FloatTensor<B>, bias_shape: Shape) -> FloatTensor<B> {
    let dtype = dy.dtype();
    let wide = FloatDType::from(accumulator_dtype(dtype));
    let mut sum = B::float_sum_dim(B::float_cast(dy, wide), 0);
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

/// The options of the last two axes.
fn of_image(options: &ConvOptions<3>) -> ConvOptions<2> {
    let ConvOptions { stride: [_, stride @ ..], padding: [_, padding @ ..], dilation: [_, dilation @ ..], groups } =
        *options;
    ConvOptions::new_with_padding(stride, padding, dilation, groups)
}

/// x with uneven padding put around it, and what is left to do; even padding stays as it is.
fn pad<B: Backend>(x: FloatTensor<B>, spec: &ConvSpec) -> (FloatTensor<B>, ConvOptions<3>) {
    let shape = x.shape();
    let (padded, options) = pad_shape(&shape, spec);
    if padded == shape {
        return (x, options);
    }
    let padding = spatial_padding(shape.num_dims(), spec).map(|[before, after]| (before, after));
    let padding = [(0, 0); 2].into_iter().chain(padding).collect::<Vec<_>>();
    (B::float_pad(x, &padding, PadMode::Constant(0.0)), options)
}

/// As [`pad`], for the shape alone.
fn pad_shape(shape: &Shape, spec: &ConvSpec) -> (Shape, ConvOptions<3>) {
    let (mut padded, options) = (shape.clone(), spec.options());
    if spec.padding.iter().all(|[before, after]| before == after) {
        return (padded, options);
    }
    for (axis, [before, after]) in spatial_padding(shape.num_dims(), spec).enumerate() {
        padded[axis + 2] += before + after;
    }
    (padded, ConvOptions { padding: [(0, 0); 3], ..options })
}

/// Takes away what [`pad`] added.
fn crop<B: Backend>(x: FloatTensor<B>, shape: &Shape, spec: &ConvSpec) -> FloatTensor<B> {
    let starts = [0; 2].into_iter().chain(spatial_padding(shape.num_dims(), spec).map(|[before, _]| before));
    let ranges = starts.zip(shape.iter()).map(|(start, size)| (start..start + size).into()).collect::<Vec<_>>();
    B::float_slice(x, &ranges)
}

/// Volumes alone: along an axis whose stride is beyond the kernel, the same gradients with zeros between them, and a
/// stride of 1.
fn dilate_gradient<B: Backend>(
    mut dy: FloatTensor<B>,
    x: &Shape,
    weight: &Shape,
    mut options: ConvOptions<3>,
) -> (FloatTensor<B>, ConvOptions<3>) {
    for axis in (0..3).filter(|_| x.num_dims() == 5) {
        let (size, kernel) = (x[axis + 2], weight[axis + 2]);
        let (stride, dilation, (before, after)) = (options.stride[axis], options.dilation[axis], options.padding[axis]);
        if stride > dilation * kernel {
            let locations = before + size + after - dilation * (kernel - 1);
            dy = dilate::<B>(dy, axis + 2, stride, locations);
            options.stride[axis] = 1;
        }
    }
    (dy, options)
}

/// The values along an axis `stride` apart, with zeros between them and behind them, `size` in all.
fn dilate<B: Backend>(tensor: FloatTensor<B>, axis: usize, stride: usize, size: usize) -> FloatTensor<B> {
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

fn spatial_padding(rank: usize, spec: &ConvSpec) -> impl Iterator<Item = [usize; 2]> {
    spec.padding.into_iter().skip(5 - rank)
}
