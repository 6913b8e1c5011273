//! The binary versions of CIFAR-10 and CIFAR-100.
//!
//! Source: Krizhevsky 2009, Learning multiple layers of features from tiny images; <https://www.cs.toronto.edu/~kriz/cifar.html>.

use std::path::Path;

use crate::data::collection::Collection;
use crate::data::file::{LIMIT, check_folder, read_file};
use crate::data::{DataError, DataProblem, Split};

const SHAPE: [usize; 3] = [3, 32, 32];
/// The red, the green and the blue pixels, each row by row.
const PIXELS: usize = 3 * 32 * 32;
/// Far more than a hundred names have.
const MOST_NAME_BYTES: u64 = 1 << 16;

/// How the files of a set are called, and what a record of them holds before its pixels.
pub(super) struct Layout {
    train: &'static [&'static str],
    test: &'static str,
    names: &'static str,
    /// Labels of a record, a byte each.
    labels: usize,
    /// The one of them that is the class.
    label: usize,
    classes: usize,
    /// `a label`.
    described: &'static str,
}

/// Five batches of records: a label and 3×32×32 pixels.
pub(super) const CIFAR10: Layout = Layout {
    train: &["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"],
    test: "test_batch.bin",
    names: "batches.meta.txt",
    labels: 1,
    label: 0,
    classes: 10,
    described: "a label",
};

/// Records of a coarse label, a fine label and 3×32×32 pixels, told apart by the fine one.
pub(super) const CIFAR100: Layout = Layout {
    train: &["train.bin"],
    test: "test.bin",
    names: "fine_label_names.txt",
    labels: 2,
    label: 1,
    classes: 100,
    described: "two labels",
};

/// The same records, told apart by the coarse label.
pub(super) const CIFAR100_COARSE: Layout =
    Layout { names: "coarse_label_names.txt", label: 0, classes: 20, ..CIFAR100 };

/// Reads a folder of files of any number of records; the class names from their file, if it is there.
pub(super) fn read(folder: &Path, layout: &Layout) -> Result<Collection, DataError> {
    check_folder(folder)?;
    let mut train = Split::empty(SHAPE);
    for name in layout.train {
        append(&mut train, folder, name, layout)?;
    }
    let mut test = Split::empty(SHAPE);
    append(&mut test, folder, layout.test, layout)?;
    let names = class_names(&folder.join(layout.names), layout.classes)?;
    Ok(Collection::of_splits(train, Some(test), layout.classes, names))
}

fn append(split: &mut Split, folder: &Path, name: &str, layout: &Layout) -> Result<(), DataError> {
    let path = folder.join(name);
    if !path.exists() {
        return Err(DataError::new(folder.display(), DataProblem::Missing(vec![name.to_owned()])));
    }
    let (file, bytes) = read_file(&path, LIMIT)?;
    let Layout { labels, label, classes, described, .. } = *layout;
    let record = labels + PIXELS;
    if bytes.is_empty() || !bytes.len().is_multiple_of(record) {
        return Err(DataError::invalid(
            file,
            format!("records of {record} bytes, {described} and 3x32x32 pixels"),
            format!("{} bytes", bytes.len()),
        ));
    }
    for (index, record) in bytes.chunks_exact(record).enumerate() {
        if usize::from(record[label]) >= classes {
            let found = format!("{} in record {index}", record[label]);
            return Err(DataError::invalid(file, format!("labels below {classes}"), found));
        }
        split.push(&record[labels..], record[label]);
    }
    Ok(())
}

/// One name a line; `None` where the file is missing.
fn class_names(path: &Path, classes: usize) -> Result<Option<Vec<String>>, DataError> {
    if !path.exists() {
        return Ok(None);
    }
    let (file, bytes) = read_file(path, MOST_NAME_BYTES)?;
    let text = String::from_utf8_lossy(&bytes);
    let names: Vec<String> = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    if names.len() == classes {
        Ok(Some(names))
    } else {
        Err(DataError::invalid(file, format!("the names of {classes} classes, one a line"), names.len()))
    }
}
