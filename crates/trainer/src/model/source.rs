//! The values that a model's tensors start from.

use burn::module::Param;
use burn::tensor::{DType, Device, Tensor, TensorData};
use untied_study::Initialisation;

use super::host_tensor::HostTensors;
use super::plan::Shape;
use crate::random::Generator;

/// Makes tensors of one type on one device: from given ones by their names, otherwise random or constant.
pub(crate) struct Source<'a> {
    pub(crate) generator: Generator,
    pub(crate) given: &'a HostTensors,
    pub(crate) device: &'a Device,
    pub(crate) dtype: DType,
}

impl Source<'_> {
    /// Random values, from the stream of this name: of weights that meet so many inputs.
    pub(super) fn drawn<const D: usize>(
        &self,
        init: Initialisation,
        name: &str,
        stream: &str,
        shape: [usize; D],
        fan_in: usize,
    ) -> Param<Tensor<D>> {
        Param::from_tensor(self.given(name, shape).unwrap_or_else(|| {
            let mut stream = self.generator.stream(stream);
            let fan_in = fan_in as f64;
            let mut value = || match init {
                Initialisation::Uniform => stream.uniform(-1.0 / fan_in.sqrt(), 1.0 / fan_in.sqrt()),
                Initialisation::Kaiming => stream.normal() * (2.0 / fan_in).sqrt(),
                Initialisation::Lecun1989 => stream.uniform(-2.4 / fan_in, 2.4 / fan_in),
            };
            self.tensor((0..shape.iter().product()).map(|_| value()).collect(), shape)
        }))
    }

    pub(super) fn constant<const D: usize>(&self, name: &str, shape: [usize; D], value: f64) -> Tensor<D> {
        let full = || Tensor::full(shape, value, (self.device, self.dtype));
        self.given(name, shape).unwrap_or_else(full)
    }

    /// The terms of a bias, one vector among the given tensors; zeros otherwise.
    pub(super) fn terms(&self, name: &str, shapes: &[Shape]) -> Vec<Tensor<3>> {
        let count = |shape: &Shape| shape.iter().product::<usize>();
        let given = self.given.get(name).map(|tensor| tensor.values.as_slice());
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
        let given = self.given.get(name)?;
        (given.values.len() == shape.iter().product::<usize>()).then(|| self.tensor(given.values.clone(), shape))
    }

    fn tensor<const D: usize>(&self, values: Vec<f64>, shape: [usize; D]) -> Tensor<D> {
        Tensor::from_data(TensorData::new(values, shape), (self.device, self.dtype))
    }
}
