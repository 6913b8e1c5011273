//! The binary version of CIFAR-10.
//!
//! Source: Krizhevsky 2009, Learning multiple layers of features from tiny images; <https://www.cs.toronto.edu/~kriz/cifar.html>.

use std::path::Path;

use crate::data::file::{LIMIT, check_folder, read_file};
use crate::data::{DataError, DataProblem, Dataset, Split};

const SHAPE: [usize; 3] = [3, 32, 32];
/// A label, then the red, the green and the blue pixels, each row by row.
const RECORD: usize = 1 + 3 * 32 * 32;
const CLASSES: usize = 10;
/// Far more than ten names have.
const MOST_NAME_BYTES: u64 = 1 << 16;

/// Loads a folder that holds `data_batch_1.bin` to `data_batch_5.bin` and `test_batch.bin`, of any number of records: a
/// label and 3×32×32 pixels; the class names in `batches.meta.txt`, if it is there.
pub(in crate::data) fn load(folder: &Path) -> Result<Dataset, DataError> {
    check_folder(folder)?;
    let mut train = Split::empty(SHAPE);
    for number in 1..=5 {
        append(&mut train, folder, &format!("data_batch_{number}.bin"))?;
    }
    let mut test = Split::empty(SHAPE);
    append(&mut test, folder, "test_batch.bin")?;
    let names = class_names(&folder.join("batches.meta.txt"))?;
    Ok(Dataset::of_splits(train, test, CLASSES, names))
}

fn append(split: &mut Split, folder: &Path, name: &str) -> Result<(), DataError> {
    let path = folder.join(name);
    if !path.exists() {
        return Err(DataError::new(folder.display(), DataProblem::Missing(vec![name.to_owned()])));
    }
    let (file, bytes) = read_file(&path, LIMIT)?;
    if bytes.is_empty() || !bytes.len().is_multiple_of(RECORD) {
        return Err(DataError::invalid(
            file,
            format!("records of {RECORD} bytes, a label and 3x32x32 pixels"),
            format!("{} bytes", bytes.len()),
        ));
    }
    for (index, record) in bytes.chunks_exact(RECORD).enumerate() {
        if usize::from(record[0]) >= CLASSES {
            let found = format!("{} in record {index}", record[0]);
            return Err(DataError::invalid(file, format!("labels below {CLASSES}"), found));
        }
        split.push(&record[1..], record[0]);
    }
    Ok(())
}

/// One name a line; `None` where the file is missing.
fn class_names(path: &Path) -> Result<Option<Vec<String>>, DataError> {
    if !path.exists() {
        return Ok(None);
    }
    let (file, bytes) = read_file(path, MOST_NAME_BYTES)?;
    let text = String::from_utf8_lossy(&bytes);
    let names: Vec<String> = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    if names.len() == CLASSES {
        Ok(Some(names))
    } else {
        Err(DataError::invalid(file, format!("the names of {CLASSES} classes, one a line"), names.len()))
    }
}
