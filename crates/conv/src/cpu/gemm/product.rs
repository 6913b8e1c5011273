//! A product, and where its operands and its result lie.

use super::epilogue::{Addend, Output};
use super::packed_weights::PackedWeights;
use super::tail::Tail;
use crate::cpu::im2col::Patches;

/// The product of every group's weights and all its patches.
pub(crate) struct Gemm<'a, T> {
    /// Planes without padding, `[images, groups, channels of a group, …]`.
    pub(crate) source: &'a [T],
    pub(crate) images: usize,
    pub(crate) patches: &'a Patches,
    /// Weights of each group.
    pub(crate) weights: &'a [PackedWeights<T>],
    pub(crate) addend: Addend<'a, T>,
    pub(crate) output: Output<'a, T>,
    /// What follows, if nothing else is written to the output.
    pub(crate) tail: Option<Tail<'a, T>>,
}
