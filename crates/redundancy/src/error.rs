use thiserror::Error;

/// Why no redundancy can be told.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RedundancyError {
    /// A layer without channels.
    #[error("expected at least 1 channel, found 0")]
    NoChannels,
    /// Not a 1d, 2d or 3d layer.
    #[error("expected 1 to 3 spatial axes, found {found}")]
    Rank {
        /// The number of spatial axes given.
        found: usize,
    },
    /// A spatial axis without locations.
    #[error("expected at least 1 location along spatial axis {axis}, found 0")]
    EmptyAxis {
        /// The axis, counted from 0 among the spatial ones.
        axis: usize,
    },
    /// A bias untied along an axis that the layer lacks.
    #[error("expected spatial axes below {rank}, found axis {axis}")]
    UnknownAxis {
        /// The axis given.
        axis: usize,
        /// The number of spatial axes.
        rank: usize,
    },
    /// A bias untied along the same axis twice.
    #[error("expected each spatial axis once, found axis {axis} twice")]
    RepeatedAxis {
        /// The axis given twice.
        axis: usize,
    },
    /// A bias tensor that does not fit the output.
    #[error("expected a bias of [channels, then 1 or the output size along each of {spatial:?}], found {found:?}")]
    BiasDimensions {
        /// The spatial sizes of the output.
        spatial: Vec<usize>,
        /// The dimensions of the bias tensor.
        found: Vec<usize>,
    },
    /// More locations than can be counted.
    #[error("expected fewer than 2^{} locations, found {channels} channels of {spatial:?}", usize::BITS)]
    TooLarge {
        /// The channels of the output.
        channels: usize,
        /// The spatial sizes of the output.
        spatial: Vec<usize>,
    },
    /// Groups that do not split the channels evenly.
    #[error("expected a number of groups that divides {channels} channels, found {groups}")]
    Groups {
        /// The groups asked for.
        groups: usize,
        /// The channels of the layer.
        channels: usize,
    },
}
