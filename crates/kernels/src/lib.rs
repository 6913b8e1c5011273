#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::undocumented_unsafe_blocks)]

mod compiled;
#[cfg(feature = "flex")]
pub mod cpu;
mod dtype;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
pub mod gpu;
mod running_norm;

pub use compiled::{NotCompiled, check_compiled};
pub use dtype::accumulator_dtype;
pub use running_norm::norm_by_given_statistics;
