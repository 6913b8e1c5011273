//! The errors of a study's files.

use std::io;
use std::path::PathBuf;

use crate::{SCHEMA, printable, printable_path};

/// The error of a file that cannot be written or read. The cause is part of the text, in one line, though it may quote the
/// file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The file cannot be written.
    #[error("cannot write {}: {cause}", printable_path(path))]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's error.
        cause: io::Error,
    },
    /// The file cannot be read.
    #[error("cannot read {}: {cause}", printable_path(path))]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        cause: io::Error,
    },
    /// The file is not what this program writes.
    #[error("{} is damaged: {}", printable_path(path), printable(cause))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The damage.
        cause: String,
    },
    /// The file was written by a program with another format.
    #[error("{} has schema {found}; this program reads schema {SCHEMA}", printable_path(path))]
    Schema {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: u32,
    },
    /// The file belongs to something else.
    #[error("{} belongs to `{}`, not to `{expected}`", printable_path(path), printable(found))]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// Whose it should be.
        expected: String,
        /// Whose it is.
        found: String,
    },
    /// The data have been replaced since the cell was trained.
    #[error("{} was trained on other data than are there now: {} differ", printable_path(path), printable(differ))]
    OtherData {
        /// The file.
        path: PathBuf,
        /// The checksums that differ, by name.
        differ: String,
    },
    /// The values hold NaN or an infinity, which JSON cannot say.
    #[error("cannot write {}: it would hold a number that is not finite", printable_path(path))]
    NotFinite {
        /// The file.
        path: PathBuf,
    },
}
