#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod classify;
pub mod data;
mod device;
mod emit;
mod error;
mod export;
mod measure;
mod model;
mod optimization;
mod prepare;
mod provenance;
pub mod random;
mod start;
mod summary;
mod training;

pub use classify::{Classifier, ClassifyError, Prediction, TestData, assess, images_at};
pub use device::{compiled_devices, limit_threads, registers};
pub use emit::Emit;
pub use error::TrainerError;
pub use export::{
    Agreement, Deviation, Folded, FoldedLayer, ModelError, Stripped, StrippedLayer, TorchModel, TrainedModel, fold,
    strip,
};
pub use provenance::processor;
pub use start::StartTensor;
pub use summary::{BiasSummary, FrozenSummary, ModelSummary, OperationSummary, Planner, check, checksums, explain};
pub use training::{Checkpoints, Trained, resume, train};

/// The examples of the project's README, compiled as tests.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct ProjectReadme;
