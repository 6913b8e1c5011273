//! NumPy archives, as Keras has MNIST in (`x_train`, `y_train`, `x_test`, `y_test`) and MedMNIST comes in (`train_images`,
//! `train_labels`, `test_images`, `test_labels`).
//!
//! An `.npz` file is a zip archive of `.npy` files, stored or deflated.

use std::io::Read;
use std::path::Path;

use flate2::bufread::DeflateDecoder;
use rawzip::{CompressionMethod, ZipArchive};
use untied_study::printable;

use super::npy::{Array, read_split};
use crate::data::collection::Collection;
use crate::data::dataset::classes;
use crate::data::file::{LIMIT, read_file, resembles};
use crate::data::{DataError, DataProblem};

/// Names of other arrays that an error lists.
const MOST_NAMES: usize = 8;

/// Images and labels of training and of testing.
const KERAS: [[&str; 2]; 2] = [["x_train", "y_train"], ["x_test", "y_test"]];
const MEDMNIST: [[&str; 2]; 2] = [["train_images", "train_labels"], ["test_images", "test_labels"]];

/// Reads an archive of images and labels, those for testing if they are there.
pub(super) fn read(path: &Path) -> Result<Collection, DataError> {
    let (file, archive) = read_file(path, LIMIT)?;
    if ZipArchive::from_slice(&archive).is_err() && !archive.starts_with(b"PK") {
        return Err(DataError::invalid(file, "an archive of NumPy, which is a zip file", resembles(&archive)));
    }
    let has = |array: &str| Ok::<bool, DataError>(!entries(&file, &archive, array)?.0.is_empty());
    let [train, test] = if has(MEDMNIST[0][0])? { MEDMNIST } else { KERAS };
    let open = |array: &str| {
        let name = format!("{file}, {array}");
        let elements = unpacked(&file, &archive, array, &name)?;
        Array::read_header(name, elements)
    };
    let split = |[images, labels]: [&str; 2]| read_split(open(images)?, open(labels)?);
    let train = split(train)?;
    // One array alone is a mistake.
    let tested = has(test[0])? || has(test[1])?;
    let testing = if tested { Some(split(test)?) } else { None };
    let [images, labels] = test.map(|array| format!("{file}, {array}"));
    let classes = classes(&train, testing.as_ref(), [&images, &labels])?;
    Ok(Collection::of_splits(train, testing, classes, None))
}

/// Where an array of this name lies, and the names of others.
type Entries = (Vec<(CompressionMethod, rawzip::ZipArchiveEntryWayfinder)>, Vec<String>);

fn entries(file: &str, archive: &[u8], array: &str) -> Result<Entries, DataError> {
    let zip = ZipArchive::from_slice(archive).map_err(|error| damaged(file, &error))?;
    let (mut found, mut others) = (Vec::new(), Vec::new());
    for entry in zip.entries() {
        let entry = entry.map_err(|error| damaged(file, &error))?;
        let path = String::from_utf8_lossy(entry.file_path().as_bytes()).into_owned();
        if path.strip_suffix(".npy") == Some(array) {
            found.push((entry.compression_method(), entry.wayfinder()));
        } else if others.len() < MOST_NAMES {
            others.push(printable(&path));
        }
    }
    Ok((found, others))
}

/// The unpacked content of an array's file in the archive.
fn unpacked<'a>(file: &str, archive: &'a [u8], array: &str, name: &str) -> Result<Box<dyn Read + 'a>, DataError> {
    let (found, others) = entries(file, archive, array)?;
    let [(method, entry)] = found[..] else {
        let found = if found.is_empty() { others.join(", ") } else { format!("{} of this name", found.len()) };
        return Err(DataError::invalid(file, format!("one array {array}.npy"), format!("[{found}]")));
    };
    let zip = ZipArchive::from_slice(archive).map_err(|error| damaged(file, &error))?;
    let entry = zip.get_entry(entry).map_err(|error| damaged(file, &error))?;
    let (start, end) = entry.compressed_data_range();
    let packed = &archive[start as usize..end as usize];
    match method {
        CompressionMethod::STORE => Ok(Box::new(entry.verifying_reader(packed))),
        CompressionMethod::DEFLATE => Ok(Box::new(entry.verifying_reader(DeflateDecoder::new(packed)))),
        other => Err(DataError::invalid(name, "stored or deflated elements", format!("compression {other}"))),
    }
}

fn damaged(file: &str, error: &rawzip::Error) -> DataError {
    DataError::new(file, DataProblem::Decode(error.to_string()))
}
