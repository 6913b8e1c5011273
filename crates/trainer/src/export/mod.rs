//! Trained models on the host and in files, and the rewrites that keep their function.

pub(crate) mod agreement;
mod error;
mod fold;
mod onnx;
mod safetensors;
mod seal;
mod shift;
mod strip;
mod torch;
pub(crate) mod trained_model;

pub use agreement::{Agreement, Deviation};
pub use error::ModelError;
pub use fold::{Folded, FoldedLayer, fold};
pub(crate) use safetensors::is_own;
pub use strip::{Stripped, StrippedLayer, strip};
pub use torch::TorchModel;
pub use trained_model::TrainedModel;
