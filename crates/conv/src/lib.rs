#![doc = include_str!("../README.md")]

mod autodiff;
mod axes;
mod config;
#[cfg(feature = "flex")]
mod cpu;
mod error;
mod functional;
mod geometry;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod gpu;
mod layer;
mod operation;
mod primitives;
mod resize;
mod sharing;
mod spec;
#[cfg(any(feature = "safetensors", feature = "pytorch"))]
pub mod state_dict;

pub use config::{Conv1dConfig, Conv2dConfig, Conv3dConfig, ConvConfig};
pub use error::ConvError;
pub use functional::{conv1d, conv2d, conv3d};
pub use geometry::{Geometry, Padding, Side};
pub use layer::{Conv, Conv1d, Conv2d, Conv3d};
pub use operation::ConvBackend;
pub use resize::Interpolation;
pub use sharing::BiasParts;
pub use spec::ConvSpec;
pub use untied_redundancy::Bias;
