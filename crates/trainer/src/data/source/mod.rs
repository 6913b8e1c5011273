//! The source of a data set.

mod bundled;
mod cifar10;
mod idx;
mod idx_folder;
mod image_folder;
mod npz;

use untied_study::DataSource;

use super::{DataError, Dataset};
pub use idx_folder::IdxFiles;

/// Loads the data set that a config names.
///
/// # Errors
/// If a file is missing, damaged or not what it should be, or the files do not belong together; see [`DataError`].
pub fn load(source: &DataSource) -> Result<Dataset, DataError> {
    match source {
        DataSource::FashionMnist6k => bundled::fashion_mnist_6k(),
        DataSource::Digits => bundled::digits(),
        DataSource::Idx(folder) => idx_folder::load(folder),
        DataSource::Cifar10(folder) => cifar10::load(folder),
        DataSource::Folder(folder) => image_folder::load(folder),
        DataSource::Npz(file) => npz::load(file),
    }
}
