#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::undocumented_unsafe_blocks)]

#[cfg(any(feature = "flex", feature = "wgpu", feature = "cuda"))]
mod arguments;
mod autodiff;
pub mod backward;
mod burn_layer;
mod channels;
mod config;
#[cfg(feature = "flex")]
mod cpu;
#[doc(hidden)]
pub mod forward;
mod functional;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod gpu;
mod layer;
mod operation;
mod pooling;
mod running;
mod statistics;

pub use config::{BatchNormConfig, BatchNormError};
pub use functional::{BatchNormOutput, batch_norm, batch_norm_add_relu, batch_norm_relu, batch_norm_relu_pool};
pub use layer::BatchNorm;
pub use operation::BatchNormBackend;
pub use statistics::{Row, Statistics, statistics_dtype};
