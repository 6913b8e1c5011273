//! How the values of a batch are dealt out to the cubes and units of a device.

use burn::backend::TensorMetadata;
use burn::tensor::{DType, Shape};
use burn_cubecl::cubecl::ir::{AddressType, ElemType, FloatKind};
use burn_cubecl::cubecl::prelude::{CubeCount, CubeDim};
use burn_cubecl::cubecl::zspace::metadata::Metadata;
use burn_cubecl::cubecl::zspace::strides;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;

use super::walk::LayoutLaunch;
use crate::operation::statistics_dtype;

/// Units of a full cube: what WebGPU promises.
const UNITS: usize = 256;
/// A cube with fewer values spends its time on the tree that combines its units.
const VALUES_PER_CUBE: usize = 4096;
/// More cubes than run at once are of no use.
const CUBES: usize = 1024;
/// The most cubes that every device takes along one axis.
const CUBES_PER_AXIS: usize = 65_535;
/// From this spatial size on, the units of a warp find enough neighbours inside one channel.
const WIDE_BELOW: usize = 8;

/// x of shape `[n, c, ...]` seen as `[n, c, size]`, and its cubes.
///
/// A cube owns `width` neighbouring channels, and of their values one part of `splits`. Its units are `depth` rows
/// of `width`: unit u works on channel u % width, on every depth-th value. Where channels lie close together
/// in memory (small spatial size), width > 1 makes neighbouring units read neighbouring values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) channels: usize,
    /// Spatial locations.
    size: usize,
    /// m: values per channel.
    values: usize,
    pub(super) width: usize,
    pub(super) units: usize,
    pub(super) splits: usize,
    /// Channels, and as many more numbers as a tensor needs to start behind them.
    row: usize,
    input: DType,
}

impl Plan {
    pub(super) fn of(x: &CubeTensor) -> Self {
        let most = x.client.properties().hardware.max_units_per_cube as usize;
        let alignment = x.client.properties().memory.alignment as usize / statistics_dtype(x.dtype()).size();
        Self::new(&x.shape(), x.dtype(), UNITS.min(1 << most.ilog2()), alignment)
    }

    fn new(shape: &Shape, input: DType, most_units: usize, alignment: usize) -> Self {
        let channels = shape[1];
        let size: usize = (2..shape.num_dims()).map(|axis| shape[axis]).product();
        let values = shape[0] * size;
        let width = if size < WIDE_BELOW { channels.next_power_of_two().min(32) } else { 1 };
        let depth = values.next_power_of_two().min(most_units / width);
        let by_work = values * width / VALUES_PER_CUBE;
        let splits = by_work.min(CUBES / channels.div_ceil(width)).max(1);
        let row = channels.next_multiple_of(alignment);
        Self { channels, size, values, width, units: width * depth, splits, row, input }
    }

    /// The grid; its last cubes may own no channel.
    pub(super) fn cubes(&self) -> CubeCount {
        let cubes = self.channels.div_ceil(self.width) * self.splits;
        let rows = cubes.div_ceil(CUBES_PER_AXIS);
        assert!(rows <= CUBES_PER_AXIS, "batch norm: {} channels are more than a device takes", self.channels);
        CubeCount::Static(cubes.div_ceil(rows) as u32, rows as u32, 1)
    }

    pub(super) fn cube(&self) -> CubeDim {
        CubeDim::new_1d(self.units as u32)
    }

    pub(super) fn layout(&self) -> LayoutLaunch {
        LayoutLaunch::new(self.channels, self.values, self.splits, self.size, self.row, self.size)
    }

    /// Wide enough for the index of every value, and for one step beyond.
    pub(super) fn address(&self) -> AddressType {
        AddressType::from_len(self.values * self.channels + UNITS + self.splits)
    }

    /// The types of the values and of what is computed from them.
    pub(super) fn types(&self) -> [ElemType; 2] {
        [self.input, statistics_dtype(self.input)].map(|dtype| element(dtype).expect("a type with kernels"))
    }

    /// A new tensor beside x, of the statistics' type.
    pub(super) fn wide<const D: usize>(&self, x: &CubeTensor, shape: [usize; D]) -> CubeTensor {
        empty(x, Shape::new(shape), statistics_dtype(self.input))
    }

    /// Room for dγ and dβ, and behind them for two sums of every part.
    pub(super) fn sums(&self, x: &CubeTensor) -> CubeTensor {
        let parts = if self.splits > 1 { 2 * self.channels * self.splits } else { 0 };
        self.wide(x, [2 * self.row + parts])
    }

    /// (dγ, dβ), which go on living in the buffer.
    pub(super) fn rows_of_sums(&self, sums: CubeTensor) -> [CubeTensor; 2] {
        let bytes = (self.row * sums.dtype.size()) as u64;
        [0, 1].map(|row| {
            let handle = sums.handle.clone().offset_start(row * bytes);
            let metadata = Metadata::new(Shape::new([self.channels]), strides![1]);
            CubeTensor::new(sums.client.clone(), handle, metadata, sums.device.clone(), sums.dtype)
        })
    }
}

/// A new tensor of the shape and type of x.
pub(super) fn like(x: &CubeTensor) -> CubeTensor {
    empty(x, x.shape(), x.dtype())
}

fn empty(x: &CubeTensor, shape: Shape, dtype: DType) -> CubeTensor {
    empty_device_contiguous_dtype(x.client.clone(), x.device.clone(), shape, dtype)
}

/// The CubeCL type of an input that the kernels take.
pub(super) fn element(dtype: DType) -> Option<ElemType> {
    match dtype {
        DType::F64 => Some(FloatKind::F64),
        DType::F32 => Some(FloatKind::F32),
        DType::F16 => Some(FloatKind::F16),
        DType::BF16 => Some(FloatKind::BF16),
        _ => None,
    }
    .map(ElemType::Float)
}
