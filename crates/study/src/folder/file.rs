//! Files that are written whole or not at all, and read only as far as this program can have written them.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::string::FromUtf8Error;

use atomic_write_file::AtomicWriteFile;

use crate::StoreError;

/// No text of a study is nearly as long.
const MOST_TEXT: u64 = 1 << 30;

/// Writes a file, and the folders that it lies in, whole or not at all.
///
/// # Errors
/// If a folder or the file cannot be written.
pub fn write_text(path: &Path, text: &str) -> Result<(), StoreError> {
    write_bytes(path, &[text.as_bytes()])
}

/// Writes the parts one after the other, whole or not at all: they are on the disk before they have the file's name.
///
/// # Errors
/// As [`write_text`].
pub fn write_bytes(path: &Path, parts: &[&[u8]]) -> Result<(), StoreError> {
    let write = || {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = AtomicWriteFile::open(path)?;
        parts.iter().try_for_each(|part| file.write_all(part))?;
        file.commit()
    };
    write().map_err(|cause| StoreError::Write { path: path.to_owned(), cause })
}

/// A text of this program; `None` where there is none.
pub(crate) fn read_text(path: &Path) -> Result<Option<String>, StoreError> {
    let damaged = |cause: FromUtf8Error| StoreError::Damaged { path: path.to_owned(), cause: cause.to_string() };
    read_bytes(path, MOST_TEXT)?.map(String::from_utf8).transpose().map_err(damaged)
}

/// The content of a file of at most so many bytes; `None` where there is none.
pub(crate) fn read_bytes(path: &Path, most: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let read = || {
        let file = fs::metadata(path)?;
        // To open a pipe would wait for its writer.
        if !file.is_file() {
            return Err(io::Error::other("it is no regular file"));
        }
        if file.len() > most {
            return Err(io::Error::other(format!("it has {} bytes, more than this program writes", file.len())));
        }
        let mut content = Vec::with_capacity(file.len() as usize);
        File::open(path)?.take(most).read_to_end(&mut content)?;
        Ok(content)
    };
    match read() {
        Ok(content) => Ok(Some(content)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(StoreError::Read { path: path.to_owned(), cause }),
    }
}

/// The first free one of `<path>.old-1`, `<path>.old-2`, …
#[must_use]
pub fn free_name(path: &Path) -> PathBuf {
    let numbered = |number: u64| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".old-{number}"));
        PathBuf::from(name)
    };
    let taken = |aside: &Path| fs::symlink_metadata(aside).is_ok();
    (1..=u64::MAX).map(numbered).find(|aside| !taken(aside)).unwrap_or_default()
}

/// Moves a file out of the way, to a [`free_name`]; `None` where there is none.
pub(crate) fn move_aside(path: &Path) -> Result<Option<PathBuf>, StoreError> {
    let aside = free_name(path);
    match fs::rename(path, &aside) {
        Ok(()) => Ok(Some(aside)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(StoreError::Write { path: aside, cause }),
    }
}
