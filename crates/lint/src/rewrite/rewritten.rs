use super::proof::Agreement;
use crate::onnx::Model;

/// A rewritten model that agrees with the original.
#[derive(Debug, Clone)]
pub struct Rewritten<T> {
    /// The model.
    pub model: Model,
    /// What has become of its parts.
    pub parts: Vec<T>,
    /// How well both agree on random inputs.
    pub agreement: Agreement,
}

impl<T> Rewritten<T> {
    /// The model as an ONNX file; tensors of other files come into it.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.model.encode()
    }
}
