#![doc = include_str!("../README.md")]

#[cfg(any(feature = "flex", feature = "wgpu", feature = "cuda"))]
mod arguments;
mod autodiff;
pub mod backward;
mod channels;
#[cfg(feature = "flex")]
mod cpu;
#[doc(hidden)]
pub mod forward;
mod functional;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod gpu;
mod layer;
mod operation;
mod statistics;

pub use functional::{BatchNormOutput, batch_norm, batch_norm_relu};
pub use layer::{BatchNorm, BatchNormConfig, BatchNormError};
pub use operation::BatchNormBackend;
pub use statistics::{Row, Statistics, statistics_dtype};
