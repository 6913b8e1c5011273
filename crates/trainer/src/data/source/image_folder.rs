//! Images in folders named after their classes: `train/CLASS/*.png` and `test/CLASS/*.png`, or JPEG.

use std::fs;
use std::path::{Path, PathBuf};

use crate::data::decode::picture::{Picture, Shape};
use crate::data::file::{bounded_length, check_folder};
use crate::data::{DataError, Dataset, Split};

const MOST_CLASSES: usize = 256;

/// Loads a folder that holds `train/CLASS/` and `test/CLASS/` with the same classes, which are numbered in the order of
/// their names; in each, PNG or JPEG files, all of one size, and all grey or all RGB with 8 bits a channel, as the first
/// one. Names that start with a dot are passed over.
pub(in crate::data) fn load(folder: &Path) -> Result<Dataset, DataError> {
    check_folder(folder)?;
    let [train, test] = ["train", "test"].map(|split| folder.join(split));
    let names = classes(&train, "a folder `train`")?;
    check_same(&names, &test, &classes(&test, "a folder `test`")?)?;
    if names.len() > MOST_CLASSES {
        return Err(DataError::invalid(train.display(), format!("at most {MOST_CLASSES} classes"), names.len()));
    }
    let train = read_split(&train, &names, None)?;
    let test = read_split(&test, &names, Some([train.channels, train.height, train.width]))?;
    Ok(Dataset::of_splits(train, test, names.len(), Some(names)))
}

/// The names of a split's folders, in order.
fn classes(split: &Path, expected: &'static str) -> Result<Vec<String>, DataError> {
    if !split.is_dir() {
        return Err(misplaced(split.parent().unwrap_or(split), expected));
    }
    let mut names = Vec::new();
    for entry in visible(split)? {
        if !entry.is_dir() {
            return Err(misplaced(&entry, "a folder of one class"));
        }
        names.push(entry.file_name().unwrap_or_default().to_string_lossy().into_owned());
    }
    if names.is_empty() {
        return Err(misplaced(split, "one folder a class"));
    }
    Ok(names)
}

fn check_same(train: &[String], folder: &Path, test: &[String]) -> Result<(), DataError> {
    if train == test {
        return Ok(());
    }
    let without = |these: &[String], those: &[String], word: &str| {
        let names: Vec<&str> = these.iter().filter(|name| !those.contains(name)).map(String::as_str).collect();
        if names.is_empty() { String::new() } else { format!("; {word}: {}", names.join(", ")) }
    };
    let (missing, unknown) = (without(train, test, "missing"), without(test, train, "not in the training set"));
    Err(DataError::unlike(folder.display(), format!("the classes of the training set{missing}{unknown}")))
}

/// The entries of a folder by name, without those that start with a dot.
fn visible(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let failed = DataError::read(folder.display());
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(&failed)? {
        let entry = entry.map_err(&failed)?;
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
            return Err(misplaced(&class, "one image or more"));
        }
        files.extend(images.into_iter().map(|image| (image, label as u8)));
    }
    let shape = shape.map_or_else(|| Ok(Picture::open(&files[0].0)?.shape), Ok)?;
    bounded_length(files[0].0.display(), &[files.len(), shape[0], shape[1], shape[2]].map(|size| size as u32))?;
    let mut split = Split::empty(shape);
    for (path, label) in &files {
        let picture = Picture::open(path)?;
        if picture.shape != shape {
            let expected = format!("{} as in the first image", kind(shape));
            return Err(DataError::invalid(picture.file, expected, kind(picture.shape)));
        }
        split.push(&picture.planes()?, *label);
    }
    Ok(split)
}

fn misplaced(at: &Path, expected: &str) -> DataError {
    DataError::unlike(at.display(), format!("{expected}; images lie in DIR/train/CLASS/ and DIR/test/CLASS/"))
}

/// `grey 32x32`, rows by columns.
fn kind([channels, height, width]: Shape) -> String {
    format!("{} {height}x{width}", if channels == 1 { "grey" } else { "RGB" })
}
