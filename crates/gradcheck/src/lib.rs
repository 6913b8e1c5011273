#![doc = include_str!("../README.md")]

mod arguments;
mod check;
mod gradient;
mod report;

pub use arguments::{Arguments, Input};
pub use check::GradCheck;
pub use gradient::{autodiff_gradients, numeric_gradients, random_cotangent};
pub use report::{Element, Report};
