//! The output of a convolution.

use untied_kernels::cpu::{Parts, Real};

use super::gemm::epilogue::{Addend, Output};
use super::gemm::packed_weights::PackedWeights;
use super::gemm::tail::Tail;
use super::gemm::{self, Gemm};
use super::im2col::Patches;
use super::im2col::locations::Locations;
use crate::ConvSpec;

/// Writes y, or what a tail makes of it, all of it.
///
/// # Safety
/// y has room for the whole output; nobody else uses it.
pub(super) unsafe fn forward<T: Real>(
    spec: &ConvSpec,
    x: &[T],
    weight: &[T],
    addend: Addend<T>,
    tail: Option<Tail<T>>,
    y: &Parts<T>,
) {
    let (filters, length) = (spec.channels_out, spec.patch());
    let of_group = |weight: &[T]| PackedWeights::new(filters, length, |filter, k| weight[filter * length + k]);
    gemm::run(&[Gemm {
        source: x,
        images: spec.images,
        patches: &Patches::of_input(spec),
        weights: &weight.chunks_exact(filters * length).map(of_group).collect::<Vec<_>>(),
        addend,
        output: Output {
            memory: y,
            locations: Locations::planes(spec.output, spec.groups * filters),
            plane: spec.locations(),
        },
        tail,
    }]);
}
