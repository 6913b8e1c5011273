//! Batch norm against its definition, PyTorch's values, finite differences and the user's expectations.

mod arguments;
mod burn_layer;
mod clones;
mod definition;
mod golden;
mod gradients;
mod hard_channels;
mod kernels;
mod layer;
mod mask;
mod numerics;
mod sums;
mod tails;
mod threads;
