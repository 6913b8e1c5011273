#![doc = include_str!("../README.md")]

mod cell;
mod config;
mod factors;
mod folder;
mod measure;
mod parse;
mod printable;
mod reference;
mod regular_file;
mod resolved;
mod results;
mod schema;
mod study;

pub use cell::{Cell, CellConfig};
pub use config::{
    Activation, Augment, Bias, BiasPlace, CanvasConfig, CanvasLabel, ClipGradients, Colour, CompareConfig, DataConfig,
    DataSource, Device, Dtype, EarlyStopping, Fault, FixedShift, Flip, FreezeNorm, Head, Initialisation, LAYERS_PREFIX,
    LayerConfig, LayerKind, Limit, Metric, ModelConfig, Net, Normalization, Optimizer, Order, Over, Padding, Pair,
    Parametrization, Projection, SHORTCUT_PREFIX, Schedule, Sequential, ShiftPattern, Shortcut, Standardise, Storage,
    TrainConfig, ValidationMetric, WeightDecayOn,
};
pub use factors::{Factors, Skip, factor_label};
pub use folder::{
    StoreError, StudyFolder, Writing, differing, free_name, models_in, open_to_change, read_text, write_bytes,
    write_text,
};
pub use measure::{
    Adaptation, Adapting, BiasMap, JacobianRank, MeasureConfig, Measured, Noisy, NormStatistics, ShiftConfig,
    Translated,
};
pub use parse::{ConfigError, InvalidConfig, MOST_CONFIG, Place, nearest};
pub use printable::{printable, printable_path};
pub use reference::{commented, reference};
pub use regular_file::open_to_read;
pub use results::{
    Answers, Assessment, Caveat, CellRecord, CellResult, CertificateRecord, ClassAssessment, Comparison, Confusion,
    Curves, Drift, Event, LayerRedundancy, Metrics, Misjudged, Parameters, Provenance, Results, SCHEMA, SeedDifference,
    Status, TopShare, Verdict,
};
pub use schema::schema;
pub use study::{Study, Vary};

/// A commented config that shows every table: six variants, three seeds each.
pub const EXAMPLE: &str = include_str!("example.toml");
