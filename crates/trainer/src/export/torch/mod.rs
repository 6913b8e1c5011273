//! Trained models as state dicts of PyTorch, with the module that loads them.

mod module;
mod naming;
mod norm;
mod operation;
mod tensor;

use burn::tensor::DType;

use super::agreement::cpu;
use super::error::ModelError;
use super::trained_model::TrainedModel;
use module::Module;

/// A model for PyTorch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TorchModel {
    /// A state dict, as `safetensors.torch.load_file` reads it.
    pub state_dict: Vec<u8>,
    /// The source of a module, `Net`, that takes it, in Python.
    pub module: String,
}

impl TrainedModel {
    /// The model as a PyTorch module and its state dict, in f32.
    ///
    /// Convolutions, linear layers and norms are PyTorch's, wherever it has them, under the names of this program as Python
    /// takes them; the terms of biases that differ by location are parameters beside their convolution. `forward` computes what the model does in evaluation,
    /// and in training, dropout aside.
    ///
    /// # Errors
    /// If no device that computes in f64 is compiled in.
    ///
    /// # Panics
    /// Never: such a state dict has a header.
    pub fn to_torch(&self) -> Result<TorchModel, ModelError> {
        let net = self.net(&cpu()?, DType::F64);
        let mut module = Module::new(self, &net);
        for (id, _) in net.plan().network.nodes() {
            module.add(id);
        }
        let (state, module) = module.finish();
        let metadata = self.about().into_iter().map(|(key, text)| (key.to_owned(), text)).collect();
        let state_dict = safetensors::serialize(state, Some(metadata)).expect("a header of some kilobytes");
        Ok(TorchModel { state_dict, module })
    }
}
