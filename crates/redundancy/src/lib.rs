#![doc = include_str!("../README.md")]

mod bias_shape;
mod error;
mod normalization;
mod redundancy;
mod round_off;

pub use bias_shape::BiasShape;
pub use error::RedundancyError;
pub use normalization::Normalization;
pub use redundancy::{Redundancy, norm};
pub use round_off::{CERTIFICATE_FACTOR, UNIT_ROUND_OFF_F32, UNIT_ROUND_OFF_F64};
