//! Images in folders named after their classes: `train/CLASS/*.png` and `test/CLASS/*.png`, or JPEG.

use std::fs;
use std::path::{Path, PathBuf};

use super::file::{LIMIT, check_folder};
use super::picture::{Picture, Shape};
use super::{DataError, Dataset, Split};

const MOST_CLASSES: usize = 256;

/// Reads both splits. The first image of the training set tells the size and the colours of all.
pub(super) fn load(folder: &Path) -> Result<Dataset, DataError> {
    check_folder(folder)?;
    let [train, test] = ["train", "test"].map(|split| folder.join(split));
    let names = classes(&train, "a folder `train`")?;
    check_same(&names, &test, &classes(&test, "a folder `test`")?)?;
    if names.len() > MOST_CLASSES {
        return Err(DataError::TooManyClasses { folder: train, found: names.len() });
    }
    let train = read_split(&train, &names, None)?;
    let test = read_split(&test, &names, Some([train.channels, train.height, train.width]))?;
    Ok(Dataset::of_splits(train, test, names.len(), Some(names)))
}

/// The names of a split's folders, in order.
fn classes(split: &Path, expected: &'static str) -> Result<Vec<String>, DataError> {
    if !split.is_dir() {
        return Err(DataError::Layout { folder: split.parent().unwrap_or(split).to_owned(), expected });
    }
    let mut names = Vec::new();
    for entry in visible(split)? {
        if !entry.is_dir() {
            return Err(DataError::Layout { folder: entry, expected: "a folder of one class" });
        }
        names.push(entry.file_name().unwrap_or_default().to_string_lossy().into_owned());
    }
    if names.is_empty() {
        return Err(DataError::Layout { folder: split.to_owned(), expected: "one folder a class" });
    }
    Ok(names)
}

fn check_same(train: &[String], folder: &Path, test: &[String]) -> Result<(), DataError> {
    if train == test {
        return Ok(());
    }
    let without = |these: &[String], those: &[String]| -> Vec<String> {
        these.iter().filter(|name| !those.contains(name)).cloned().collect()
    };
    Err(DataError::Classes { folder: folder.to_owned(), missing: without(train, test), unknown: without(test, train) })
}

/// The entries of a folder by name, without those that start with a dot.
fn visible(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let failed = |source| DataError::Read { file: folder.display().to_string(), source };
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            entries.push(entry.path());
        }
    }
    entries.sort();
    Ok(entries)
}

fn read_split(folder: &Path, names: &[String], shape: Option<Shape>) -> Result<Split, DataError> {
    let mut files = Vec::new();
    for (label, name) in names.iter().enumerate() {
        let class = folder.join(name);
        let images = visible(&class)?;
        if images.is_empty() {
            return Err(DataError::Layout { folder: class, expected: "one image or more" });
        }
        files.extend(images.into_iter().map(|image| (image, label as u8)));
    }
    let shape = shape.map_or_else(|| Ok(Picture::open(&files[0].0)?.shape), Ok)?;
    check_total(&files[0].0, files.len(), shape)?;
    let mut split = Split::empty(shape);
    for (path, label) in &files {
        let picture = Picture::open(path)?;
        if picture.shape != shape {
            return Err(DataError::Shape { file: picture.file, expected: shape, found: picture.shape });
        }
        split.push(&picture.planes()?, *label);
    }
    Ok(split)
}

fn check_total(first: &Path, count: usize, shape: Shape) -> Result<(), DataError> {
    let dimensions = [count, shape[0], shape[1], shape[2]].map(|size| size as u32);
    let total = dimensions.iter().try_fold(1_u64, |product, &size| product.checked_mul(u64::from(size)));
    if total.is_some_and(|total| total <= LIMIT) {
        return Ok(());
    }
    Err(DataError::TooLarge { file: first.display().to_string(), dimensions: dimensions.to_vec(), limit: LIMIT })
}
