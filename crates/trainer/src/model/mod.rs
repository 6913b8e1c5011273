//! The CNN of a config: its plan, its layers, and its tensors by name.

pub(crate) mod dropout;
mod freezing;
mod host_tensor;
mod layers;
pub(crate) mod net;
pub(crate) mod norm;
pub(crate) mod operation;
pub(crate) mod plan;
mod refusal;
mod source;
mod statistics;
pub(crate) mod step;
pub(crate) mod tensors;
pub(crate) mod value;
