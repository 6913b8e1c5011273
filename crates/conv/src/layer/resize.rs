//! Untied biases for another input size, for those who change the resolution between stages of training.

use burn::tensor::{Int, Tensor, TensorData};

use super::sharing::replaced;
use crate::geometry::fits;
use crate::{Conv, ConvError};

/// Interpolation of parameters at new locations; a location counts as the centre of its share of the axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interpolation {
    /// The parameter of the nearest old location. PyTorch's `nearest-exact`.
    Nearest,
    /// Between the two old locations around, in proportion; beyond the outermost one, its parameter. PyTorch's `linear`,
    /// `bilinear` and `trilinear` with `align_corners=False`.
    Linear,
}

impl<const D: usize, const R: usize, const B: usize> Conv<D, R, B> {
    /// The layer for inputs of another size, its bias resampled along the axes that have their own parameters.
    ///
    /// A bias that is tied stays as it is.
    ///
    /// # Errors
    /// If the kernel is larger than the padded input, or the bias would be too large for memory.
    pub fn resized(self, input_size: [usize; D], interpolation: Interpolation) -> Result<Self, ConvError> {
        let output = self.geometry().output_size(input_size)?;
        let [_, channels_out] = self.channels();
        let sizes = self.bias_mode.terms(channels_out, &output)?;
        sizes.iter().try_for_each(|size| fits("a bias", size))?;
        let terms = self.bias.into_iter().chain(self.further_terms);
        let mut resampled = terms.zip(sizes).map(|(term, size)| {
            let resample = |term| (1..B).fold(term, |term, axis| along(term, axis, size[axis], interpolation));
            replaced(term, resample)
        });
        let (bias, further_terms) = (resampled.next(), resampled.collect());
        Ok(Self { bias, further_terms, input_size: self.input_size.map(|_| input_size), ..self })
    }
}

/// The values along one axis at `count` locations.
fn along<const B: usize>(values: Tensor<B>, axis: usize, count: usize, interpolation: Interpolation) -> Tensor<B> {
    let old = values.dims()[axis];
    if old == count {
        return values;
    }
    let device = values.device();
    let select = |indices: Vec<i64>| {
        values.clone().select(axis, Tensor::<1, Int>::from_data(TensorData::new(indices, [count]), &device))
    };
    match interpolation {
        Interpolation::Nearest => select((0..count).map(|at| ((2 * at + 1) * old / (2 * count)) as i64).collect()),
        Interpolation::Linear => {
            let positions = (0..count).map(|at| {
                let position = ((2 * at + 1) * old) as f64 / (2 * count) as f64 - 0.5;
                position.clamp(0.0, (old - 1) as f64)
            });
            let positions = positions.collect::<Vec<_>>();
            let below = select(positions.iter().map(|position| position.floor() as i64).collect());
            let above = select(positions.iter().map(|position| position.ceil() as i64).collect());
            let shares = positions.iter().map(|position| position.fract()).collect::<Vec<_>>();
            let mut shape = [1; B];
            shape[axis] = count;
            let shares = Tensor::<B>::from_data(TensorData::new(shares, shape), (&device, values.dtype()));
            below.clone() + (above - below) * shares
        }
    }
}
