#![doc = include_str!("../README.md")]

#[cfg(feature = "flex")]
pub mod cpu;
mod dtype;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
pub mod gpu;

pub use dtype::accumulator_dtype;
