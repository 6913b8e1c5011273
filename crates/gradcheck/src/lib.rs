#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod arguments;
mod check;
mod devices;
mod golden;
mod gradient;
#[cfg(any(feature = "wgpu", feature = "cuda"))]
mod launches;
mod random;
mod report;
mod reproducible;

pub use arguments::{Arguments, Input};
pub use check::GradCheck;
pub use devices::{devices, gpus};
pub use golden::Golden;
pub use gradient::{autodiff_gradients, numeric_gradients};
#[cfg(any(feature = "wgpu", feature = "cuda"))]
pub use launches::launches;
pub use random::random_cotangent;
pub use report::{Element, Report};
pub use reproducible::{assert_equal_on_any_threads, rerun_tests};
