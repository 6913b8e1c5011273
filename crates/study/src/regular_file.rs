//! Files that are neither pipes nor devices.

use std::fs::{self, File};
use std::io;
use std::path::Path;

/// Opens a regular file to read it: to open a pipe would wait for its writer, to read a device might never end.
///
/// # Errors
/// If there is something else, or the file cannot be opened.
pub fn open_to_read(path: &Path) -> io::Result<File> {
    if fs::metadata(path)?.is_file() { File::open(path) } else { Err(io::Error::other("it is no regular file")) }
}
