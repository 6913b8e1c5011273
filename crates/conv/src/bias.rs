//! How a convolution's bias is shared over locations.

use burn::config::Config;

use crate::ConvError;

/// How a convolution's bias is shared over the locations of its output.
#[derive(Config, Debug, PartialEq, Eq)]
pub enum Bias {
    /// No bias.
    None,
    /// One number per filter, the same at every location. The default, and what other frameworks offer.
    Tied,
    /// One number per filter and location.
    Untied,
    /// One number per filter and index of the listed spatial axes, shared along the others: with axis 0 of an
    /// image, one per filter and row.
    UntiedAlong(Vec<usize>),
}

#[expect(clippy::derivable_impls, reason = "the Config derive does not carry the #[default] attribute")]
impl Default for Bias {
    fn default() -> Self {
        Self::Tied
    }
}

impl Bias {
    /// Whether the shape of the bias depends on the size of the output.
    #[must_use]
    pub fn needs_size(&self) -> bool {
        matches!(self, Self::Untied | Self::UntiedAlong(_))
    }

    /// Spatial shape of the bias for an output of the given size: the size along its own axes, 1 along shared ones;
    /// none without a bias.
    ///
    /// # Errors
    /// If a listed axis is out of range, listed twice or none is listed.
    pub fn spatial_shape<const D: usize>(&self, output: [usize; D]) -> Result<Option<[usize; D]>, ConvError> {
        match self {
            Self::None => Ok(None),
            Self::Tied => Ok(Some([1; D])),
            Self::Untied => Ok(Some(output)),
            Self::UntiedAlong(axes) => {
                check_axes(axes, D)?;
                Ok(Some(std::array::from_fn(|axis| if axes.contains(&axis) { output[axis] } else { 1 })))
            }
        }
    }
}

fn check_axes(axes: &[usize], rank: usize) -> Result<(), ConvError> {
    let listed_twice = axes.iter().enumerate().any(|(place, axis)| axes[..place].contains(axis));
    if axes.is_empty() || listed_twice || axes.iter().any(|&axis| axis >= rank) {
        return Err(ConvError::Axes { axes: axes.to_vec(), rank });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mode_has_its_shape() {
        let shape = |bias: Bias| bias.spatial_shape([4, 5]);
        assert_eq!(shape(Bias::None), Ok(None));
        assert_eq!(shape(Bias::Tied), Ok(Some([1, 1])));
        assert_eq!(shape(Bias::Untied), Ok(Some([4, 5])));
        assert_eq!(shape(Bias::UntiedAlong(vec![0])), Ok(Some([4, 1])));
        assert_eq!(shape(Bias::UntiedAlong(vec![1])), Ok(Some([1, 5])));
        assert_eq!(shape(Bias::UntiedAlong(vec![1, 0])), Ok(Some([4, 5])));
    }

    #[test]
    fn impossible_axes_are_errors() {
        for axes in [vec![], vec![2], vec![0, 0]] {
            let error = Bias::UntiedAlong(axes.clone()).spatial_shape([4, 5]).unwrap_err();
            assert_eq!(error, ConvError::Axes { axes, rank: 2 });
        }
    }
}
