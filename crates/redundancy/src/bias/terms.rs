use std::ops::Range;

use super::Bias;
use crate::RedundancyError;
use crate::axes::{broadcast, size};

/// The linear map from the parameters of a bias to the tensor `[c, s₁, …]` that it adds to an output.
///
/// b[c, l] = Σₜ θₜ[c or 0, l₁ or 0, …]: the sum of the terms θₜ, each constant along the axes that it does not keep.
///
/// # Shapes
/// Parameters are one flat vector: the terms one after the other, each row-major. The output is row-major too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BiasTerms {
    output: Vec<usize>,
    terms: Vec<Vec<usize>>,
}

impl BiasTerms {
    /// The map of `bias` for an output `[channels, spatial…]`.
    ///
    /// # Errors
    /// If `channels` or a size is 0, `spatial` does not have 1 to 3 axes, the output is too large to count, or listed
    /// axes are out of range, repeated or none.
    pub fn new(bias: &Bias, channels: usize, spatial: &[usize]) -> Result<Self, RedundancyError> {
        Self::from_terms(bias.terms(channels, spatial)?, channels, spatial)
    }

    /// The map of any sum of broadcast terms, each of the output's size or 1 along every axis.
    ///
    /// # Errors
    /// As [`BiasTerms::new`], and where a term does not fit the output.
    pub fn from_terms(terms: Vec<Vec<usize>>, channels: usize, spatial: &[usize]) -> Result<Self, RedundancyError> {
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
        let output = [&[channels], spatial].concat();
        let fits = |term: &&Vec<usize>| {
            term.len() == output.len() && term.iter().zip(&output).all(|(&own, &size)| own == 1 || own == size)
        };
        if let Some(term) = terms.iter().find(|term| !fits(term)) {
            return Err(RedundancyError::BiasDimensions { output, found: term.clone() });
        }
        Ok(Self { output, terms })
    }

    /// The channels of the output.
    pub fn channels(&self) -> usize {
        self.output[0]
    }

    /// The spatial sizes of the output.
    pub fn spatial(&self) -> &[usize] {
        &self.output[1..]
    }

    /// The shape of the output, `[c, s₁, …]`.
    pub fn output(&self) -> &[usize] {
        &self.output
    }

    /// The shape of each term; of one alone, it is the shape of the bias tensor.
    pub fn terms(&self) -> &[Vec<usize>] {
        &self.terms
    }

    /// The number of parameters.
    pub fn parameters(&self) -> usize {
        self.terms.iter().map(|term| size(term)).sum()
    }

    /// The range of each term's parameters in the flat vector.
    pub fn ranges(&self) -> impl Iterator<Item = Range<usize>> {
        self.terms.iter().scan(0, |start, term| {
            let range = *start..*start + size(term);
            *start = range.end;
            Some(range)
        })
    }

    /// The bias tensor of these parameters.
    ///
    /// # Panics
    /// If `parameters` does not hold one value per parameter.
    pub fn expand(&self, parameters: &[f64]) -> Vec<f64> {
        assert_eq!(parameters.len(), self.parameters(), "expected one value for each parameter");
        let mut output = vec![0.0; size(&self.output)];
        for (term, range) in self.terms.iter().zip(self.ranges()) {
            let values = &parameters[range];
            for (element, index) in output.iter_mut().zip(broadcast(term, &self.output)) {
                *element += values[index];
            }
        }
        output
    }

    /// The transposed map: what each parameter's elements of an output-shaped tensor, such as Σₙ ∂J/∂z, sum up to.
    ///
    /// # Panics
    /// If `output` does not hold one value per element of the output.
    pub fn transpose(&self, output: &[f64]) -> Vec<f64> {
        assert_eq!(output.len(), size(&self.output), "expected one value for each element of the output");
        let mut parameters = vec![0.0; self.parameters()];
        for (term, range) in self.terms.iter().zip(self.ranges()) {
            let sums = &mut parameters[range];
            for (element, index) in output.iter().zip(broadcast(term, &self.output)) {
                sums[index] += element;
            }
        }
        parameters
    }
}
