//! From the text of a config and its `--set` options to the grid of cells.

pub(crate) mod compare;
pub(crate) mod document;
mod error;
pub(crate) mod grid;
pub(crate) mod key;
mod messages;
mod overrides;
mod paths;
mod seeds;
pub(crate) mod skip;
pub(crate) mod source;

pub use self::error::{ConfigError, InvalidConfig, MOST_CONFIG, Place};
pub use self::messages::nearest;
