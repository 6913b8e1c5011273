#![doc = include_str!("../README.md")]

mod bias;
mod conv2d;
mod error;
mod geometry;

pub use bias::Bias;
pub use conv2d::{Conv2d, Conv2dConfig};
pub use error::ConvError;
pub use geometry::{Geometry, Side};
