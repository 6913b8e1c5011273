//! Data sets of four IDX files, as MNIST comes in.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::idx::{self, Idx};
use crate::data::dataset::classes;
use crate::data::file::{check_folder, open_file};
use crate::data::{Checksums, DataError, DataProblem, Dataset, Split};

/// Four IDX files, plain or gzip, each with the name that errors give it.
#[derive(Debug, Clone)]
pub struct IdxFiles<R> {
    /// `[count, height, width]`.
    pub train_images: (String, R),
    /// `[count]`.
    pub train_labels: (String, R),
    /// `[count, height, width]`.
    pub test_images: (String, R),
    /// `[count]`.
    pub test_labels: (String, R),
}

impl Dataset {
    /// Reads a data set from IDX files of unsigned bytes.
    ///
    /// # Errors
    /// If a file is damaged or not what it should be, or the files do not belong together; see [`DataError`].
    pub fn from_idx<R: Read>(files: IdxFiles<R>) -> Result<Self, DataError> {
        let test_images = files.test_images.0.clone();
        let test_labels = files.test_labels.0.clone();
        let (train, [train_images_sha256, train_labels_sha256]) = read_split(files.train_images, files.train_labels)?;
        let (test, [test_images_sha256, test_labels_sha256]) = read_split(files.test_images, files.test_labels)?;

        let classes = classes(&train, &test, [&test_images, &test_labels])?;
        let checksums = Checksums {
            train_images: train_images_sha256,
            train_labels: train_labels_sha256,
            test_images: test_images_sha256,
            test_labels: test_labels_sha256,
        };
        Ok(Self { train, test, classes, class_names: None, checksums })
    }
}

/// A split and the checksums of its two files.
fn read_split<R: Read>(images: (String, R), labels: (String, R)) -> Result<(Split, [String; 2]), DataError> {
    let images: Idx<3> = idx::read(&images.0, images.1)?;
    let file = labels.0;
    let labels: Idx<1> = idx::read(&file, labels.1)?;
    let ([count, height, width], [found]) = (images.dimensions, labels.dimensions);
    if found != count {
        return Err(DataError::invalid(file, format!("{count} labels, one for each image"), found));
    }
    let split = Split { images: images.values, labels: labels.values, count, channels: 1, height, width };
    Ok((split, [images.sha256, labels.sha256]))
}

/// Loads a folder that holds `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
/// `t10k-labels-idx1-ubyte`, each also as `….idx3-ubyte` and with `.gz`; where there are several, the first of these is
/// read. Its content tells whether a file is compressed.
pub(in crate::data) fn load(folder: &Path) -> Result<Dataset, DataError> {
    check_folder(folder)?;
    Dataset::from_idx(IdxFiles {
        train_images: open(folder, "train-images", 3)?,
        train_labels: open(folder, "train-labels", 1)?,
        test_images: open(folder, "t10k-images", 3)?,
        test_labels: open(folder, "t10k-labels", 1)?,
    })
}

/// The names that errors give to the labels of a folder that was loaded.
pub(super) fn label_files(folder: &Path) -> [String; 2] {
    ["train-labels", "t10k-labels"]
        .map(|part| find(folder, part, 1).unwrap_or_else(|_| folder.join(part)).display().to_string())
}

fn open(folder: &Path, part: &str, rank: usize) -> Result<(String, File), DataError> {
    open_file(&find(folder, part, rank)?)
}

/// The first of the names that a file of MNIST goes by and that is there.
fn find(folder: &Path, part: &str, rank: usize) -> Result<PathBuf, DataError> {
    let names = ["-", "."].map(|separator| format!("{part}{separator}idx{rank}-ubyte"));
    let names: Vec<String> = names.into_iter().flat_map(|name| [name.clone(), name + ".gz"]).collect();
    let is_missing =
        |path: &PathBuf| matches!(fs::metadata(path), Err(error) if error.kind() == io::ErrorKind::NotFound);
    let found = names.iter().map(|name| folder.join(name)).find(|path| !is_missing(path));
    found.ok_or_else(|| DataError::new(folder.display(), DataProblem::Missing(names)))
}
