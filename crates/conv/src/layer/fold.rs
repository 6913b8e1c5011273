//! A convolution with what is behind it taken in.

use burn::tensor::{DType, Tensor};

use super::sharing::{learns, new_parameter};
use crate::{Bias, Conv};

impl<const D: usize, const R: usize, const B: usize> Conv<D, R, B> {
    /// The layer that gives scale·y + shift per filter where this one gives y: w' = scale·w, b' = scale·b + shift.
    ///
    /// With the scale and shift that a batch norm applies in evaluation (`untied_batch_norm::BatchNorm::scale_and_shift`),
    /// it does the work of both; a tied bias stays tied, a layer without gets a tied one, a factorised one becomes untied.
    ///
    /// # Shapes
    /// scale, shift `[channels_out]`.
    ///
    /// # Panics
    /// If they have another length.
    ///
    /// # Example
    /// ```
    /// use burn::tensor::{Device, Tensor};
    /// use untied_conv::Conv2dConfig;
    ///
    /// let device = Device::default();
    /// let conv = Conv2dConfig::new([3, 2], [3, 3]).with_bias(false).init(&device);
    /// let twice = conv.folded(Tensor::from_floats([2.0, 2.0], &device), Tensor::from_floats([0.5, 0.0], &device));
    /// assert_eq!(twice.parameter_counts().1, 2);
    /// ```
    #[must_use]
    #[track_caller]
    pub fn folded(self, scale: Tensor<1>, shift: Tensor<1>) -> Self {
        let channels = self.channels()[1];
        for (what, [length]) in [("scale", scale.dims()), ("shift", shift.dims())] {
            assert!(length == channels, "convolution: expected a {what} of length {channels}, got {length}");
        }
        let learn = learns(&self.weight);
        let weight = self.weight.val();
        let dtype = weight.dtype();
        let shift = along_filters::<B>(shift, dtype);
        // Scaled, the terms of a sum are no longer constant along the channels.
        let mode = match self.bias_mode {
            Bias::None => Bias::Tied,
            Bias::Factorised => Bias::Untied,
            ref mode => mode.clone(),
        };
        let bias = match self.bias_sum() {
            Some(bias) => bias * along_filters(scale.clone(), dtype) + shift,
            None => shift,
        };
        let weight = new_parameter(weight * along_filters(scale, dtype), learn);
        Self { weight, bias: Some(new_parameter(bias, learn)), further_terms: vec![], bias_mode: mode, ..self }
    }
}

/// `[channels_out]` → `[channels_out, 1…]`.
fn along_filters<const N: usize>(values: Tensor<1>, dtype: DType) -> Tensor<N> {
    let mut shape = [1; N];
    shape[0] = values.dims()[0];
    values.cast(dtype).reshape(shape)
}
