//! The redundant subspace of the parameters of one bias.

mod gauge;
mod round_off;

use std::ops::Range;

pub use round_off::{UNIT_ROUND_OFF_F32, UNIT_ROUND_OFF_F64};

use crate::axes::{mean, norm, size};
use crate::{BiasTerms, RedundancyError, ShiftClass};
use gauge::{Gauge, Rounding};

/// The redundant subspace of a bias: the directions of its parameters that change nothing behind it.
///
/// A direction d is redundant if and only if the tensor that it adds, E·d, is of the removed class W. For a bias of one
/// term, that subspace is spanned by the indicators of index sets: runs of equal length in the row-major bias tensor,
/// since channels come first and groups are consecutive channels. A sum of several terms has a gauge freedom as well: what
/// one term gains, another can lose.
///
/// # Several terms
/// With n_a the size of axis a, each term θₜ on the axes Sₜ that it keeps is the sum of its components, one for each T ⊆ Sₜ:
/// θ_{t,T} = ∏_{a∈T}(1 − mean_a) ∏_{a∈Sₜ∖T} mean_a · θₜ, of dimension ∏_{a∈T}(n_a − 1). E adds up the components of equal T, and W
/// holds some T wholly and no others. So T ∈ W is redundant in every term; of T ∉ W the combinations with Σₜ θ_{t,T} = 0 are.
/// The component T of term t stands rₜ = ∏_{a∈Sₜ∖T} n_a times in its parameters, so that the orthogonal projection on those
/// combinations is θ_{t,T} − λ/rₜ with λ = Σₜ θ_{t,T} / Σₜ 1/rₜ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redundancy {
    parameters: usize,
    /// The parameters of each term, and the length of its index sets; none where nothing is removed.
    terms: Vec<(Range<usize>, Option<usize>)>,
    gauge: Gauge,
}

impl Redundancy {
    /// The redundant subspace of a bias whose shifts of the class `removed` change nothing.
    ///
    /// # Errors
    /// If the groups do not divide the channels.
    pub fn new(removed: ShiftClass, bias: &BiasTerms) -> Result<Self, RedundancyError> {
        let channels = bias.channels();
        if let ShiftClass::Groups(groups) = removed {
            ShiftClass::groups(groups, channels, 1)?;
        }
        let set_length = |term: &Vec<usize>| match removed {
            ShiftClass::Nothing => None,
            ShiftClass::Everything => Some(1),
            // A term that all channels share is equal on every group at once.
            ShiftClass::Groups(groups) => Some(size(term) / if term[0] == channels { groups } else { 1 }),
        };
        let terms = bias.ranges().zip(bias.terms().iter().map(set_length)).collect();
        Ok(Self { parameters: bias.parameters(), terms, gauge: Gauge::new(removed, bias) })
    }

    /// The number of parameters of the bias.
    pub fn parameters(&self) -> usize {
        self.parameters
    }

    /// The dimension of the redundant subspace.
    pub fn dimensions(&self) -> usize {
        self.sets().count() + self.gauge.dimensions()
    }

    /// The index sets, as ranges of the flat parameters, on each of which a constant is redundant. For a bias of one term,
    /// their indicators span the redundant subspace.
    pub fn sets(&self) -> impl Iterator<Item = Range<usize>> {
        self.terms.iter().flat_map(|(range, length)| {
            let sets = length.map_or(0, |length| range.len() / length);
            (0..sets).map(move |set| (set, length.unwrap_or_default())).map(|(set, length)| {
                let start = range.start + set * length;
                start..start + length
            })
        })
    }

    /// Directions that span the redundant subspace, as pairs of an index and a value: the indicators of the sets, then,
    /// for a sum of terms, what one term gains and another loses.
    pub fn directions(&self) -> Vec<Vec<(usize, f64)>> {
        let indicators = self.sets().map(|set| set.map(|index| (index, 1.0)).collect());
        indicators.chain(self.gauge.directions()).collect()
    }

    /// The redundant part of a bias or of its gradient: its orthogonal projection on the redundant subspace.
    ///
    /// With one term, (P·v)ₖ = mean of v over the set of k; 0 where nothing is redundant.
    ///
    /// # Panics
    /// If `values` does not hold one value per parameter.
    pub fn project(&self, values: &[f64]) -> Vec<f64> {
        self.expect_parameters(values);
        let mut projection = vec![0.0; values.len()];
        for set in self.sets() {
            let mean = mean(values[set.clone()].iter().copied(), set.len());
            projection[set].fill(mean);
        }
        self.gauge.add(values, Rounding::Exact, &mut projection);
        projection
    }

    /// The part that still does work: v − P·v.
    ///
    /// # Panics
    /// As [`Redundancy::project`].
    pub fn residual(&self, values: &[f64]) -> Vec<f64> {
        values.iter().zip(self.project(values)).map(|(value, redundant)| value - redundant).collect()
    }

    /// The norm of a gradient's redundant part that rounding alone explains: ε·‖s‖ with s = Σ|∂J/∂z| / √p of each set of p
    /// parameters.
    ///
    /// `absolute_sums` holds, per parameter, Σ|∂J/∂z| over all images and locations that it serves; `epsilon` is
    /// [`UNIT_ROUND_OFF_F32`] or [`UNIT_ROUND_OFF_F64`]. Where nothing is redundant, each parameter is its own set. What
    /// terms can pass to each other adds its part to s: the projection with all its coefficients made positive.
    ///
    /// # Panics
    /// As [`Redundancy::project`].
    pub fn round_off(&self, absolute_sums: &[f64], epsilon: f64) -> f64 {
        self.expect_parameters(absolute_sums);
        if self.dimensions() == 0 {
            return epsilon * norm(absolute_sums);
        }
        let scaled = |set: Range<usize>| {
            let root = (set.len() as f64).sqrt();
            absolute_sums[set].iter().sum::<f64>() / root
        };
        let mut s: Vec<f64> = self.sets().map(scaled).collect();
        if self.gauge.dimensions() > 0 {
            let mut bound = vec![0.0; absolute_sums.len()];
            self.gauge.add(absolute_sums, Rounding::Bound, &mut bound);
            s.extend(bound);
        }
        epsilon * norm(&s)
    }

    fn expect_parameters(&self, values: &[f64]) {
        assert_eq!(values.len(), self.parameters, "expected one value for each parameter");
    }
}
