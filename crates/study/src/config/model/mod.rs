//! `[model]`: the layers of a CNN.

mod choices;
mod config;
mod expansion;
mod layer;
mod net;
mod nets;
mod pair;

pub use self::choices::{Activation, BiasPlace, Head, Initialisation, Order, Padding, Shortcut};
pub use self::config::ModelConfig;
pub use self::layer::{LAYERS_PREFIX, LayerConfig, LayerKind, SHORTCUT_PREFIX};
pub use self::net::Net;
pub use self::pair::Pair;
