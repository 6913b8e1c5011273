//! The source of a data set.

mod bundled;
mod cifar10;
mod idx;
mod idx_folder;
mod image_folder;
mod npz;
use std::path::Path;

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

/// The names that errors give to the labels of the training set and of the test set.
pub(crate) fn label_files(source: &DataSource) -> [String; 2] {
    let within = |folder: &Path, names: [&str; 2]| names.map(|name| folder.join(name).display().to_string());
    match source {
        DataSource::FashionMnist6k => bundled::label_files("fashion-mnist-6k"),
        DataSource::Digits => bundled::label_files("digits"),
        DataSource::Idx(folder) => idx_folder::label_files(folder),
        DataSource::Cifar10(folder) => within(folder, ["data_batch_1.bin to data_batch_5.bin", "test_batch.bin"]),
        DataSource::Folder(folder) => within(folder, ["train", "test"]),
        DataSource::Npz(file) => ["y_train", "y_test"].map(|array| format!("{}, {array}", file.display())),
    }
}
