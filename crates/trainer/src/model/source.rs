//! The values that a model's tensors start from.

use burn::module::Param;
use burn::tensor::{DType, Device, Tensor, TensorData};

use super::host_tensor::HostTensors;
use super::plan::Shape;
use crate::random::Generator;

/// Makes tensors of one type on one device: from given ones by their names, otherwise random or constant.
pub(crate) struct Source<'a> {
    pub(crate) generator: Generator,
    pub(crate) given: Option<&'a HostTensors>,
    pub(crate) device: &'a Device,
    pub(crate) dtype: DType,
}

impl Source<'_> {
    /// Uniform within ±1/√fan_in, from the stream of this name.
    pub(super) fn uniform<const D: usize>(
        &self,
        name: &str,
        stream: &str,
        shape: [usize; D],
        fan_in: usize,
    ) -> Param<Tensor<D>> {
        Param::from_tensor(self.given(name, shape).unwrap_or_else(|| {
            let bound = 1.0 / (fan_in as f64).sqrt();
            let mut stream = self.generator.stream(stream);
            self.tensor((0..shape.iter().product()).map(|_| stream.uniform(-bound, bound)).collect(), shape)
        }))
    }

    pub(super) fn constant<const D: usize>(&self, name: &str, shape: [usize; D], value: f64) -> Tensor<D> {
        let full = || Tensor::full(shape, value, (self.device, self.dtype));
        self.given(name, shape).unwrap_or_else(full)
    }

    /// The terms of a bias, one vector among the given tensors; zeros otherwise.
    pub(super) fn terms(&self, name: &str, shapes: &[Shape]) -> Vec<Tensor<3>> {
        let count = |shape: &Shape| shape.iter().product::<usize>();
        let given = self.given.and_then(|tensors| tensors.get(name)).map(|tensor| tensor.values.as_slice());
        let mut rest = given.filter(|values| values.len() == shapes.iter().map(count).sum::<usize>());
        let term = |shape: &Shape| match rest {
            Some(values) => {
                let (term, others) = values.split_at(count(shape));
                rest = Some(others);
                self.tensor(term.to_vec(), *shape)
            }
            None => Tensor::zeros(*shape, (self.device, self.dtype)),
        };
        shapes.iter().map(term).collect()
    }

    fn given<const D: usize>(&self, name: &str, shape: [usize; D]) -> Option<Tensor<D>> {
        let given = self.given?.get(name)?;
        (given.values.len() == shape.iter().product::<usize>()).then(|| self.tensor(given.values.clone(), shape))
    }

    fn tensor<const D: usize>(&self, values: Vec<f64>, shape: [usize; D]) -> Tensor<D> {
        Tensor::from_data(TensorData::new(values, shape), (self.device, self.dtype))
    }
}
