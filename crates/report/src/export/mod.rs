//! Results in files of other programs.

mod tables;
mod tensorboard;

pub(crate) use tables::{curves, results};
pub use tensorboard::write_tensorboard;
