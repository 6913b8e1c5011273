//! Data sets of four IDX files, as MNIST comes in.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::elements::planes;
use super::idx;
use crate::data::collection::{Collection, Images};
use crate::data::dataset::classes;
use crate::data::file::{check_folder, open_file};
use crate::data::{Checksums, DataError, DataProblem, Dataset, Split};

/// Four IDX files, plain or gzip, each with the name that errors give it.
#[derive(Debug, Clone)]
pub struct IdxFiles<R> {
    /// `[count, height, width]`, or with 1 or 3 channels as a last axis.
    pub train_images: (String, R),
    /// `[count]`.
    pub train_labels: (String, R),
    /// `[count, height, width]`, or with 1 or 3 channels as a last axis.
    pub test_images: (String, R),
    /// `[count]`.
    pub test_labels: (String, R),
}

impl Dataset {
    /// Reads a data set from IDX files: of unsigned bytes, or of other numbers that are pixels all the same.
    ///
    /// # Errors
    /// If a file is damaged or not what it should be, or the files do not belong together; see [`DataError`].
    pub fn from_idx<R: Read>(files: IdxFiles<R>) -> Result<Self, DataError> {
        let Parts { train, test, classes, checksums } = read_parts(files)?;
        Ok(Self {
            train,
            test,
            validation: None,
            classes,
            class_names: None,
            test_files: Vec::new(),
            checksums,
            notes: Vec::new(),
        })
    }
}

/// What four files hold.
struct Parts {
    train: Split,
    test: Split,
    classes: usize,
    checksums: Checksums,
}

pub(super) fn from_idx<R: Read>(files: IdxFiles<R>) -> Result<Collection, DataError> {
    let Parts { train, test, classes, checksums } = read_parts(files)?;
    Ok(Collection {
        train: Images::Pixels(train),
        test: Some(Images::Pixels(test)),
        classes,
        class_names: None,
        checksums: Some(checksums),
        notes: Vec::new(),
        faults: Vec::new(),
    })
}

fn read_parts<R: Read>(files: IdxFiles<R>) -> Result<Parts, DataError> {
    let test_names = [files.test_images.0.clone(), files.test_labels.0.clone()];
    let (train, [train_images, train_labels]) = read_split(files.train_images, files.train_labels)?;
    let (test, [test_images, test_labels]) = read_split(files.test_images, files.test_labels)?;
    let classes = classes(&train, Some(&test), [&test_names[0], &test_names[1]])?;
    Ok(Parts { train, test, classes, checksums: Checksums { train_images, train_labels, test_images, test_labels } })
}

/// A split and the checksums of its two files.
fn read_split<R: Read>(images: (String, R), labels: (String, R)) -> Result<(Split, [String; 2]), DataError> {
    let (images_file, labels_file) = (images.0, labels.0);
    let images = idx::read(&images_file, images.1, &[3, 4])?;
    let labels = idx::read(&labels_file, labels.1, &[1])?;
    let (count, found) = (images.dimensions[0], labels.dimensions[0]);
    if found != count {
        return Err(DataError::invalid(labels_file, format!("{count} labels, one for each image"), found));
    }
    let (height, width) = (images.dimensions[1], images.dimensions[2]);
    let channels = images.dimensions.get(3).copied().unwrap_or(1);
    if ![1, 3].contains(&channels) {
        let expected = "images [n, h, w] (grey) or [n, h, w, 3] (RGB)";
        return Err(DataError::invalid(images_file, expected, format!("dimensions {:?}", images.dimensions)));
    }
    if !labels.element.is_integer() {
        return Err(DataError::invalid(labels_file, "whole numbers", "floating-point numbers"));
    }
    let pixels = images.element.pixels(&images_file, images.elements)?;
    let labels_read = labels.element.labels(&labels_file, &labels.elements)?;
    let images_read = planes(pixels, height * width, channels);
    let split = Split { images: images_read, labels: labels_read, count, channels, height, width };
    Ok((split, [images.sha256, labels.sha256]))
}

/// Reads a folder that holds `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and
/// `t10k-labels-idx1-ubyte`, each also as `….idx3-ubyte` and with `.gz`; where there are several, the first of these is
/// read. Its content tells whether a file is compressed.
pub(super) fn read(folder: &Path) -> Result<Collection, DataError> {
    check_folder(folder)?;
    check_all_there(folder, "", "t10k", "MNIST's four files")?;
    from_idx(IdxFiles {
        train_images: open(folder, "train-images", 3)?,
        train_labels: open(folder, "train-labels", 1)?,
        test_images: open(folder, "t10k-images", 3)?,
        test_labels: open(folder, "t10k-labels", 1)?,
    })
}

/// Files of a folder that a message lists.
const LISTED: usize = 8;

/// Refuses a folder without one of the four files `SETtrain-images`, `SETTEST-labels`, …, and says which are missing, and what
/// is there.
pub(super) fn check_all_there(folder: &Path, set: &str, test: &str, all: &str) -> Result<(), DataError> {
    let parts = ["train", test].into_iter().flat_map(|part| [(part, "images", 3), (part, "labels", 1)]);
    let named = parts.map(|(part, what, rank)| (format!("{set}{part}-{what}"), rank));
    let missing = named.filter(|(name, rank)| find(folder, name, *rank).is_err());
    let missing: Vec<String> = missing.map(|(name, rank)| format!("{name}-idx{rank}-ubyte")).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut there: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    there.retain(|name| !name.starts_with('.'));
    there.sort();
    let more = if there.len() > LISTED { format!(" and {} more", there.len() - LISTED) } else { String::new() };
    there.truncate(LISTED);
    let there = if there.is_empty() { "an empty folder".to_owned() } else { there.join(", ") + &more };
    let expected = format!("{all}, plain or with .gz; missing: {}", missing.join(", "));
    Err(DataError::invalid(folder.display(), expected, there))
}

/// The names that errors give to the labels of a folder that was loaded.
pub(super) fn label_files(folder: &Path, parts: [&str; 2]) -> [String; 2] {
    parts.map(|part| find(folder, part, 1).unwrap_or_else(|_| folder.join(part)).display().to_string())
}

/// Opens the first of the names that a file of MNIST goes by.
pub(super) fn open(folder: &Path, part: &str, rank: usize) -> Result<(String, File), DataError> {
    let path = find(folder, part, rank)?;
    let name = path.file_name().unwrap_or_default();
    if path.join(name).is_file() {
        let name = name.to_string_lossy();
        let found = format!("a folder that holds {name}, as Kaggle's zips unpack to: move the file out of it");
        return Err(DataError::invalid(path.display(), "a regular file", found));
    }
    open_file(&path)
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
