//! Values that another program computed, in a committed JSON file.

use burn::tensor::{Device, Tensor, TensorData};
use serde::Deserialize;

/// One tensor of a file of golden values.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Golden {
    /// Shape.
    pub shape: Vec<usize>,
    /// Row-major values.
    pub values: Vec<f64>,
}

impl Golden {
    /// The values as an f64 tensor.
    ///
    /// # Panics
    /// If its rank is not `D`.
    #[must_use]
    pub fn tensor<const D: usize>(&self, device: &Device) -> Tensor<D> {
        let data = TensorData::new(self.values.clone(), self.shape.clone());
        Tensor::from_data(data, (device, burn::tensor::DType::F64))
    }
}
