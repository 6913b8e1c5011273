//! What can be done with a trained model, or with an ONNX file of any program.

pub(super) mod export;
pub(super) mod fold;
pub(super) mod lint;
pub(super) mod rewrite;
pub(super) mod strip;
