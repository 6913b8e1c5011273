use std::fs::{self, File};
use std::io;
use std::path::Path;

use untied_study::DataSource;

use super::{DataError, Dataset, IdxFiles};

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
/// # Errors
/// If a file is missing, damaged or not what it should be, or the files do not belong together; see [`DataError`].
pub fn load(source: &DataSource) -> Result<Dataset, DataError> {
    match source {
        DataSource::FashionMnist6k => Dataset::from_idx(bundled_files!("fashion-mnist-6k")),
        DataSource::Digits => Dataset::from_idx(bundled_files!("digits")),
        DataSource::Idx(folder) => load_folder(folder),
    }
}

fn load_folder(folder: &Path) -> Result<Dataset, DataError> {
    if !folder.is_dir() {
        return Err(DataError::NoFolder { folder: folder.to_owned() });
    }
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
            found => return open_file(&path, found),
        }
    }
    Err(DataError::NoFile { folder: folder.to_owned(), names })
}

fn open_file(path: &Path, found: io::Result<fs::Metadata>) -> Result<(String, File), DataError> {
    let file = path.display().to_string();
    match found {
        Ok(metadata) if !metadata.is_file() => Err(DataError::NotAFile { file }),
        found => match found.and_then(|_| File::open(path)) {
            Ok(opened) => Ok((file, opened)),
            Err(source) => Err(DataError::Read { file, source }),
        },
    }
}
