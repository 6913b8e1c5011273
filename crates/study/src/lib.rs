#![doc = include_str!("../README.md")]

mod anchor;
mod cell;
mod check;
mod checkpoint;
mod compare;
mod config;
mod data;
mod document;
mod error;
mod event;
mod file;
mod grid;
mod key;
mod label;
mod measure;
mod measured;
mod model;
mod overrides;
mod projection;
mod provenance;
mod record;
mod resolved;
mod result;
mod seal;
mod seeds;
mod skip;
mod source;
mod store;
mod store_error;
mod study;
mod wording;

pub use cell::{Cell, Factors, factor_label};
pub use check::Fault;
pub use config::{CellConfig, CompareConfig, Device, Dtype, Metric, Optimizer, Schedule, TrainConfig};
pub use data::{CanvasConfig, CanvasLabel, DataConfig, DataSource, FixedShift, ShiftPattern};
pub use error::{ConfigError, InvalidConfig, Place};
pub use event::Event;
pub use file::{write_bytes, write_text};
pub use measure::{MeasureConfig, ShiftConfig};
pub use measured::{Adaptation, Adapting, BiasMap, JacobianRank, Measured, NormStatistics, Translated};
pub use model::{BiasKind, BiasPlace, Head, ModelConfig, NormKind, Order, Padding};
pub use projection::Projection;
pub use provenance::Provenance;
pub use result::{
    CellRecord, CellResult, Comparison, Curves, Drift, LayerRedundancy, Metrics, Parameters, Results, SCHEMA, Status,
    Verdict,
};
pub use store::StudyFolder;
pub use store_error::StoreError;
pub use study::{Study, Vary};

/// A commented config that shows every table: six variants, three seeds each.
pub const EXAMPLE: &str = include_str!("example.toml");
