//! Units of a cube, and cubes of a grid.

use burn_cubecl::cubecl::prelude::CubeCount;
use burn_cubecl::tensor::CubeTensor;

/// Units of a full cube: what WebGPU promises.
pub const UNITS: usize = 256;
/// The most cubes that every device takes along one axis.
const CUBES_PER_AXIS: usize = 65_535;

/// Units of a full cube on the device of a tensor: a power of two, at most [`UNITS`].
#[must_use]
pub fn units(x: &CubeTensor) -> usize {
    let most = x.client.properties().hardware.max_units_per_cube as usize;
    UNITS.min(1 << most.ilog2())
}

/// A grid of at least `count` cubes, whose last ones may have nothing to do; none for more than every device takes.
#[must_use]
pub fn grid(count: usize) -> Option<CubeCount> {
    let rows = count.div_ceil(CUBES_PER_AXIS);
    (rows <= CUBES_PER_AXIS).then(|| CubeCount::Static(count.div_ceil(rows) as u32, rows as u32, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_cubes_take_a_second_axis() {
        let size = |count| match grid(count) {
            Some(CubeCount::Static(x, y, z)) => Some([x, y, z]),
            _ => None,
        };
        assert_eq!(size(65_535), Some([65_535, 1, 1]));
        assert_eq!(size(65_537), Some([32_769, 2, 1]));
        assert_eq!(size(65_535 * 65_535 + 1), None);
    }
}
