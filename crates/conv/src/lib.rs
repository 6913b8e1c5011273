#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::undocumented_unsafe_blocks)]

mod autodiff;
mod burn_layer;
#[doc = include_str!("../COMING-FROM-BURN.md")]
pub mod coming_from_burn {}
mod config;
#[cfg(feature = "flex")]
mod cpu;
mod epilogue;
mod error;
mod functional;
mod geometry;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod gpu;
mod layer;
mod operation;
mod primitives;
mod spec;
#[cfg(any(feature = "safetensors", feature = "pytorch"))]
pub mod state_dict;

pub use config::{Conv1dConfig, Conv2dConfig, Conv3dConfig, ConvConfig};
pub use epilogue::{Epilogue, EpilogueTensors, Given};
pub use error::ConvError;
pub use functional::{conv1d, conv2d, conv2d_with_epilogue, conv3d};
pub use geometry::{Geometry, Padding, Side};
pub use layer::{BiasParts, BiasSums, Conv, Conv1d, Conv2d, Conv3d, Interpolation, Probe};
pub use operation::ConvBackend;
pub use spec::ConvSpec;
pub use untied_redundancy::Bias;
