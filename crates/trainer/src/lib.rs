#![doc = include_str!("../README.md")]

mod adaptation;
mod architecture;
mod checkpoint;
pub mod data;
mod device;
mod drift;
mod error;
mod evaluation;
mod input;
mod jacobian;
mod loss;
mod max_pool;
mod measured;
mod measurement;
mod model;
mod norm;
mod optimizer;
mod projection;
mod provenance;
pub mod random;
mod rms_norm;
mod run;
mod schedule;
mod shift;
mod summary;
mod training;

pub use checkpoint::Checkpoints;
pub use device::{compiled_devices, limit_threads};
pub use error::TrainerError;
pub use summary::{LayerSummary, ModelSummary, Planner, check, explain};
pub use training::{Emit, resume, train};

/// The examples of the project's README, compiled as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct ProjectReadme;
