//! Tensors on the host.

use std::collections::BTreeMap;

use burn::tensor::Tensor;

/// Every tensor of a model, running statistics included.
pub(crate) type HostTensors = BTreeMap<String, HostTensor>;

/// One tensor, row-major, in f64 whatever type the model has.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct HostTensor {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<f64>,
}

impl HostTensor {
    pub(super) fn of<const D: usize>(tensor: Tensor<D>) -> Self {
        Self { shape: tensor.dims().to_vec(), values: host(tensor) }
    }
}

/// The values of a tensor in f64, row-major.
pub(crate) fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().convert::<f64>().try_to_vec().expect("converted to f64")
}
