//! The inputs of a checked function, by name.

use burn::tensor::{DType, Device, Tensor, TensorData};

use crate::random::{Stream, random_values};

/// A named input: f64 values in row-major order and their shape.
#[derive(Debug, Clone, PartialEq)]
pub struct Input {
    /// Name that [`Arguments::get`] asks for and reports print.
    pub name: String,
    /// Row-major values.
    pub values: Vec<f64>,
    /// Shape.
    pub shape: Vec<usize>,
}

impl Input {
    /// An input with given values.
    ///
    /// # Panics
    /// If the number of values is not the shape's.
    #[must_use]
    #[track_caller]
    pub fn new(name: impl Into<String>, shape: impl Into<Vec<usize>>, values: Vec<f64>) -> Self {
        let (name, shape) = (name.into(), shape.into());
        assert_eq!(values.len(), shape.iter().product::<usize>(), "values of input `{name}` of shape {shape:?}");
        Self { name, values, shape }
    }

    /// An input with values drawn uniformly from [−1, 1), the same for the same seed.
    #[must_use]
    pub fn random(name: impl Into<String>, shape: impl Into<Vec<usize>>, seed: u64) -> Self {
        let shape = shape.into();
        let values = random_values(shape.iter().product(), seed, Stream::Input);
        Self { name: name.into(), values, shape }
    }
}

/// The inputs as tensors on a device: leaves of the autodiff graph on an autodiff device.
#[derive(Debug, Clone)]
pub struct Arguments {
    names: Vec<String>,
    shapes: Vec<Vec<usize>>,
    pub(crate) leaves: Vec<Tensor<1>>,
}

impl Arguments {
    pub(crate) fn new(inputs: &[Input], device: &Device) -> Self {
        let leaf = |input: &Input| {
            let data = TensorData::new(input.values.clone(), [input.values.len()]);
            let tensor = Tensor::<1>::from_data(data, (device, DType::F64));
            if device.is_autodiff() { tensor.require_grad() } else { tensor }
        };
        Self {
            names: inputs.iter().map(|input| input.name.clone()).collect(),
            shapes: inputs.iter().map(|input| input.shape.clone()).collect(),
            leaves: inputs.iter().map(leaf).collect(),
        }
    }

    /// The input called `name`.
    ///
    /// # Panics
    /// If there is none of this name, or its rank is not `D`.
    #[must_use]
    #[track_caller]
    pub fn get<const D: usize>(&self, name: &str) -> Tensor<D> {
        // `unwrap_or_else` would hide the caller's line.
        let Some(index) = self.names.iter().position(|known| *known == name) else {
            panic!("gradcheck: no input `{name}` among {:?}", self.names)
        };
        match <[usize; D]>::try_from(self.shapes[index].clone()) {
            Ok(shape) => self.leaves[index].clone().reshape(shape),
            Err(shape) => panic!("gradcheck: input `{name}` was asked for with rank {D}, its shape is {shape:?}"),
        }
    }
}
