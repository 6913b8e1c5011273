//! Bias modes: how the parameters of a bias are shared over channels and locations.

mod terms;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use terms::BiasTerms;

use crate::RedundancyError;

/// How a bias shares its parameters over the locations of the output that it is added to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Bias {
    /// No bias.
    None,
    /// One parameter per channel, the same at every location. The default, and what other frameworks offer.
    #[default]
    Tied,
    /// One parameter per channel and location.
    Untied,
    /// One parameter per channel and index of the listed spatial axes, shared along the others: with axis 0 of an
    /// image (0: height, 1: width), one per channel and row.
    UntiedAlong(Vec<usize>),
    /// One parameter per channel, plus one per index of each spatial axis: `b[c, y, x] = a[c] + u[y] + v[x]`.
    Factorised,
}

/// A tied bias or none, as layers elsewhere are asked for.
impl From<bool> for Bias {
    fn from(bias: bool) -> Self {
        if bias { Self::Tied } else { Self::None }
    }
}

impl Bias {
    /// The axes of an output `[c, s₁, …]` along which each term of the bias has parameters of its own, counted from 0.
    ///
    /// The bias is the sum of its terms, each constant along the other axes. Everything else derives from this list.
    fn kept_axes(&self, rank: usize) -> Vec<Vec<usize>> {
        match self {
            Self::None => vec![],
            Self::Tied => vec![vec![0]],
            Self::Untied => vec![(0..=rank).collect()],
            Self::UntiedAlong(axes) => vec![std::iter::once(0).chain(axes.iter().map(|axis| axis + 1)).collect()],
            Self::Factorised => (0..=rank).map(|axis| vec![axis]).collect(),
        }
    }

    /// The shapes of the terms whose broadcast sum is the bias of an output `[channels, spatial…]`: the output's size
    /// along the axes that a term keeps, 1 along the others. None without a bias.
    ///
    /// # Errors
    /// If listed axes are out of range, repeated or none.
    pub fn terms(&self, channels: usize, spatial: &[usize]) -> Result<Vec<Vec<usize>>, RedundancyError> {
        self.check_axes(spatial.len())?;
        let output = [&[channels], spatial].concat();
        let shape = |kept: Vec<usize>| {
            output.iter().enumerate().map(|(axis, &size)| if kept.contains(&axis) { size } else { 1 }).collect()
        };
        Ok(self.kept_axes(spatial.len()).into_iter().map(shape).collect())
    }

    /// Whether the shape of the bias depends on the size of the output.
    pub fn needs_size(&self) -> bool {
        // Any rank tells: a listed axis is a spatial one.
        self.kept_axes(1).iter().flatten().any(|&axis| axis > 0)
    }

    /// Spatial shape of the bias for an output of the given size: the size along its own axes, 1 along shared ones;
    /// none without a bias.
    ///
    /// # Errors
    /// If listed axes are out of range, repeated or none, or if the bias is a sum of several terms, which has no one shape.
    pub fn spatial_shape<const D: usize>(&self, output: [usize; D]) -> Result<Option<[usize; D]>, RedundancyError> {
        match self.terms(1, &output)?.as_slice() {
            [] => Ok(None),
            [term] => Ok(Some(std::array::from_fn(|axis| term[axis + 1]))),
            terms => Err(RedundancyError::Terms { found: terms.len() }),
        }
    }

    fn check_axes(&self, rank: usize) -> Result<(), RedundancyError> {
        let Self::UntiedAlong(axes) = self else { return Ok(()) };
        let repeated = axes.iter().enumerate().any(|(index, axis)| axes[..index].contains(axis));
        if axes.is_empty() || repeated || axes.iter().any(|&axis| axis >= rank) {
            return Err(RedundancyError::Axes { axes: axes.clone(), rank });
        }
        Ok(())
    }
}

/// The name, as a config spells it: `tied`, `untied_along[0]`.
impl fmt::Display for Bias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UntiedAlong(axes) => write!(f, "untied_along{axes:?}"),
            name => name.serialize(f),
        }
    }
}
