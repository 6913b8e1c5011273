//! Cubes and units that the values of a batch are dealt out to.

use burn::backend::TensorMetadata;
use burn::tensor::{DType, Shape};
use burn_cubecl::cubecl::ir::{AddressType, ElemType};
use burn_cubecl::cubecl::prelude::{CubeCount, CubeDim};
use burn_cubecl::cubecl::zspace::metadata::Metadata;
use burn_cubecl::cubecl::zspace::strides;
use burn_cubecl::tensor::CubeTensor;
use untied_kernels::gpu::{UNITS, empty, grid, types, units};

use super::units::LayoutLaunch;
use crate::statistics_dtype;

/// A cube with fewer values spends its time on the tree that combines its units.
const VALUES_PER_CUBE: usize = 4096;
/// More cubes than run at once are of no use.
const CUBES: usize = 1024;
/// From this spatial size on, the units of a warp find enough neighbours inside one channel.
const WIDE_BELOW: usize = 8;

/// x of shape `[n, c, ...]` seen as `[n, c, size]`, and its cubes.
///
/// A cube owns `width` neighbouring channels, and of their values one part of `splits`. Its units are `depth` rows
/// of `width`: unit u works on channel u % width, on every depth-th value. Where channels lie close together
/// in memory (small spatial size), width > 1 makes neighbouring units read neighbouring values.
///
/// ```text
/// width 4, splits 2, depth 3:   channel 0   channel 1   channel 2   channel 3
///   cube 0, values 0 … m/2      units 0 4 8   1 5 9       2 6 10      3 7 11     unit 4: values 1, 4, 7, … of channel 0
///   cube 1, values m/2 … m      units 0 4 8   1 5 9       2 6 10      3 7 11
/// ```
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
    /// Channels, and as many more elements as a tensor needs to start behind them.
    padded_channels: usize,
    input: DType,
}

impl Plan {
    pub(super) fn of(x: &CubeTensor) -> Self {
        let alignment = x.client.properties().memory.alignment as usize / statistics_dtype(x.dtype()).size();
        Self::new(&x.shape(), x.dtype(), units(x), alignment)
    }

    fn new(shape: &Shape, input: DType, most_units: usize, alignment: usize) -> Self {
        let channels = shape[1];
        let size: usize = (2..shape.num_dims()).map(|axis| shape[axis]).product();
        let values = shape[0] * size;
        let width = if size < WIDE_BELOW { channels.next_power_of_two().min(32) } else { 1 };
        let depth = values.next_power_of_two().min(most_units / width);
        let by_work = values * width / VALUES_PER_CUBE;
        let splits = by_work.min(CUBES / channels.div_ceil(width)).max(1);
        let padded_channels = channels.next_multiple_of(alignment);
        Self { channels, size, values, width, units: width * depth, splits, padded_channels, input }
    }

    /// The grid; its last cubes may own no channel.
    pub(super) fn cubes(&self) -> CubeCount {
        let cubes = self.channels.div_ceil(self.width) * self.splits;
        grid(cubes).unwrap_or_else(|| panic!("batch norm: {} channels are more than a device takes", self.channels))
    }

    pub(super) fn cube(&self) -> CubeDim {
        CubeDim::new_1d(self.units as u32)
    }

    pub(super) fn layout(&self) -> LayoutLaunch {
        LayoutLaunch::new(self.channels, self.values, self.splits, self.size, self.padded_channels, self.size)
    }

    /// Wide enough for the index of every value, and for one step beyond.
    pub(super) fn address(&self) -> AddressType {
        AddressType::from_len(self.values * self.channels + UNITS + self.splits)
    }

    /// The types of the values and of what is computed from them.
    pub(super) fn types(&self) -> [ElemType; 2] {
        types(self.input).expect("a type with kernels")
    }

    /// A new tensor beside x, of the statistics' type.
    pub(super) fn wide<const D: usize>(&self, x: &CubeTensor, shape: [usize; D]) -> CubeTensor {
        empty(x, Shape::new(shape), statistics_dtype(self.input))
    }

    /// Room for dγ and dβ, and behind them for two sums of every part.
    pub(super) fn sums(&self, x: &CubeTensor) -> CubeTensor {
        let parts = if self.splits > 1 { 2 * self.channels * self.splits } else { 0 };
        self.wide(x, [2 * self.padded_channels + parts])
    }

    /// (dγ, dβ), which go on living in the buffer.
    pub(super) fn rows_of_sums(&self, sums: CubeTensor) -> [CubeTensor; 2] {
        let bytes = (self.padded_channels * sums.dtype.size()) as u64;
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
