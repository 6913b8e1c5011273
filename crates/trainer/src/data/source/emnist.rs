//! EMNIST: IDX files with the names of one of its sets, whose images are transposed.
//!
//! Source: Cohen, Afshar, Tapson, van Schaik 2017, EMNIST: extending MNIST to handwritten letters.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::idx_folder::{IdxFiles, check_all_there, from_idx, open};
use crate::data::collection::{Collection, Images};
use crate::data::file::{check_folder, read_file};
use crate::data::{DataError, Split};

const SETS: [&str; 6] = ["balanced", "byclass", "bymerge", "digits", "letters", "mnist"];
/// Far more than a line for each of 62 classes has.
const MOST_MAPPING_BYTES: u64 = 1 << 16;

/// Reads `emnist-SET-train-images-idx3-ubyte` and the three files beside it, plain or gzip; class names from
/// `emnist-SET-mapping.txt`, if it is there. The path is a folder with one set, or a folder and `emnist-SET`. Labels that
/// count from 1, as those of the letters do, are counted from 0.
pub(super) fn read(path: &Path) -> Result<Collection, DataError> {
    let (folder, set) = locate(path)?;
    check_all_there(&folder, &format!("{set}-"), "test", &format!("the four files of {set}"))?;
    let part = |part: &str, rank| open(&folder, &format!("{set}-{part}"), rank);
    let mut collection = from_idx(IdxFiles {
        train_images: part("train-images", 3)?,
        train_labels: part("train-labels", 1)?,
        test_images: part("test-images", 3)?,
        test_labels: part("test-labels", 1)?,
    })?;
    let first = least_label(&collection);
    let splits = [Some(&mut collection.train), collection.test.as_mut()];
    for images in splits.into_iter().flatten() {
        let Images::Pixels(split) = images else { continue };
        transpose(split);
        split.labels.iter_mut().for_each(|label| *label -= first);
    }
    collection.classes -= usize::from(first);
    collection.class_names = names(&folder.join(format!("{set}-mapping.txt")), first, collection.classes)?;
    Ok(collection)
}

/// 1 where no label is 0.
fn least_label(collection: &Collection) -> u8 {
    let labels = [Some(&collection.train), collection.test.as_ref()].into_iter().flatten().flat_map(Images::labels);
    labels.copied().min().unwrap_or_default().min(1)
}

/// The folder and the name of the one set that a path means.
fn locate(path: &Path) -> Result<(PathBuf, String), DataError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if !path.is_dir() && SETS.iter().any(|set| name == format!("emnist-{set}")) {
        let folder = path.parent().unwrap_or(path).to_owned();
        return check_folder(&folder).map(|()| (folder, name));
    }
    check_folder(path)?;
    let is_there = |set: &&&str| {
        let start = format!("emnist-{set}-train-images");
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        entries.into_iter().any(|entry| entry.file_name().to_string_lossy().starts_with(&start))
    };
    let found: Vec<String> = SETS.iter().filter(is_there).map(|set| format!("emnist-{set}")).collect();
    match &found[..] {
        [set] => Ok((path.to_owned(), set.clone())),
        [] => Err(DataError::unlike(path.display(), "a file emnist-SET-train-images-idx3-ubyte or the same with .gz")),
        several => {
            let expected =
                format!("one set; several are chosen from by a path such as {}", path.join(&several[0]).display());
            Err(DataError::invalid(path.display(), expected, several.join(", ")))
        }
    }
}

/// Rows become columns.
fn transpose(split: &mut Split) {
    let Split { height, width, .. } = *split;
    for plane in split.images.chunks_exact_mut(height * width) {
        let turned: Vec<u8> =
            (0..width).flat_map(|x| (0..height).map(move |y| (y, x))).map(|(y, x)| plane[y * width + x]).collect();
        plane.copy_from_slice(&turned);
    }
    (split.height, split.width) = (width, height);
}

/// The character of each class: a label and one or more code points a line. `None` where the file is missing.
fn names(path: &Path, first: u8, classes: usize) -> Result<Option<Vec<String>>, DataError> {
    if !path.exists() {
        return Ok(None);
    }
    let (file, bytes) = read_file(path, MOST_MAPPING_BYTES)?;
    let text = String::from_utf8_lossy(&bytes);
    let entry = |line: &str| {
        let mut numbers = line.split_whitespace().map(str::parse::<u32>);
        let (label, code) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
        Some((label, char::from_u32(code).filter(|c| !c.is_control())?.to_string()))
    };
    let names: BTreeMap<u32, String> = text.lines().filter_map(entry).collect();
    let named = (0..classes as u32).map(|class| names.get(&(class + u32::from(first))).cloned());
    let missing = || {
        let expected = format!("a line of label and character code for each of {classes} classes");
        DataError::invalid(file, expected, format!("{} of them", names.len()))
    };
    named.collect::<Option<Vec<String>>>().map(Some).ok_or_else(missing)
}
