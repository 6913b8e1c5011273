//! Files read without trust in what they are.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::DataError;

/// The most bytes of data that one file, or one split of images, may have.
pub(super) const LIMIT: u64 = 1 << 31;

pub(super) fn check_folder(folder: &Path) -> Result<(), DataError> {
    if folder.is_dir() { Ok(()) } else { Err(DataError::NoFolder { folder: folder.to_owned() }) }
}

/// Opens a regular file; returns the name that errors give it, too.
pub(super) fn open_file(path: &Path) -> Result<(String, File), DataError> {
    let file = path.display().to_string();
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => Err(DataError::NotAFile { file }),
        found => match found.and_then(|_| File::open(path)) {
            Ok(opened) => Ok((file, opened)),
            Err(source) => Err(DataError::Read { file, source }),
        },
    }
}

/// The whole of a file of at most `limit` bytes, with the name that errors give it.
pub(super) fn read_file(path: &Path, limit: u64) -> Result<(String, Vec<u8>), DataError> {
    let (file, mut opened) = open_file(path)?;
    match up_to(&mut opened, limit + 1) {
        Ok(bytes) if bytes.len() as u64 > limit => Err(DataError::FileTooLarge { file, limit }),
        Ok(bytes) => Ok((file, bytes)),
        Err(source) => Err(DataError::Read { file, source }),
    }
}

/// The next `length` bytes, or as many as there are.
pub(super) fn up_to(reader: &mut impl Read, length: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
