//! The data sets that are compiled into the program.

use super::IdxFiles;
use super::idx_folder::from_idx;
use crate::data::DataError;
use crate::data::collection::Collection;

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
        let bytes: &[u8] = include_bytes!(concat!("../../../data/", $set, "/", $file));
        (concat!("bundled ", $set, "/", $file).to_owned(), bytes)
    }};
}

/// 5,000 training images and 1,000 test images of Fashion-MNIST, 28×28.
pub(crate) fn fashion_mnist_6k() -> Result<Collection, DataError> {
    from_idx(bundled_files!("fashion-mnist-6k"))
}

/// 1,437 training images and 360 test images of handwritten digits, 8×8.
pub(crate) fn digits() -> Result<Collection, DataError> {
    from_idx(bundled_files!("digits"))
}

/// The names that errors give to the labels of a bundled set.
pub(super) fn label_files(set: &str) -> [String; 2] {
    ["train", "t10k"].map(|part| format!("bundled {set}/{part}-labels-idx1-ubyte.gz"))
}
