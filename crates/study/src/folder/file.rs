//! Files that are written whole or not at all, and read only as far as this program can have written them.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::string::FromUtf8Error;

use atomic_write_file::OpenOptions;

use super::named;
use crate::{StoreError, open_to_read};

/// No text of a study is longer: the losses of 800 million steps.
pub(crate) const MOST_TEXT: u64 = 1 << 34;

/// Results of a whole study: far above those of the largest.
pub(crate) const MOST_RESULTS: u64 = 1 << 36;

/// Writes a file, and the folders that it lies in, whole or not at all.
///
/// # Errors
/// If a folder or the file cannot be written.
pub fn write_text(path: &Path, text: &str) -> Result<(), StoreError> {
    write_bytes(path, &[text.as_bytes()])
}

/// Writes the parts one after the other, whole or not at all: they are on the disk before they have the file's name.
///
/// A link of that name is replaced, not followed; the file's mode is that of new files.
///
/// # Errors
/// As [`write_text`], or if something else of that name is there: a folder, a pipe or a device, which would be replaced.
pub fn write_bytes(path: &Path, parts: &[&[u8]]) -> Result<(), StoreError> {
    let write = || {
        match fs::symlink_metadata(path) {
            Ok(there) if there.is_dir() => return Err(io::Error::other("it is a folder")),
            Ok(there) if !there.is_file() && !there.is_symlink() => {
                return Err(io::Error::other("it is no regular file"));
            }
            _ => {}
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        if !named::can_link_unnamed() {
            return named::write(path, parts);
        }
        let mut file = new_file().open(path)?;
        parts.iter().try_for_each(|part| file.write_all(part))?;
        file.commit()
    };
    write().map_err(|cause| StoreError::Write { path: path.to_owned(), cause })
}

/// With the mode of new files: that of the old one would be, for a link, the link's.
fn new_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    atomic_write_file::unix::OpenOptionsExt::preserve_mode(&mut options, false);
    options
}

/// Opens a file to read it and to write in it, and makes it where there is none: a regular file, not a link to one
/// elsewhere, which would be spoilt, nor a pipe, which would wait.
///
/// # Errors
/// If there is something else, or the file cannot be opened.
pub fn open_to_change(path: &Path) -> io::Result<File> {
    match fs::symlink_metadata(path) {
        Ok(there) if there.is_symlink() => Err(io::Error::other("it is a link, which is not followed")),
        Ok(there) if !there.is_file() => Err(io::Error::other("it is no regular file")),
        _ => File::options().read(true).write(true).create(true).truncate(false).open(path),
    }
}

/// An error where content is longer than what is read again.
pub(crate) fn require_length(path: &Path, length: usize, most: u64) -> Result<(), StoreError> {
    if length as u64 <= most {
        return Ok(());
    }
    let cause = io::Error::other(format!("it would have {length} bytes, more than the {most} that are read again"));
    Err(StoreError::Write { path: path.to_owned(), cause })
}

/// A text of at most so many bytes in a regular file; `None` where there is none.
///
/// # Errors
/// If it cannot be read, is something else, longer, or not UTF-8.
pub fn read_text(path: &Path, most: u64) -> Result<Option<String>, StoreError> {
    let damaged = |cause: FromUtf8Error| StoreError::Damaged { path: path.to_owned(), cause: cause.to_string() };
    read_bytes(path, most)?.map(String::from_utf8).transpose().map_err(damaged)
}

/// The content of a file of at most so many bytes; `None` where there is none.
pub(crate) fn read_bytes(path: &Path, most: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let read = || {
        let file = open_to_read(path)?;
        let length = file.metadata()?.len();
        if length > most {
            return Err(io::Error::other(format!("it has {length} bytes, more than this program writes")));
        }
        let mut content = Vec::new();
        content.try_reserve_exact(length as usize).map_err(|_| io::ErrorKind::OutOfMemory)?;
        file.take(most).read_to_end(&mut content)?;
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
