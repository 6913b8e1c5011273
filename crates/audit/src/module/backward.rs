use burn::module::Module;
use burn::tensor::{Tensor, TensorData};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::read::{Gradient, gradients};
use crate::AuditError;
use crate::module::read::host;

/// A cotangent: one weight for each output. All are multiples of 2⁻¹⁰ below 2, so that sums of two, and four times one, are exact.
#[derive(Debug, Clone)]
pub(crate) struct Cotangent(Vec<f64>);

impl Cotangent {
    pub(crate) fn random(outputs: usize, random: &mut ChaCha8Rng) -> Self {
        let mut weight = || f64::from(random.random_range(-1024..=1024_i32)) / 1024.0;
        Self((0..outputs).map(|_| weight()).collect())
    }

    pub(crate) fn plus(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| a + b).collect())
    }

    pub(crate) fn times(&self, factor: f64) -> Self {
        Self(self.0.iter().map(|weight| factor * weight).collect())
    }
}

/// The outputs of a module as a function of its parameters.
pub(crate) struct Probe<'a, F> {
    pub(crate) outputs: &'a F,
    /// What the devices draw from inside a call, as dropout does: the same in every call.
    pub(crate) seed: u64,
}

impl<F> Probe<'_, F> {
    fn call<M: Module, const D: usize>(&self, module: &M) -> Result<Tensor<D>, AuditError>
    where
        F: Fn(&M) -> Tensor<D>,
    {
        for device in module.devices() {
            device.seed(self.seed);
        }
        let outputs = (self.outputs)(module);
        if outputs.shape().num_elements() == 0 {
            return Err(AuditError::Outputs { found: "an empty one" });
        }
        if !outputs.is_tracked() {
            return Err(AuditError::Outputs { found: "one without a history (detached, or of another module)" });
        }
        Ok(outputs)
    }

    /// The outputs as they are, row-major.
    pub(crate) fn values<M: Module, const D: usize>(&self, module: &M) -> Result<Vec<f64>, AuditError>
    where
        F: Fn(&M) -> Tensor<D>,
    {
        let values = host(self.call(module)?);
        match values.iter().find(|value| !value.is_finite()) {
            Some(&found) => Err(AuditError::NotFinite { place: "the outputs".to_owned(), found }),
            None => Ok(values),
        }
    }

    /// ∂⟨c, outputs⟩/∂θ of every parameter θ that trains.
    pub(crate) fn gradients<M: Module, const D: usize>(
        &self,
        module: &M,
        cotangent: &Cotangent,
    ) -> Result<Vec<Gradient>, AuditError>
    where
        F: Fn(&M) -> Tensor<D>,
    {
        let outputs = self.call(module)?;
        if outputs.shape().num_elements() != cotangent.0.len() {
            return Err(AuditError::Outputs { found: "another number of elements than in the call before" });
        }
        let data = TensorData::new(cotangent.0.clone(), outputs.shape());
        let cotangent = Tensor::from_data(data, (&outputs.device(), outputs.dtype()));
        Ok(gradients(module, &(outputs * cotangent).sum().backward()))
    }
}
