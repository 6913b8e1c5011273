//! Operators that move elements: every output element is one of the inputs', or a fixed number.

mod indices;
mod rearrange;
mod reshape;
mod resize;

pub(super) use rearrange::{rearrange, transposed};
pub(super) use reshape::reshape;
