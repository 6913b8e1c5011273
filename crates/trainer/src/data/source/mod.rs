//! Where images come from: bundled sets, and files of the formats that image data sets come in.

mod bundled;
mod cifar;
mod csv;
mod elements;
mod emnist;
mod idx;
mod idx_folder;
mod image_folder;
mod npy;
mod npz;

use std::path::Path;

use untied_study::{DataConfig, DataSource};

use super::DataError;
use super::collection::Collection;
pub use idx_folder::IdxFiles;
pub(crate) use image_folder::{expected_images, image_files, read_known};

/// The data set that a config names, with the name that errors give to all of it.
pub(crate) fn read(config: &DataConfig) -> Result<(String, Collection), DataError> {
    let collection = match &config.source {
        DataSource::FashionMnist6k => bundled::fashion_mnist_6k(),
        DataSource::Digits => bundled::digits(),
        DataSource::Idx(folder) => idx_folder::read(folder),
        DataSource::Cifar10(folder) => cifar::read(folder, &cifar::CIFAR10),
        DataSource::Cifar100(folder) => cifar::read(folder, &cifar::CIFAR100),
        DataSource::Cifar100Coarse(folder) => cifar::read(folder, &cifar::CIFAR100_COARSE),
        DataSource::Emnist(files) => emnist::read(files),
        DataSource::Folder(folder) => image_folder::read(folder, config.test.is_some()),
        DataSource::Npz(file) => npz::read(file),
        DataSource::Npy(folder) => npy::read(folder),
        DataSource::Csv(path) => csv::read(path),
    };
    Ok((name(&config.source), collection?))
}

fn name(source: &DataSource) -> String {
    match source {
        DataSource::FashionMnist6k | DataSource::Digits => source.to_string(),
        DataSource::Idx(path)
        | DataSource::Cifar10(path)
        | DataSource::Cifar100(path)
        | DataSource::Cifar100Coarse(path)
        | DataSource::Emnist(path)
        | DataSource::Folder(path)
        | DataSource::Npz(path)
        | DataSource::Npy(path)
        | DataSource::Csv(path) => path.display().to_string(),
    }
}

/// The names that errors give to the labels of the training set and of the test set.
pub(crate) fn label_files(source: &DataSource) -> [String; 2] {
    let within = |folder: &Path, names: [&str; 2]| names.map(|name| folder.join(name).display().to_string());
    match source {
        DataSource::FashionMnist6k => bundled::label_files("fashion-mnist-6k"),
        DataSource::Digits => bundled::label_files("digits"),
        DataSource::Idx(folder) => idx_folder::label_files(folder, ["train-labels", "t10k-labels"]),
        DataSource::Cifar10(folder) => within(folder, ["data_batch_1.bin to data_batch_5.bin", "test_batch.bin"]),
        DataSource::Cifar100(folder) | DataSource::Cifar100Coarse(folder) => within(folder, ["train.bin", "test.bin"]),
        DataSource::Folder(folder) if folder.join("train").is_dir() => within(folder, ["train", "test"]),
        DataSource::Npz(file) => ["y_train", "y_test"].map(|array| format!("{}, {array}", file.display())),
        DataSource::Npy(folder) => within(folder, ["y_train.npy", "y_test.npy"]),
        DataSource::Emnist(path) | DataSource::Folder(path) | DataSource::Csv(path) => {
            ["training", "test"].map(|part| format!("{}, {part} labels", path.display()))
        }
    }
}
