#![doc = include_str!("../README.md")]

mod adaptation;
mod agreement;
mod architecture;
mod checkpoint;
pub mod data;
mod device;
mod drift;
mod error;
mod evaluation;
mod fold;
mod host_tensors;
mod input;
mod jacobian;
mod loss;
mod max_pool;
mod measured;
mod measurement;
mod model;
mod model_error;
mod model_file;
mod norm;
mod optimizer;
mod projection;
mod provenance;
pub mod random;
mod rms_norm;
mod run;
mod schedule;
mod shift;
mod strip;
mod summary;
mod trained_model;
mod training;

pub use agreement::{Agreement, Deviation};
pub use checkpoint::Checkpoints;
pub use device::{compiled_devices, limit_threads};
pub use error::TrainerError;
pub use fold::{Folded, FoldedLayer, fold};
pub use model_error::ModelError;
pub use strip::{Stripped, StrippedLayer, strip};
pub use summary::{LayerSummary, ModelSummary, Planner, check, explain};
pub use trained_model::TrainedModel;
pub use training::{Emit, Trained, resume, train};

/// The examples of the project's README, compiled as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct ProjectReadme;
