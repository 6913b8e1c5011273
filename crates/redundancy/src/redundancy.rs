use std::ops::Range;

use crate::{BiasShape, Normalization, RedundancyError};

/// The redundant subspace of a bias: the directions in which the normalized output does not change.
///
/// Its index sets are runs of equal length in the row-major bias tensor, since channels come first and groups are
/// consecutive channels. They cover every bias number, or, where nothing is redundant, there are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redundancy {
    numbers: usize,
    /// The length p of each set; none where nothing is redundant.
    set_length: Option<usize>,
}

impl Redundancy {
    /// What `normalization` makes redundant in a bias of `shape` before it.
    ///
    /// # Errors
    /// If the groups do not divide the channels.
    pub fn new(normalization: Normalization, shape: &BiasShape) -> Result<Self, RedundancyError> {
        let numbers = shape.numbers();
        let set_length = match normalization {
            Normalization::None | Normalization::Rms | Normalization::BatchFrozen => None,
            Normalization::BatchPerActivation => Some(1),
            Normalization::BatchPerChannel | Normalization::Instance => Some(shape.numbers_per_channel()),
            Normalization::Group { groups } => Some(numbers / checked_groups(groups, shape.channels())?),
            Normalization::Layer => Some(numbers),
        };
        Ok(Self { numbers, set_length })
    }

    /// The number of bias numbers.
    pub fn numbers(&self) -> usize {
        self.numbers
    }

    /// The dimension of the redundant subspace.
    pub fn dimensions(&self) -> usize {
        self.set_length.map_or(0, |length| self.numbers / length)
    }

    /// The index sets over which the projection averages, as ranges of the row-major bias tensor.
    pub fn sets(&self) -> impl ExactSizeIterator<Item = Range<usize>> {
        let length = self.set_length.unwrap_or(self.numbers);
        (0..self.dimensions()).map(move |set| set * length..(set + 1) * length)
    }

    /// The redundant part of a bias or of its gradient: its orthogonal projection on the redundant subspace.
    ///
    /// (P·v)ₖ = mean of v over the set of k; 0 where nothing is redundant.
    ///
    /// # Panics
    /// If `values` does not hold one value per bias number.
    pub fn project(&self, values: &[f64]) -> Vec<f64> {
        self.expect_numbers(values);
        let mut projection = vec![0.0; values.len()];
        for set in self.sets() {
            let mean = mean(&values[set.clone()]);
            projection[set].fill(mean);
        }
        projection
    }

    /// The part that still does work: v − P·v.
    ///
    /// # Panics
    /// As [`Redundancy::project`].
    pub fn residual(&self, values: &[f64]) -> Vec<f64> {
        values.iter().zip(self.project(values)).map(|(value, redundant)| value - redundant).collect()
    }

    /// What rounding alone explains of the norm of a gradient's redundant part: ε·‖s‖ with s = Σ|∂J/∂z| / √p of each set.
    ///
    /// `absolute_sums` holds, per bias number, Σ|∂J/∂z| over all images and locations that it serves; `epsilon` is
    /// [`UNIT_ROUND_OFF_F32`](crate::UNIT_ROUND_OFF_F32) or [`UNIT_ROUND_OFF_F64`](crate::UNIT_ROUND_OFF_F64). Where
    /// nothing is redundant, each number is its own set.
    ///
    /// # Panics
    /// As [`Redundancy::project`].
    pub fn round_off(&self, absolute_sums: &[f64], epsilon: f64) -> f64 {
        self.expect_numbers(absolute_sums);
        let length = self.set_length.unwrap_or(1);
        let root = (length as f64).sqrt();
        let s: Vec<f64> = absolute_sums.chunks_exact(length).map(|set| set.iter().sum::<f64>() / root).collect();
        epsilon * norm(&s)
    }

    fn expect_numbers(&self, values: &[f64]) {
        assert_eq!(values.len(), self.numbers, "expected one value for each bias number");
    }
}

fn checked_groups(groups: usize, channels: usize) -> Result<usize, RedundancyError> {
    if groups == 0 || !channels.is_multiple_of(groups) {
        return Err(RedundancyError::Groups { groups, channels });
    }
    Ok(groups)
}

/// The mean, by a compensated sum (Neumaier): measuring must not add to the rounding that is measured.
fn mean(values: &[f64]) -> f64 {
    let (mut sum, mut lost) = (0.0_f64, 0.0);
    for &value in values {
        let next = sum + value;
        lost += if sum.abs() >= value.abs() { (sum - next) + value } else { (value - next) + sum };
        sum = next;
    }
    (sum + lost) / values.len() as f64
}

/// The L2 norm.
pub fn norm(values: &[f64]) -> f64 {
    values.iter().map(|value| value * value).sum::<f64>().sqrt()
}
