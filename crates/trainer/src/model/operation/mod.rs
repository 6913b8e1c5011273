//! What operations of a network compute from feature maps and given parameters.

pub(crate) mod activation;
pub(super) mod weight;
pub(crate) mod window;
