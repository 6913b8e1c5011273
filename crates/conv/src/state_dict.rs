//! Parameters from PyTorch, by burn-store.

use std::collections::HashMap;
use std::sync::Arc;

use burn::tensor::{DType, Shape, TensorData};
use burn_store::burn_pack::Tensor;
use burn_store::{
    ApplyResult, ModuleAdapter, ModuleContext, ModuleSnapshot, ModuleStore, PyTorchToBurnAdapter, bridge,
};

#[cfg(feature = "pytorch")]
pub use burn_store::PytorchStore;
#[cfg(feature = "safetensors")]
pub use burn_store::SafetensorsStore;

/// A state dict that was not loaded.
#[derive(Debug, thiserror::Error)]
pub enum StateDictError {
    /// The file cannot be read.
    #[error("state dict: {0}")]
    Store(String),
    /// Parameters of the module are missing in the file, or of another shape or kind of element.
    #[error("state dict: {0}")]
    Mismatch(String),
}

/// Loads a PyTorch state dict into a module: one of this crate's layers, or a model with any of Burn's and this
/// crate's layers. The bias `[c]` of a PyTorch convolution becomes the `[c, 1, 1]` of a tied one.
///
/// Names are those of the module's fields, as in PyTorch; where they differ, rename them with the store's
/// `with_key_remapping`. For an untied bias, load a tied layer and call [`Conv::untied`](crate::Conv::untied); or give
/// the file one of its shape, as `torch.nn.Parameter` with `y + b` has it. Floats of another precision become of the
/// module's, so that a file of half or double precision fits. Tensors of the file that the module does not have are
/// listed in the result's `unused`.
///
/// # Errors
/// If the file cannot be read, lacks a parameter of the module, or has one of another shape or kind. Parameters
/// that fit are loaded nevertheless.
///
/// # Example
/// ```no_run
/// use burn::tensor::Device;
/// use untied_conv::Conv2dConfig;
/// use untied_conv::state_dict::{SafetensorsStore, load};
///
/// let mut conv = Conv2dConfig::new([3, 8], [3, 3]).init(&Device::default());
/// load(&mut conv, &mut SafetensorsStore::from_file("conv.safetensors")).unwrap();
/// ```
pub fn load<M: ModuleSnapshot, S: ModuleStore>(module: &mut M, store: &mut S) -> Result<ApplyResult, StateDictError>
where
    S::Error: std::fmt::Display,
{
    let refused = |error: S::Error| StateDictError::Store(error.to_string());
    let tensors = store.get_all_tensors().map_err(refused)?.values().cloned().collect();
    let adapter = PyTorchToBurnAdapter.chain(Fitting::of(module));
    let result = module.apply(tensors, None, Some(Box::new(adapter)), true);
    let missing = result.missing.iter().map(|(path, _)| format!("`{path}` is missing"));
    let problems = result.errors.iter().map(ToString::to_string).chain(missing).collect::<Vec<_>>();
    if problems.is_empty() { Ok(result) } else { Err(StateDictError::Mismatch(problems.join("; "))) }
}

/// Makes a tensor like the module's parameter where no element is lost: with the axes of size 1 that the parameter has
/// behind those of the tensor, and floats of the parameter's precision.
#[derive(Debug, Clone)]
struct Fitting {
    parameters: Arc<HashMap<String, (Shape, DType)>>,
}

impl Fitting {
    fn of<M: ModuleSnapshot>(module: &M) -> Self {
        let parameters = module.collect(None, None, true).into_iter();
        Self { parameters: Arc::new(parameters.map(|tensor| (tensor.name, (tensor.shape, tensor.dtype))).collect()) }
    }
}

impl ModuleAdapter for Fitting {
    fn adapt(&self, tensor: Tensor, _: ModuleContext<'_>) -> Tensor {
        let Some((expected, dtype)) = self.parameters.get(&tensor.name) else { return tensor };
        let (name, from) = (tensor.name.clone(), tensor.dtype);
        let shape = match expected.strip_prefix(&tensor.shape[..]) {
            Some(lacking) if lacking.iter().all(|&size| size == 1) => expected.clone(),
            _ => tensor.shape.clone(),
        };
        let dtype = if from.is_float() && dtype.is_float() { *dtype } else { from };
        if shape == tensor.shape && dtype == from {
            return tensor;
        }
        bridge::map_data(tensor, name, dtype, shape.clone(), move |data| {
            TensorData::from_bytes(data.into_bytes(), shape.clone(), from).convert_dtype(dtype)
        })
    }

    fn clone_box(&self) -> Box<dyn ModuleAdapter> {
        Box::new(self.clone())
    }
}
