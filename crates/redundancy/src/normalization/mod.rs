//! Normalizations: their names, and what each of them is.

mod spec;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use spec::{Layout, NormSpec, Span};

/// A normalization of feature maps `[n, c, y, x]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Normalization {
    /// No normalization.
    None,
    /// Batch normalization with statistics per channel.
    #[default]
    Batch,
    /// Batch normalization with statistics over the images alone: one mean and variance per channel and location.
    BatchPerActivation,
    /// Layer normalization over channels and locations: group normalization with one group.
    Layer,
    /// Instance normalization: statistics of each image and channel.
    Instance,
    /// Group normalization: statistics of each image and of each of this many groups of consecutive channels.
    Group(usize),
    /// Division by the root mean square over channels and locations; nothing is subtracted.
    Rms,
}

impl Normalization {
    /// One normalization of each kind, as tables list them; group norm with 4 groups.
    pub const ALL: [Self; 7] =
        [Self::Batch, Self::BatchPerActivation, Self::Instance, Self::Group(4), Self::Layer, Self::Rms, Self::None];
}

/// The name, as a config spells it: `batch`, `group=4`.
impl fmt::Display for Normalization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group(groups) => write!(f, "group={groups}"),
            name => name.serialize(f),
        }
    }
}
