#![doc = include_str!("../README.md")]

mod anchor;
mod cell;
mod check;
mod checkpoint;
mod compare;
mod config;
mod document;
mod error;
mod event;
mod grid;
mod key;
mod label;
mod overrides;
mod projection;
mod provenance;
mod record;
mod resolved;
mod result;
mod seal;
mod seeds;
mod source;
mod store;
mod store_error;
mod study;
mod wording;

pub use cell::{Cell, Factors, factor_label};
pub use check::Fault;
pub use config::{
    BiasKind, CellConfig, CompareConfig, DataConfig, DataSource, Device, Dtype, Metric, ModelConfig, NormKind,
    Optimizer, Padding, Schedule, TrainConfig,
};
pub use error::{ConfigError, InvalidConfig, Place};
pub use event::Event;
pub use projection::Projection;
pub use provenance::Provenance;
pub use result::{
    CellRecord, CellResult, Comparison, Curves, Drift, LayerRedundancy, Metrics, Parameters, Results, SCHEMA, Status,
    Verdict,
};
pub use store::{StudyFolder, write_text};
pub use store_error::StoreError;
pub use study::{Study, Vary};

/// A commented config that shows every table: six variants, three seeds each.
pub const EXAMPLE: &str = include_str!("example.toml");
