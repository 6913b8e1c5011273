use std::any::Any;
use std::collections::HashMap;

use burn::module::{Module, ModuleMapper, Param, ParamId};
use burn::tensor::{DType, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::read::host;

/// A copy of the module as it trains, with running statistics of its own: a forward pass writes into those.
pub(crate) fn own<M: Module>(module: &M, dtype: Option<DType>) -> M {
    let own = module.valid().train();
    match dtype {
        Some(dtype) => own.map(&mut Caster(dtype)),
        None => own,
    }
}

struct Caster(DType);

impl ModuleMapper for Caster {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| {
            let trains = tensor.is_require_grad();
            let cast = tensor.cast(self.0).detach();
            if trains { cast.require_grad() } else { cast }
        })
    }
}

/// The module with every parameter that trains moved by normal numbers; see [`AuditOptions::spread`](crate::AuditOptions).
pub(crate) fn point<M: Module>(module: &M, spread: f64, random: &mut ChaCha8Rng) -> M {
    module.clone().map(&mut Mover { spread, random, moved: HashMap::new() })
}

struct Mover<'a> {
    spread: f64,
    random: &'a mut ChaCha8Rng,
    /// A parameter that stands at several places stays one.
    moved: HashMap<ParamId, Box<dyn Any>>,
}

impl Mover<'_> {
    fn moved<const D: usize>(&mut self, tensor: &Tensor<D>) -> Tensor<D> {
        let (device, dtype, shape) = (tensor.device(), tensor.dtype(), tensor.shape());
        let mut values = host(tensor.clone());
        let square = values.iter().map(|value| value * value).sum::<f64>() / values.len() as f64;
        let size = self.spread * if square > 0.0 { square.sqrt() } else { 1.0 };
        for value in &mut values {
            let normal: f64 = StandardNormal.sample(self.random);
            *value += size * normal;
        }
        Tensor::from_data(TensorData::new(values, shape), (&device, dtype)).require_grad()
    }
}

impl ModuleMapper for Mover<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if !param.base().is_require_grad() {
            return param;
        }
        let id = param.id;
        let known = self.moved.get(&id).and_then(|tensor| tensor.downcast_ref::<Tensor<D>>()).cloned();
        param.map(|tensor| {
            let moved = known.unwrap_or_else(|| self.moved(&tensor));
            self.moved.insert(id, Box::new(moved.clone()));
            moved
        })
    }
}
