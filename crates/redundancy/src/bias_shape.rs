use crate::RedundancyError;

/// The bias of a convolution: how many channels and locations it serves, and along which spatial axes it keeps a
/// number of its own for every location.
///
/// # Shapes
/// The bias is a tensor `[c, s₁ or 1, …]`, row-major, with the output's size `sᵢ` along the axes where it is untied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BiasShape {
    channels: usize,
    spatial: Vec<usize>,
    untied: Vec<bool>,
}

impl BiasShape {
    /// One number per channel.
    ///
    /// # Errors
    /// If `channels` or a size is 0, or `spatial` does not have 1 to 3 axes.
    pub fn tied(channels: usize, spatial: &[usize]) -> Result<Self, RedundancyError> {
        Self::checked(channels, spatial, vec![false; spatial.len()])
    }

    /// One number per channel and location.
    ///
    /// # Errors
    /// As [`BiasShape::tied`].
    pub fn untied(channels: usize, spatial: &[usize]) -> Result<Self, RedundancyError> {
        Self::checked(channels, spatial, vec![true; spatial.len()])
    }

    /// One number per channel and location along `axes`, counted from 0 among the spatial axes; tied along the others.
    ///
    /// # Errors
    /// As [`BiasShape::tied`], and for an axis that is out of range or named twice.
    pub fn untied_along(channels: usize, spatial: &[usize], axes: &[usize]) -> Result<Self, RedundancyError> {
        let mut untied = vec![false; spatial.len()];
        for &axis in axes {
            let own = untied.get_mut(axis).ok_or(RedundancyError::UnknownAxis { axis, rank: spatial.len() })?;
            if std::mem::replace(own, true) {
                return Err(RedundancyError::RepeatedAxis { axis });
            }
        }
        Self::checked(channels, spatial, untied)
    }

    /// The shape that a bias tensor of dimensions `[c, s₁ or 1, …]` has in a layer with output size `spatial`.
    ///
    /// # Errors
    /// As [`BiasShape::tied`], and where `dimensions` do not fit `spatial`.
    pub fn from_dimensions(dimensions: &[usize], spatial: &[usize]) -> Result<Self, RedundancyError> {
        let misfit = || RedundancyError::BiasDimensions { spatial: spatial.to_vec(), found: dimensions.to_vec() };
        let (&channels, own) = dimensions.split_first().ok_or_else(misfit)?;
        if own.len() != spatial.len() || own.iter().zip(spatial).any(|(&own, &size)| own != 1 && own != size) {
            return Err(misfit());
        }
        Self::checked(channels, spatial, own.iter().zip(spatial).map(|(own, size)| own == size).collect())
    }

    fn checked(channels: usize, spatial: &[usize], untied: Vec<bool>) -> Result<Self, RedundancyError> {
        if channels == 0 {
            return Err(RedundancyError::NoChannels);
        }
        if !(1..=3).contains(&spatial.len()) {
            return Err(RedundancyError::Rank { found: spatial.len() });
        }
        if let Some(axis) = spatial.iter().position(|&size| size == 0) {
            return Err(RedundancyError::EmptyAxis { axis });
        }
        if spatial.iter().try_fold(channels, |product, &size| product.checked_mul(size)).is_none() {
            return Err(RedundancyError::TooLarge { channels, spatial: spatial.to_vec() });
        }
        Ok(Self { channels, spatial: spatial.to_vec(), untied })
    }

    /// The channels of the output.
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The spatial sizes of the output.
    pub fn spatial(&self) -> &[usize] {
        &self.spatial
    }

    /// The dimensions of the bias tensor.
    pub fn dimensions(&self) -> Vec<usize> {
        let own = self.spatial.iter().zip(&self.untied).map(|(&size, &untied)| if untied { size } else { 1 });
        std::iter::once(self.channels).chain(own).collect()
    }

    /// Bias numbers of one channel.
    pub fn numbers_per_channel(&self) -> usize {
        self.dimensions()[1..].iter().product()
    }

    /// All bias numbers.
    pub fn numbers(&self) -> usize {
        self.channels * self.numbers_per_channel()
    }

    /// Locations that one bias number serves: equally many for all of them.
    pub fn locations_per_number(&self) -> usize {
        self.spatial.iter().product::<usize>() / self.numbers_per_channel()
    }
}
