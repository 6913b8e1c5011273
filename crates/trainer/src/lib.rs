#![doc = include_str!("../README.md")]

mod architecture;
pub mod data;
mod device;
mod error;
mod evaluation;
mod loss;
mod measurement;
mod model;
mod norm;
mod optimizer;
pub mod random;
mod rms_norm;
mod schedule;
mod summary;
mod training;

pub use device::{compiled_devices, limit_threads};
pub use error::TrainerError;
pub use summary::{LayerSummary, ModelSummary, check, explain};
pub use training::train;

/// The examples of the project's README, compiled as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct ProjectReadme;
