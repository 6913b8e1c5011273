use std::fmt;

/// What normalizes the output of a convolution, and over what it takes its statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Normalization {
    /// Nothing.
    None,
    /// Batch norm in training mode, statistics over (n, y, x) of each channel.
    BatchPerChannel,
    /// Batch norm in training mode, statistics over n of each (c, y, x).
    BatchPerActivation,
    /// Statistics over (y, x) of each image and channel.
    Instance,
    /// Statistics over (c, y, x) of each image and group of consecutive channels.
    Group {
        /// The number of groups; divides the channels.
        groups: usize,
    },
    /// Statistics over (c, y, x) of each image: group norm with one group.
    Layer,
    /// Division by the root mean square; nothing is subtracted.
    Rms,
    /// Batch norm in evaluation mode: the running statistics are constants there.
    BatchFrozen,
}

impl fmt::Display for Normalization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.pad("none"),
            Self::BatchPerChannel => f.pad("batch norm, per channel"),
            Self::BatchPerActivation => f.pad("batch norm, per activation"),
            Self::Instance => f.pad("instance norm"),
            Self::Group { groups } => f.pad(&format!("group norm, {groups} groups")),
            Self::Layer => f.pad("layer norm"),
            Self::Rms => f.pad("RMS norm"),
            Self::BatchFrozen => f.pad("batch norm, evaluation mode"),
        }
    }
}
