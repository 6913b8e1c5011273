//! Normalizations: their names, and what each of them is.

mod spec;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use spec::{Layout, NormSpec, Span};

use crate::{Mode, RedundancyError, ShiftClass};

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
    /// Division by the root mean square of each image and channel; nothing is subtracted.
    FilterResponse,
}

impl Normalization {
    /// One normalization of each kind, as tables list them; group norm with 4 groups.
    pub const ALL: [Self; 8] = [
        Self::Batch,
        Self::BatchPerActivation,
        Self::Instance,
        Self::Group(4),
        Self::Layer,
        Self::Rms,
        Self::FilterResponse,
        Self::None,
    ];

    /// The description of the normalization; none without one.
    pub fn spec(self) -> Option<NormSpec> {
        let image = NormSpec {
            title: "",
            over_images: false,
            span: Span::Group(1),
            centres: true,
            gamma: Some(Layout::Channel),
            beta: Some(Layout::Channel),
            running: false,
        };
        let batch = NormSpec { over_images: true, span: Span::Channel, running: true, ..image };
        let own = Some(Layout::Activation);
        Some(match self {
            Self::None => return None,
            Self::Batch => NormSpec { title: "batch norm, per channel", ..batch },
            Self::BatchPerActivation => {
                let title = "batch norm, per activation";
                NormSpec { title, span: Span::Activation, gamma: own, beta: own, ..batch }
            }
            Self::Instance => NormSpec { title: "instance norm", span: Span::Channel, ..image },
            Self::Group(groups) => NormSpec { title: "group norm, G groups", span: Span::Group(groups), ..image },
            Self::Layer => NormSpec { title: "layer norm over (c, y, x)", ..image },
            Self::Rms => NormSpec { title: "RMS norm", centres: false, beta: None, ..image },
            Self::FilterResponse => {
                NormSpec { title: "filter response norm", span: Span::Channel, centres: false, ..image }
            }
        })
    }

    /// The fixed tensors that the normalization removes from a feature map `[channels, locations]`.
    ///
    /// # Errors
    /// If its groups do not divide the channels.
    pub fn removed(self, mode: Mode, channels: usize, locations: usize) -> Result<ShiftClass, RedundancyError> {
        self.spec().map_or(Ok(ShiftClass::Nothing), |spec| spec.removed(mode, channels, locations))
    }
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
