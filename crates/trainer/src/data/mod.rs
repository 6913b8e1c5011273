//! Images and labels: bundled sets, and folders of IDX files, CIFAR-10's batches or images.

pub(crate) mod batch;
mod bundled;
mod canvas;
mod cifar10;
mod dataset;
mod error;
mod file;
mod idx;
mod idx_folder;
mod image_folder;
mod npz;
mod picture;
pub(crate) mod shift;
mod source;
mod standardisation;

pub(crate) use canvas::on_canvas;
pub use dataset::{Checksums, Dataset, Split};
pub use error::{DataError, DataProblem};
pub use idx_folder::IdxFiles;
pub use source::load;
pub use standardisation::{Pixel, Standardisation};
