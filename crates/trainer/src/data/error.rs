use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why a data set was not loaded. `file` names the file at fault, or the part of a bundled set.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// No such folder.
    #[error("no data folder {}", .folder.display())]
    NoFolder {
        /// The folder given.
        folder: PathBuf,
    },
    /// A folder without one of the four files.
    #[error("no data file in {}: expected one of {}", .folder.display(), .names.join(", "))]
    NoFile {
        /// The folder given.
        folder: PathBuf,
        /// The file names looked for.
        names: Vec<String>,
    },
    /// A folder, a pipe or a device in place of a file.
    #[error("{file}: not a regular file")]
    NotAFile {
        /// The file at fault.
        file: String,
    },
    /// The system failed to read a file, or its compression is damaged.
    #[error("failed to read {file}")]
    Read {
        /// The file at fault.
        file: String,
        /// What the system or the decompressor said.
        #[source]
        source: io::Error,
    },
    /// A file that ends within its header.
    #[error("{file}: expected an IDX header of {expected} bytes, found {found}")]
    Header {
        /// The file at fault.
        file: String,
        /// The length of the header in bytes.
        expected: usize,
        /// The bytes there are.
        found: usize,
    },
    /// Not an IDX file.
    #[error("{file}: expected an IDX file, which starts with two zero bytes, found {found:02x?}")]
    Magic {
        /// The file at fault.
        file: String,
        /// The first two bytes.
        found: [u8; 2],
    },
    /// An IDX file of another type of numbers.
    #[error("{file}: expected unsigned bytes (IDX type 0x08), found IDX type {found:#04x}")]
    ElementType {
        /// The file at fault.
        file: String,
        /// The type byte.
        found: u8,
    },
    /// An IDX file with too few or too many dimensions.
    #[error("{file}: expected {expected} dimensions, found {found}")]
    Rank {
        /// The file at fault.
        file: String,
        /// The number of dimensions that the file should have.
        expected: u8,
        /// The number of dimensions in its header.
        found: u8,
    },
    /// A dimension of 0.
    #[error("{file}: expected data, found dimensions {dimensions:?}")]
    Empty {
        /// The file at fault.
        file: String,
        /// The dimensions in its header.
        dimensions: Vec<u32>,
    },
    /// A header that claims more than is ever read.
    #[error("{file}: expected at most {limit} bytes of data, found a header that claims dimensions {dimensions:?}")]
    TooLarge {
        /// The file at fault.
        file: String,
        /// The dimensions in its header.
        dimensions: Vec<u32>,
        /// The most bytes that are read.
        limit: u64,
    },
    /// A file that is shorter than its header claims.
    #[error("{file}: expected {expected} bytes of data after the header, found {found}")]
    Truncated {
        /// The file at fault.
        file: String,
        /// The bytes that the header claims.
        expected: u64,
        /// The bytes there are.
        found: u64,
    },
    /// A file that is longer than its header claims.
    #[error("{file}: expected {expected} bytes of data after the header, found more")]
    Trailing {
        /// The file at fault.
        file: String,
        /// The bytes that the header claims.
        expected: u64,
    },
    /// Images and labels that do not pair up.
    #[error("{file}: expected {expected} labels, one for each image, found {found}")]
    Count {
        /// The file of labels.
        file: String,
        /// The number of images.
        expected: usize,
        /// The number of labels.
        found: usize,
    },
    /// Test images of another size than the training images.
    #[error("{file}: expected images of {}x{} as in the training set, found {}x{}", .expected[0], .expected[1], .found[0], .found[1])]
    Size {
        /// The file of test images.
        file: String,
        /// Height and width of the training images.
        expected: [usize; 2],
        /// Height and width of the test images.
        found: [usize; 2],
    },
    /// A test label that no training image has.
    #[error("{file}: expected labels below {classes}, as in the training set, found {found} at image {index}")]
    Label {
        /// The file of test labels.
        file: String,
        /// The number of classes of the training set.
        classes: usize,
        /// The label.
        found: u8,
        /// Which image it belongs to, counted from 0.
        index: usize,
    },
    /// Training images that cannot be standardised.
    #[error("expected training images that differ, found the value {value} in every pixel")]
    NoDeviation {
        /// The value of all pixels.
        value: u8,
    },
}
