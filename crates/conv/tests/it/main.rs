//! Convolution against its definition, PyTorch's values, finite differences and the user's expectations.

mod definition;
mod epilogue;
mod errors;
mod factorised;
mod geometries;
mod golden;
mod gpu;
mod gradients;
mod layer;
mod loops;
mod mutants;
mod state_dict;
mod threads;
mod views;
