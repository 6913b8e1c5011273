//! The tables of a config as types, each with what its values must fulfil as far as no data is needed to tell.

mod clipping;
mod compare;
mod data;
pub(crate) mod fault;
mod freezing;
mod model;
mod optimizer;
mod schedule;
mod sequential;
mod stopping;
mod train;

pub use self::clipping::ClipGradients;
pub use self::compare::{CompareConfig, Metric, Over};
pub(crate) use self::data::MAX_SIDE;
pub use self::data::{
    Augment, CanvasConfig, CanvasLabel, Colour, DataConfig, DataSource, FixedShift, Flip, Limit, ShiftPattern,
    Standardise,
};
pub use self::fault::Fault;
pub use self::freezing::FreezeNorm;
pub use self::model::{
    Activation, BiasPlace, Head, Initialisation, LAYERS_PREFIX, LayerConfig, LayerKind, ModelConfig, Net, Order,
    Padding, Pair, SHORTCUT_PREFIX, Shortcut,
};
pub use self::optimizer::Optimizer;
pub use self::schedule::Schedule;
pub use self::sequential::Sequential;
pub use self::stopping::{EarlyStopping, ValidationMetric};
pub use self::train::{Device, Dtype, Projection, Storage, TrainConfig, WeightDecayOn};
pub use untied_redundancy::network::Parametrization;
pub use untied_redundancy::{Bias, Normalization};
