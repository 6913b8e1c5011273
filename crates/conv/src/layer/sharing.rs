//! Trained layers with their bias shared otherwise, and what that changes.

use burn::module::{Module, Param, ParamId};
use burn::tensor::Tensor;

use super::shape_text;
use crate::geometry::{fits, joined};
use crate::{Bias, Conv, ConvError};

/// A bias as the sum of what batch norm behind the layer removes and of what is left.
#[derive(Debug, Clone)]
pub struct BiasParts<const B: usize> {
    /// The mean per filter `[channels_out, 1...]`: what a normalization that centres each channel takes away.
    pub mean: Tensor<B>,
    /// The rest, of the shape of the bias; zero for a tied one.
    pub rest: Tensor<B>,
}

impl<const D: usize, const R: usize, const B: usize> Conv<D, R, B> {
    /// The same layer with a parameter per filter and location, for inputs of one size: the same function.
    ///
    /// Without a bias, they are zero, and learn unless the weight is frozen.
    ///
    /// # Errors
    /// If the layer does not take inputs of this size, or the bias would be too large for memory.
    pub fn untied(self, input_size: [usize; D]) -> Result<Self, ConvError> {
        self.with_bias_mode(Bias::Untied, input_size).map(|(layer, _)| layer)
    }

    /// The layer with one parameter per filter, the mean of those that it had, for inputs of any size; and what it lost
    /// by that, of the shape of its former bias: the former output is the output plus this residual.
    ///
    /// Zero without a bias; such a new bias learns unless the weight is frozen. Batch norm behind the layer computes what it did just where the residual is zero.
    #[must_use]
    pub fn tied(self) -> (Self, Option<Tensor<B>>) {
        let Some(parts) = self.bias_parts() else {
            let zeros = Tensor::zeros(self.bias_shape([1; D]), (&self.weight.device(), self.weight.val().dtype()));
            let bias = Some(new_parameter(zeros, learns(&self.weight)));
            return (Self { bias, bias_mode: Bias::Tied, input_size: None, ..self }, None);
        };
        let bias = self.bias.map(|bias| replaced(bias, |_| parts.mean));
        (Self { bias, further_terms: vec![], bias_mode: Bias::Tied, input_size: None, ..self }, Some(parts.rest))
    }

    /// The layer without a bias, and the bias that it had: the former output is the output plus both parts.
    ///
    /// Batch norm behind the layer takes the mean away anyway; the rest is what the layer loses there.
    #[must_use]
    pub fn without_bias(self) -> (Self, Option<BiasParts<B>>) {
        let parts = self.bias_parts();
        (Self { bias: None, further_terms: vec![], bias_mode: Bias::None, input_size: None, ..self }, parts)
    }

    /// The layer with its bias shared otherwise, for inputs of one size: parameters that come to share a location become
    /// their mean, and one that comes to have a parameter of its own everywhere is repeated. Also what was lost: the
    /// former output is the output plus this residual, which has the shape of the former bias; none without one. A sum of
    /// several terms takes the mean for each term in turn, of what those before it leave.
    ///
    /// A bias learns or is frozen as it was before; one for a layer without learns unless the weight is frozen.
    ///
    /// # Errors
    /// If the layer does not take inputs of this size, the listed axes are no spatial axes, or the bias would be too
    /// large for memory.
    pub fn with_bias_mode(self, mode: Bias, input_size: [usize; D]) -> Result<(Self, Option<Tensor<B>>), ConvError> {
        self.check_size(input_size)?;
        let output = self.geometry().output_size(input_size)?;
        let [_, channels_out] = self.channels();
        let terms = mode.terms(channels_out, &output)?;
        terms.iter().try_for_each(|term| fits("a bias", term))?;
        if terms.is_empty() {
            let (layer, parts) = self.without_bias();
            return Ok((layer, parts.map(|parts| parts.mean + parts.rest)));
        }
        let learn = self.bias.as_ref().map_or_else(|| learns(&self.weight), learns);
        let mut residual = self.bias_sum().map(Tensor::detach);
        let mut terms = terms.into_iter().map(|term| {
            let shape: [usize; B] = std::array::from_fn(|axis| term[axis]);
            let zeros = Tensor::zeros(shape, (&self.weight.device(), self.weight.val().dtype()));
            let Some(former) = residual.take() else { return zeros };
            let shared = (0..B).filter(|&axis| shape[axis] == 1).fold(former.clone(), Tensor::mean_dim);
            residual = Some(former - shared.clone());
            shared + zeros
        });
        let first = terms.next();
        let new = |term: Tensor<B>| new_parameter(term, learn);
        let further_terms = terms.map(new).collect();
        let bias = match (self.bias, first) {
            (Some(bias), Some(first)) => Some(replaced(bias, |_| first)),
            (_, first) => first.map(new),
        };
        let input_size = mode.needs_size().then_some(input_size);
        Ok((Self { bias, further_terms, bias_mode: mode, input_size, ..self }, residual))
    }

    /// The bias in two parts: what batch norm behind the layer removes, and the rest; none without a bias.
    ///
    /// A normalization with statistics per activation removes both.
    #[must_use]
    pub fn bias_parts(&self) -> Option<BiasParts<B>> {
        let bias = self.bias_sum()?.detach();
        let mean = (1..B).fold(bias.clone(), Tensor::mean_dim);
        Some(BiasParts { rest: bias - mean.clone(), mean })
    }

    pub(crate) fn bias_shape(&self, size: [usize; D]) -> [usize; B] {
        let [_, channels_out] = self.channels();
        joined([channels_out], size)
    }

    fn check_size(&self, input: [usize; D]) -> Result<(), ConvError> {
        match self.input_size {
            Some(expected) if expected != input => {
                let [channels, _] = self.channels();
                let got = [&[1, channels], &input[..]].concat();
                Err(ConvError::Shape { what: "an input", expected: shape_text(channels, self.input_size), got })
            }
            _ => Ok(()),
        }
    }
}

/// Whether a parameter learns, or would in training: outside, as after `valid()`, its tensor does not tell.
pub(crate) fn learns<const R: usize>(param: &Param<Tensor<R>>) -> bool {
    param.clone().train().val().is_require_grad()
}

/// A parameter with an id of its own, so that no optimizer takes it for another.
pub(crate) fn new_parameter<const B: usize>(value: Tensor<B>, learns: bool) -> Param<Tensor<B>> {
    Param::initialized(ParamId::new(), value.detach()).set_require_grad(learns)
}

/// A new parameter in place of another, trained or frozen as it was.
pub(super) fn replaced<const B: usize>(
    param: Param<Tensor<B>>,
    replace: impl FnOnce(Tensor<B>) -> Tensor<B>,
) -> Param<Tensor<B>> {
    let (_, value, mapper) = param.consume();
    let tracked = value.is_require_grad();
    let value = replace(value.detach()).detach().set_require_grad(tracked);
    Param::from_mapped_value(ParamId::new(), value, mapper)
}
