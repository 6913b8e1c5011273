//! The CNN of a config: its plan, its layers, and its tensors by name.

pub(crate) mod net;
pub(crate) mod norm;
pub(crate) mod plan;
mod rms_norm;
pub(crate) mod tensors;
