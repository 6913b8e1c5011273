//! The output of a convolution.

use super::filters::Filters;
use super::grid::Grid;
use super::output::{Addend, Output};
use super::patches::Patches;
use super::product::Product;
use super::real::Real;
use super::sizes::Sizes;

/// Writes y, all of it.
///
/// # Safety
/// y has room for as many numbers as the output has.
pub(super) unsafe fn forward<T: Real>(sizes: &Sizes, x: &[T], weight: &[T], addend: Addend<T>, y: *mut T) {
    let (filters, length, groups) = (sizes.channels_out, sizes.patch(), sizes.spec.groups);
    let of_group = |weight: &[T]| Filters::new(filters, length, |filter, k| weight[filter * length + k]);
    Product {
        source: x,
        images: sizes.images,
        patches: &Patches::of_input(sizes),
        filters: &weight.chunks_exact(filters * length).map(of_group).collect::<Vec<_>>(),
        addend,
        output: Output { first: y, grid: Grid::planes(sizes.output, groups * filters), plane: sizes.locations() },
    }
    .run();
}
