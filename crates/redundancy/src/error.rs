use thiserror::Error;

/// A bias or a normalization that does not fit its feature map.
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
    /// The axes of a partly tied bias are no set of spatial axes.
    #[error("expected a bias untied along distinct spatial axes below {rank}, at least one, found {axes:?}")]
    Axes {
        /// The axes given.
        axes: Vec<usize>,
        /// The number of spatial axes.
        rank: usize,
    },
    /// A term of a bias that does not fit the output.
    #[error("expected a bias of 1 or the output size along each of {output:?}, found {found:?}")]
    BiasDimensions {
        /// The shape of the output.
        output: Vec<usize>,
        /// The shape of the term.
        found: Vec<usize>,
    },
    /// A sum of terms where one tensor is asked for.
    #[error("expected a bias that is one tensor, found a sum of {found}")]
    Terms {
        /// The number of terms.
        found: usize,
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
