//! The gradient of the bias on CubeCL backends (Vulkan, Metal, DirectX 12, WebGPU, CUDA), in one launch.
//!
//! The rest is Burn's: a tied bias is added by its convolution, any other by one launch behind it.
#![allow(clippy::needless_pass_by_value, reason = "a kernel takes its layout by value")]

use burn::backend::{Backend, TensorMetadata};
use burn::tensor::{DType, Shape};
use burn_cubecl::CubeBackend;
use burn_cubecl::cubecl;
use burn_cubecl::cubecl::ir::{AddressType, ElemType, FloatKind};
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::cubecl::std::FastDivmod;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;

use crate::{ConvBackend, primitives};

/// Units of a full cube: what WebGPU promises.
const UNITS: usize = 256;
/// Units that read next to each other at once.
const NEIGHBOURS: usize = 32;
/// The most cubes that every device takes along one axis.
const CUBES_PER_AXIS: usize = 65_535;

impl ConvBackend for CubeBackend {
    fn untied_conv_bias_backward(dy: CubeTensor, bias_shape: Shape) -> CubeTensor {
        let supported = |dtype| Self::supports_dtype(&dy.device, dtype);
        match types(dy.dtype()) {
            Some((_, sum)) if supported(dy.dtype()) && supported(sum) => launch(dy, bias_shape),
            _ => primitives::bias_backward::<Self>(dy, bias_shape),
        }
    }
}

/// The CubeCL types of dy and of its sums, and the type of the latter; none for types without a kernel.
fn types(dtype: DType) -> Option<([ElemType; 2], DType)> {
    let (dy, sum, sum_dtype) = match dtype {
        DType::F64 => (FloatKind::F64, FloatKind::F64, DType::F64),
        DType::F32 => (FloatKind::F32, FloatKind::F32, DType::F32),
        DType::F16 => (FloatKind::F16, FloatKind::F32, DType::F32),
        DType::BF16 => (FloatKind::BF16, FloatKind::F32, DType::F32),
        _ => return None,
    };
    Some(([dy, sum].map(ElemType::Float), sum_dtype))
}

/// How many numbers the bias has, how many values of dy each is the sum of, and where those lie.
///
/// Along each spatial axis either every location has its own number or all share one.
#[derive(CubeType, CubeLaunch)]
struct Layout {
    numbers: usize,
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

/// db, given dy: a cube adds up the values of `width` neighbouring numbers, by as many units each as there are left.
fn launch(dy: CubeTensor, bias_shape: Shape) -> CubeTensor {
    let (types, _) = types(dy.dtype()).expect("a type with kernels");
    let (numbers, elements) = (bias_shape.num_elements(), dy.shape().num_elements());
    let values = elements / numbers;
    let most = dy.client.properties().hardware.max_units_per_cube as usize;
    let most = UNITS.min(1 << most.ilog2());
    let own_neighbours = bias_shape[bias_shape.num_dims() - 1] > 1;
    let wanted = if own_neighbours { NEIGHBOURS.max(most / values.next_power_of_two()) } else { 1 };
    let width = wanted.min(numbers.next_power_of_two()).min(most);
    let units = width * values.next_power_of_two().min(most / width);
    let layout = layout(&dy, &bias_shape, numbers, values);
    let db = empty_device_contiguous_dtype(dy.client.clone(), dy.device.clone(), bias_shape, dy.dtype());
    // SAFETY: `place` stays inside dy for numbers and values below those of the layout.
    unsafe {
        bias_gradient_kernel::launch_unchecked(
            &dy.client.clone(),
            cubes(numbers.div_ceil(width)),
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

fn layout(dy: &CubeTensor, bias: &Shape, numbers: usize, values: usize) -> LayoutLaunch {
    let (shape, strides) = (dy.meta.shape(), dy.meta.strides());
    let rank = shape.num_dims();
    // The axis that is `back` before the last: size, whether locations have their own number, and stride.
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
        numbers,
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

/// A grid of at least `count` cubes; its last ones may have nothing to do.
fn cubes(count: usize) -> CubeCount {
    let rows = count.div_ceil(CUBES_PER_AXIS);
    assert!(rows <= CUBES_PER_AXIS, "convolution: a bias of {count} cubes is more than a device takes");
    CubeCount::Static(count.div_ceil(rows) as u32, rows as u32, 1)
}

/// Where the value of a number lies in dy.
#[cube]
fn place(number: usize, value: usize, layout: &Layout) -> usize {
    let (number, own_width) = layout.own_width.div_mod(number);
    let (number, own_height) = layout.own_height.div_mod(number);
    let (channel, own_depth) = layout.own_depth.div_mod(number);
    let (value, shared_width) = layout.shared_width.div_mod(value);
    let (value, shared_height) = layout.shared_height.div_mod(value);
    let (image, shared_depth) = layout.shared_depth.div_mod(value);
    image * layout.image_stride
        + channel * layout.channel_stride
        + (own_depth + shared_depth) * layout.depth_stride
        + (own_height + shared_height) * layout.height_stride
        + (own_width + shared_width) * layout.width_stride
}

/// Each unit sums every `units / width`-th value of its number, in the type A; a tree in shared memory does the rest.
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
    let number = CUBE_POS * width + unit % width;
    let exists = number < layout.numbers;
    // Units without a number sum nothing, but they take part in every barrier.
    let to = select(exists, layout.values, 0usize);
    let mut sum = A::new(0.0);
    let mut value = unit / width;
    while value < to {
        sum += A::cast_from(dy[place(number, value, &layout)]);
        value += comptime!(units / width);
    }

    let mut sums = Shared::<[A]>::new_slice(units);
    sums[unit] = sum;
    sync_cube();
    let steps = comptime!((units / width).ilog2());
    #[unroll]
    for step in 0..steps {
        let reach = comptime!(units >> (step + 1));
        if unit < reach {
            sums[unit] = sums[unit] + sums[unit + reach];
        }
        sync_cube();
    }
    if exists && unit < width {
        db[number] = E::cast_from(sums[unit]);
    }
}
