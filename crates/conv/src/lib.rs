#![doc = include_str!("../README.md")]

mod backward;
mod bias;
mod conv2d;
mod error;
#[cfg(feature = "flex")]
mod flex;
mod functional;
mod geometry;
mod operation;
mod primitives;
mod spec;

pub use bias::Bias;
pub use conv2d::{Conv2d, Conv2dConfig};
pub use error::ConvError;
pub use functional::{conv1d, conv2d, conv3d};
pub use geometry::{Geometry, Side};
pub use operation::ConvBackend;
pub use spec::ConvSpec;
