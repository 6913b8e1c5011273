use std::sync::{Mutex, PoisonError};

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
    /// The largest difference of outputs from call to call, by the largest output.
    pub(crate) same: f64,
}

/// The outputs at a point, once they are known: all later calls there must give the same. Where they do not, what calls differ
/// by would be taken for rounding, and everything for redundant.
#[derive(Debug, Default)]
pub(crate) struct Known(Option<Vec<f64>>);

impl Known {
    pub(crate) fn count(&self) -> usize {
        self.0.as_ref().map_or(0, Vec::len)
    }

    fn check(&mut self, values: Vec<f64>, same: f64) -> Result<(), AuditError> {
        if let Some(&found) = values.iter().find(|value| !value.is_finite()) {
            return Err(AuditError::NotFinite { place: "the outputs".to_owned(), found });
        }
        let Some(first) = &self.0 else {
            self.0 = Some(values);
            return Ok(());
        };
        if first.len() != values.len() {
            return Err(AuditError::Outputs { found: "another number of elements than in the call before" });
        }
        let difference = first.iter().zip(&values).map(|(one, other)| (one - other).abs()).fold(0.0, f64::max);
        let largest = first.iter().map(|value| value.abs()).fold(0.0, f64::max);
        if difference > same * largest { Err(AuditError::NotRepeatable { difference }) } else { Ok(()) }
    }
}

/// The random numbers of a device are those of a process: audits take turns, call by call.
static CALLS: Mutex<()> = Mutex::new(());

impl<F> Probe<'_, F> {
    fn call<M: Module, const D: usize>(&self, module: &M, known: &mut Known) -> Result<Tensor<D>, AuditError>
    where
        F: Fn(&M) -> Tensor<D>,
    {
        let turn = CALLS.lock().unwrap_or_else(PoisonError::into_inner);
        for device in module.devices() {
            device.seed(self.seed);
        }
        let outputs = (self.outputs)(module);
        drop(turn);
        if outputs.shape().num_elements() == 0 {
            return Err(AuditError::Outputs { found: "an empty one" });
        }
        if !outputs.is_tracked() {
            return Err(AuditError::Outputs { found: "one without a history (detached, or of another module)" });
        }
        known.check(host(outputs.clone()), self.same)?;
        Ok(outputs)
    }

    /// Takes the outputs as they are, or compares them with those known.
    pub(crate) fn values<M: Module, const D: usize>(&self, module: &M, known: &mut Known) -> Result<(), AuditError>
    where
        F: Fn(&M) -> Tensor<D>,
    {
        self.call(module, known).map(drop)
    }

    /// ∂⟨c, outputs⟩/∂θ of every parameter θ that trains.
    pub(crate) fn gradients<M: Module, const D: usize>(
        &self,
        module: &M,
        cotangent: &Cotangent,
        known: &mut Known,
    ) -> Result<Vec<Gradient>, AuditError>
    where
        F: Fn(&M) -> Tensor<D>,
    {
        let outputs = self.call(module, known)?;
        if outputs.shape().num_elements() != cotangent.0.len() {
            return Err(AuditError::Outputs { found: "another number of elements than in the call before" });
        }
        let data = TensorData::new(cotangent.0.clone(), outputs.shape());
        let cotangent = Tensor::from_data(data, (&outputs.device(), outputs.dtype()));
        Ok(gradients(module, &(outputs * cotangent).sum().backward()))
    }
}
