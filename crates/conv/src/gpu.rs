//! The gradient of the bias on CubeCL backends (Vulkan, Metal, DirectX 12, WebGPU, CUDA), in one launch.
//!
//! The rest is Burn's: a tied bias is added by its convolution, any other by one launch behind it.
#![allow(clippy::needless_pass_by_value, reason = "a kernel takes its layout by value")]

use burn::backend::TensorMetadata;
use burn::tensor::Shape;
use burn_cubecl::CubeBackend;
use burn_cubecl::cubecl;
use burn_cubecl::cubecl::ir::AddressType;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::cubecl::std::FastDivmod;
use burn_cubecl::tensor::CubeTensor;
use untied_kernels::gpu::{UNITS, empty, grid, has_kernels, sum_of_cube, types, units};

use crate::{ConvBackend, primitives};

/// Units that read next to each other at once.
const NEIGHBOURS: usize = 32;

impl ConvBackend for CubeBackend {
    fn untied_conv_bias_backward(dy: CubeTensor, bias_shape: Shape) -> CubeTensor {
        if has_kernels(&dy) { launch(dy, bias_shape) } else { primitives::bias_backward::<Self>(dy, bias_shape) }
    }
}

/// Number of parameters of the bias, number of values of dy that each is the sum of, and their offsets.
///
/// Along each spatial axis either every location has its own parameter or all share one.
#[derive(CubeType, CubeLaunch)]
struct Layout {
    parameters: usize,
    values: usize,
    own_depth: FastDivmod<usize>,
    own_height: FastDivmod<usize>,
    own_width: FastDivmod<usize>,
    shared_depth: FastDivmod<usize>,
    shared_height: FastDivmod<usize>,
    shared_width: FastDivmod<usize>,
    image_stride: usize,
    channel_stride: usize,
    depth_stride: usize,
    height_stride: usize,
    width_stride: usize,
}

/// db, given dy: a cube adds up the values of `width` neighbouring parameters, by as many units each as there are left.
fn launch(dy: CubeTensor, bias_shape: Shape) -> CubeTensor {
    let types = types(dy.dtype()).expect("a type with kernels");
    let (parameters, elements) = (bias_shape.num_elements(), dy.shape().num_elements());
    let values = elements / parameters;
    let most = units(&dy);
    let own_neighbours = bias_shape[bias_shape.num_dims() - 1] > 1;
    let wanted = if own_neighbours { NEIGHBOURS.max(most / values.next_power_of_two()) } else { 1 };
    let width = wanted.min(parameters.next_power_of_two()).min(most);
    let units = width * values.next_power_of_two().min(most / width);
    let layout = layout(&dy, &bias_shape, parameters, values);
    let cubes = parameters.div_ceil(width);
    let cubes =
        grid(cubes).unwrap_or_else(|| panic!("convolution: a bias of {cubes} cubes is more than a device takes"));
    let db = empty(&dy, bias_shape, dy.dtype());
    // SAFETY: `offset` stays inside dy for parameters and values below those of the layout.
    unsafe {
        bias_gradient_kernel::launch_unchecked(
            &dy.client.clone(),
            cubes,
            CubeDim::new_1d(units as u32),
            AddressType::from_len(elements + UNITS),
            dy.into_buffer_arg(),
            db.clone().into_buffer_arg(),
            layout,
            units,
            width,
            types,
        );
    }
    db
}

fn layout(dy: &CubeTensor, bias: &Shape, parameters: usize, values: usize) -> LayoutLaunch {
    let (shape, strides) = (dy.meta.shape(), dy.meta.strides());
    let rank = shape.num_dims();
    // The axis that is `back` before the last: size, whether locations have their own parameter, and stride.
    let axis = |back: usize| {
        if back + 2 < rank {
            let at = rank - 1 - back;
            (shape[at], bias[at - 1] > 1, strides[at])
        } else {
            (1, false, 0)
        }
    };
    let [depth, height, width] = [axis(2), axis(1), axis(0)];
    let own = |(size, own, _): (usize, bool, usize)| if own { size } else { 1 };
    let shared = |(size, own, _): (usize, bool, usize)| if own { 1 } else { size };
    LayoutLaunch::new(
        parameters,
        values,
        own(depth),
        own(height),
        own(width),
        shared(depth),
        shared(height),
        shared(width),
        strides[0],
        strides[1],
        depth.2,
        height.2,
        width.2,
    )
}

/// Offset in dy of a value of a parameter.
#[cube]
fn offset(parameter: usize, value: usize, layout: &Layout) -> usize {
    let (parameter, own_width) = layout.own_width.div_mod(parameter);
    let (parameter, own_height) = layout.own_height.div_mod(parameter);
    let (channel, own_depth) = layout.own_depth.div_mod(parameter);
    let (value, shared_width) = layout.shared_width.div_mod(value);
    let (value, shared_height) = layout.shared_height.div_mod(value);
    let (image, shared_depth) = layout.shared_depth.div_mod(value);
    image * layout.image_stride
        + channel * layout.channel_stride
        + (own_depth + shared_depth) * layout.depth_stride
        + (own_height + shared_height) * layout.height_stride
        + (own_width + shared_width) * layout.width_stride
}

/// Each unit sums every `units / width`-th value of its parameter, in the type A; a tree in shared memory does the rest.
#[cube(launch_unchecked, address_type = "dynamic")]
fn bias_gradient_kernel<E: Float, A: Float>(
    dy: &[E],
    db: &mut [E],
    layout: Layout,
    #[comptime] units: usize,
    #[comptime] width: usize,
    #[define(E, A)] _types: [ElemType; 2],
) {
    let unit = UNIT_POS as usize;
    let parameter = CUBE_POS * width + unit % width;
    let exists = parameter < layout.parameters;
    // Units without a parameter sum nothing, but they take part in every barrier.
    let to = select(exists, layout.values, 0usize);
    let mut sum = A::new(0.0);
    let mut value = unit / width;
    while value < to {
        sum += A::cast_from(dy[offset(parameter, value, &layout)]);
        value += comptime!(units / width);
    }
    let sum = sum_of_cube::<A>(sum, units, width);
    if exists && unit < width {
        db[parameter] = E::cast_from(sum);
    }
}
