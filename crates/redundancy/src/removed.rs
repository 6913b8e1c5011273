use crate::RedundancyError;

/// A class of fixed tensors `[c, l]` (channels by locations), the same for every image, that may be removed from a
/// feature map without an effect on what follows.
///
/// The classes are nested subspaces: nothing ⊂ equal everywhere ⊂ … ⊂ constant in each channel ⊂ everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Removed {
    /// The zero tensor alone.
    Nothing,
    /// Tensors that are constant on each of this many groups of consecutive channels: with 1 equal everywhere, with as
    /// many groups as channels one value per channel.
    Groups(usize),
    /// Any tensor.
    Everything,
}

impl Removed {
    /// Tensors that are constant on each of `groups` groups of channels. With one location, one value per channel is any
    /// tensor.
    ///
    /// # Errors
    /// If the groups do not divide the channels.
    pub fn groups(groups: usize, channels: usize, locations: usize) -> Result<Self, RedundancyError> {
        if groups == 0 || !channels.is_multiple_of(groups) {
            return Err(RedundancyError::Groups { groups, channels });
        }
        Ok(if groups == channels && locations == 1 { Self::Everything } else { Self::Groups(groups) })
    }
}
