//! The CNN of a config: its plan, its layers, and its tensors by name.

pub(crate) mod dropout;
mod host_tensor;
mod layers;
pub(crate) mod net;
pub(crate) mod norm;
pub(crate) mod plan;
mod refusal;
mod source;
mod statistics;
mod step;
pub(crate) mod tensors;
pub(crate) mod value;
mod weight;
pub(crate) mod window;
