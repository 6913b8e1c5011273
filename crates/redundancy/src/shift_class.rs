use crate::RedundancyError;

/// A class of shifts: of fixed tensors `[c, y, x]`, the same for every image, that are added to a feature map.
///
/// The classes are subspaces: nothing ⊂ equal everywhere ⊂ … ⊂ constant in each channel ⊂ everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ShiftClass {
    /// The zero tensor alone.
    Nothing,
    /// Tensors that are constant on each of this many groups of consecutive channels: with 1 equal everywhere, with as
    /// many groups as channels one value per channel.
    Groups(usize),
    /// Any tensor.
    Everything,
}

impl ShiftClass {
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

    /// The class as one of feature maps `[c, y, x]`: groups that the channels have, and any tensor where that is the same.
    pub(crate) fn of(self, [channels, height, width]: [usize; 3]) -> Self {
        match self {
            Self::Groups(groups) if groups == channels && height * width == 1 => Self::Everything,
            class => class,
        }
    }

    /// One value per channel of feature maps of this shape.
    pub(crate) fn per_channel(shape: [usize; 3]) -> Self {
        Self::Groups(shape[0]).of(shape)
    }

    /// The shifts of both classes.
    #[must_use]
    pub fn meet(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, _) | (_, Self::Nothing) => Self::Nothing,
            (Self::Everything, class) | (class, Self::Everything) => class,
            (Self::Groups(a), Self::Groups(b)) => Self::Groups(greatest_common_divisor(a, b)),
        }
    }

    /// The smallest class of both classes' shifts and their sums.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        match (self, other) {
            (Self::Everything, _) | (_, Self::Everything) => Self::Everything,
            (Self::Nothing, class) | (class, Self::Nothing) => class,
            (Self::Groups(a), Self::Groups(b)) => Self::Groups(a / greatest_common_divisor(a, b) * b),
        }
    }

    /// Whether all shifts of `other` are of this class.
    pub fn contains(self, other: Self) -> bool {
        self.meet(other) == other
    }

    /// The dimension of the class for feature maps `[c, y, x]`.
    pub fn dimension(self, shape: [usize; 3]) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Groups(groups) => groups,
            Self::Everything => shape.iter().product(),
        }
    }
}

pub(crate) fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}
