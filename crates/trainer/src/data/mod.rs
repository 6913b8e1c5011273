//! Images and labels: bundled sets, and folders of IDX files, CIFAR-10's batches or images.

pub(crate) mod batch;
mod canvas;
mod cifar10;
mod dataset;
mod error;
mod file;
mod idx;
mod image_folder;
mod picture;
pub(crate) mod shift;
mod source;
mod standardisation;

pub(crate) use canvas::on_canvas;
pub use dataset::{Checksums, Dataset, IdxFiles, Split};
pub use error::DataError;
pub use source::load;
pub use standardisation::{Pixel, Standardisation};
