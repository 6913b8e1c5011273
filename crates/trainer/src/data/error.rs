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
    /// A folder without one of the files that it must have.
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
    /// A file that is not made of CIFAR-10's records.
    #[error("{file}: expected records of {record} bytes, a label and 3x32x32 pixels, found {found} bytes")]
    Records {
        /// The file at fault.
        file: String,
        /// The bytes of a record.
        record: usize,
        /// The bytes of the file.
        found: usize,
    },
    /// A label that no class of CIFAR-10 has.
    #[error("{file}: expected labels below 10, found {found} in record {index}")]
    RecordLabel {
        /// The file at fault.
        file: String,
        /// The label.
        found: u8,
        /// Which record it belongs to, counted from 0.
        index: usize,
    },
    /// A list of names that does not fit the classes.
    #[error("{file}: expected the names of {expected} classes, one a line, found {found}")]
    ClassNames {
        /// The file at fault.
        file: String,
        /// The number of classes.
        expected: usize,
        /// The number of names.
        found: usize,
    },
    /// A folder of images without a part.
    #[error("{}: expected {expected}; images lie in DIR/train/CLASS/ and DIR/test/CLASS/", .folder.display())]
    Layout {
        /// The folder at fault.
        folder: PathBuf,
        /// What should be there.
        expected: &'static str,
    },
    /// A training and a test set of different classes.
    #[error("{}: expected the classes of the training set{}", .folder.display(), class_difference(.missing, .unknown))]
    Classes {
        /// The folder of the test set.
        folder: PathBuf,
        /// Classes that only the training set has.
        missing: Vec<String>,
        /// Classes that only the test set has.
        unknown: Vec<String>,
    },
    /// More classes than a label can tell apart.
    #[error("{}: expected at most 256 classes, found {found}", .folder.display())]
    TooManyClasses {
        /// The folder of the training set.
        folder: PathBuf,
        /// The number of classes.
        found: usize,
    },
    /// Something else among the images.
    #[error("{file}: expected an image, with a name that ends in .png, .jpg or .jpeg")]
    NotAnImage {
        /// The file at fault.
        file: String,
    },
    /// A file larger than is ever read.
    #[error("{file}: expected at most {limit} bytes, found more")]
    FileTooLarge {
        /// The file at fault.
        file: String,
        /// The most bytes that are read.
        limit: u64,
    },
    /// An image that cannot be decoded.
    #[error("failed to decode {file}: {reason}")]
    Image {
        /// The file at fault.
        file: String,
        /// What the decoder said.
        reason: String,
    },
    /// Neither PNG nor JPEG.
    #[error("{file}: expected a PNG or a JPEG image, found {found:02x?}")]
    NoImage {
        /// The file at fault.
        file: String,
        /// The first bytes.
        found: Vec<u8>,
    },
    /// An image that is neither grey nor RGB with 8 bits a channel.
    #[error("{file}: expected an image of 8-bit grey or 8-bit RGB, found {found}")]
    Colour {
        /// The file at fault.
        file: String,
        /// Its type of colours.
        found: String,
    },
    /// An image unlike the first one.
    #[error("{file}: expected {} as in the first image, found {}", image_kind(.expected), image_kind(.found))]
    Shape {
        /// The file at fault.
        file: String,
        /// Channels, height and width of the first image.
        expected: [usize; 3],
        /// Channels, height and width of this one.
        found: [usize; 3],
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

/// `; missing: cat, dog; not in the training set: bird`
fn class_difference(missing: &[String], unknown: &[String]) -> String {
    let parts = [("missing", missing), ("not in the training set", unknown)].into_iter();
    parts
        .filter(|(_, names)| !names.is_empty())
        .map(|(word, names)| format!("; {word}: {}", names.join(", ")))
        .collect::<Vec<_>>()
        .concat()
}

/// `grey 32x32`, rows by columns.
fn image_kind([channels, height, width]: &[usize; 3]) -> String {
    format!("{} {height}x{width}", if *channels == 1 { "grey" } else { "RGB" })
}
