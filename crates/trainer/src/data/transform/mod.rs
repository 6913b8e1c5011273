//! What is done to images before a network sees them.

pub(crate) mod augmentation;
pub(crate) mod batch;
mod canvas;
pub(crate) mod shift;
mod standardisation;

pub(crate) use canvas::on_canvas;
pub use standardisation::{Pixel, Standardisation};
