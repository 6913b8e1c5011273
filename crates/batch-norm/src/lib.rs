#![doc = include_str!("../README.md")]

pub mod backward;
mod functional;
mod layer;
mod operation;
mod statistics;

pub use functional::{BatchNormOutput, batch_norm};
pub use layer::{BatchNorm, BatchNormConfig, BatchNormError};
pub use operation::BatchNormBackend;
pub use statistics::Statistics;
