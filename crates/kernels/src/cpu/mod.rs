//! Kernels on Flex, Burn's CPU backend.
#![expect(clippy::inline_always, reason = "only what is inlined is compiled for the machine's wide registers")]

mod element;
mod fours;
mod lanes;
mod output;
pub mod pooling;
mod prefetch;
mod running_map;
mod simd;
mod sum;

#[doc(hidden)]
pub use burn::tensor::{DType, bf16, f16};
pub use element::{Element, Real};
pub use fours::lanes_of_fours;
pub use lanes::Lanes;
pub use output::{Parts, filled, tensor};
pub use prefetch::{prefetch, prefetch_at};
pub use running_map::RunningMap;
#[doc(hidden)]
pub use simd::Vectorized;
pub use simd::{CAP, Level, dispatch, level};
pub use sum::{sum_of_lanes, tree_sum};
