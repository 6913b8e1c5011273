use std::fs::{self, File};
use std::io;
use std::path::Path;

use untied_study::DataSource;

use super::file::{check_folder, open_file};
use super::{DataError, Dataset, IdxFiles, cifar10, image_folder};

/// The four files of a bundled set, as they were compiled into the program.
macro_rules! bundled_files {
    ($set:literal) => {
        IdxFiles {
            train_images: bundled_files!($set, "train-images-idx3-ubyte.gz"),
            train_labels: bundled_files!($set, "train-labels-idx1-ubyte.gz"),
            test_images: bundled_files!($set, "t10k-images-idx3-ubyte.gz"),
            test_labels: bundled_files!($set, "t10k-labels-idx1-ubyte.gz"),
        }
    };
    ($set:literal, $file:literal) => {{
        let bytes: &[u8] = include_bytes!(concat!("../../data/", $set, "/", $file));
        (concat!("bundled ", $set, "/", $file).to_owned(), bytes)
    }};
}

/// Loads the data set that a config names.
///
/// A folder of IDX files holds `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
/// `t10k-labels-idx1-ubyte`, each also as `….idx3-ubyte` and with `.gz`; where there are several, the first of these is
/// read. Its content tells whether a file is compressed.
///
/// A folder of CIFAR-10 holds `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin`: records of a label and
/// 3×32×32 pixels; the class names in `batches.meta.txt`, if it is there.
///
/// A folder of images holds `train/CLASS/` and `test/CLASS/` with the same classes, which are numbered in the order of
/// their names; in each, PNG or JPEG files, all of one size, and all grey or all RGB with 8 bits a channel. Names that
/// start with a dot are passed over.
///
/// # Errors
/// If a file is missing, damaged or not what it should be, or the files do not belong together; see [`DataError`].
pub fn load(source: &DataSource) -> Result<Dataset, DataError> {
    match source {
        DataSource::FashionMnist6k => Dataset::from_idx(bundled_files!("fashion-mnist-6k")),
        DataSource::Digits => Dataset::from_idx(bundled_files!("digits")),
        DataSource::Idx(folder) => load_idx(folder),
        DataSource::Cifar10(folder) => cifar10::load(folder),
        DataSource::Folder(folder) => image_folder::load(folder),
    }
}

fn load_idx(folder: &Path) -> Result<Dataset, DataError> {
    check_folder(folder)?;
    Dataset::from_idx(IdxFiles {
        train_images: open(folder, "train-images", 3)?,
        train_labels: open(folder, "train-labels", 1)?,
        test_images: open(folder, "t10k-images", 3)?,
        test_labels: open(folder, "t10k-labels", 1)?,
    })
}

/// Opens the first of the names that a file of MNIST goes by.
fn open(folder: &Path, part: &str, rank: usize) -> Result<(String, File), DataError> {
    let names = ["-", "."].map(|separator| format!("{part}{separator}idx{rank}-ubyte"));
    let names: Vec<String> = names.into_iter().flat_map(|name| [name.clone(), name + ".gz"]).collect();
    for name in &names {
        let path = folder.join(name);
        match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            _ => return open_file(&path),
        }
    }
    Err(DataError::NoFile { folder: folder.to_owned(), names })
}
