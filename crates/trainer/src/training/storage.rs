//! Parameters that are stored with fewer bits than they are computed with.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Tensor, TensorData, bf16, f16};
use untied_study::Storage;

use crate::model::net::Net;

/// Rounds every parameter that training changes to the nearest number of a type, ties to even, in place of the one it is. Running
/// statistics, and what is frozen, stay.
pub(super) fn store(model: Net, storage: Storage) -> Net {
    match storage {
        Storage::AsComputed => model,
        Storage::Bf16 => model.map(&mut Rounding(|data| data.convert::<bf16>())),
        Storage::F16 => model.map(&mut Rounding(|data| data.convert::<f16>())),
    }
}

/// On the host, so that devices without the type can have it too.
struct Rounding(fn(TensorData) -> TensorData);

impl ModuleMapper for Rounding {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if !param.is_require_grad() {
            return param;
        }
        param.map(|values| {
            let (device, dtype) = (values.device(), values.dtype());
            let stored = (self.0)(values.into_data()).convert_dtype(dtype);
            Tensor::from_data(stored, (&device, dtype)).require_grad()
        })
    }
}
