//! The loss, the optimizers with their learning rates, and what a model does on held-out images.

mod adam;
mod adamw;
pub(crate) mod application;
pub(crate) mod evaluation;
mod lion;
pub(crate) mod loss;
#[cfg(feature = "flex")]
mod moments;
#[cfg(feature = "flex")]
mod one_pass;
pub(crate) mod optimizer;
pub(crate) mod schedule;
mod sgd;
mod state;
