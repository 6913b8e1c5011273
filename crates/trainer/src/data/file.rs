//! Files read without trust in what they are.

use std::fmt::{Display, Write as _};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::{DataError, DataProblem};

/// The most bytes of data that one file, or one split of images in a file, may have.
pub(super) const LIMIT: u64 = 1 << 31;

pub(super) fn check_folder(folder: &Path) -> Result<(), DataError> {
    if folder.is_dir() { Ok(()) } else { Err(DataError::new(folder.display(), DataProblem::Missing(Vec::new()))) }
}

/// The number of elements of these dimensions, refused where it is above [`LIMIT`].
pub(super) fn bounded_length(file: impl Display, dimensions: &[u32]) -> Result<u64, DataError> {
    let length = dimensions.iter().try_fold(1_u64, |product, &size| product.checked_mul(u64::from(size)));
    length.filter(|&length| length <= LIMIT).ok_or_else(|| {
        let found = format!("a header that claims dimensions {dimensions:?}");
        DataError::invalid(file, format!("at most {LIMIT} bytes of data"), found)
    })
}

/// Opens a regular file; returns the name that errors give it, too.
pub(super) fn open_file(path: &Path) -> Result<(String, File), DataError> {
    let file = path.display().to_string();
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => Err(DataError::unlike(file, "a regular file")),
        found => match found.and_then(|_| File::open(path)) {
            Ok(opened) => Ok((file, opened)),
            Err(source) => Err(DataError::read(file)(source)),
        },
    }
}

/// The whole of a file of at most `limit` bytes, with the name that errors give it.
pub(super) fn read_file(path: &Path, limit: u64) -> Result<(String, Vec<u8>), DataError> {
    let (file, mut opened) = open_file(path)?;
    let bytes = up_to(&mut opened, limit + 1).map_err(DataError::read(&file))?;
    if bytes.len() as u64 > limit {
        return Err(DataError::invalid(file, format!("at most {limit} bytes"), "more"));
    }
    Ok((file, bytes))
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

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// What a file probably is, for the error that it is not what was expected: in words where its content is known, else its
/// first bytes.
pub(super) fn resembles(content: &[u8]) -> String {
    let kinds: [(&[u8], &str); 14] = [
        (b"PK\x03\x04", "a zip archive: unpack it first"),
        (b"\x1f\x8b", "a gzip file"),
        (b"BZh", "a bzip2 file: unpack it first"),
        (b"\xfd7zXZ", "an xz file: unpack it first"),
        (b"7z\xbc\xaf", "a 7z archive: unpack it first"),
        (b"\x89HDF", "an HDF5 file, which is not read"),
        (b"PAR1", "a Parquet file, which is not read"),
        (b"\x80\x02", "a Python pickle, which is not read"),
        (b"\x80\x03", "a Python pickle, which is not read"),
        (b"\x80\x04", "a Python pickle, which is not read"),
        (b"\x93NUMPY", "a NumPy array"),
        (b"\x89PNG", "a PNG image"),
        (b"\xff\xd8\xff", "a JPEG image"),
        (b"version https://git-lfs", "a pointer to a file that Git LFS has not fetched: `git lfs pull`"),
    ];
    if let Some((_, kind)) = kinds.iter().find(|(magic, _)| content.starts_with(magic)) {
        return (*kind).to_owned();
    }
    let start = content.trim_ascii_start();
    let start = String::from_utf8_lossy(&start[..start.len().min(16)]).to_ascii_lowercase();
    if start.starts_with("<!doctype") || start.starts_with("<html") {
        return "an HTML page: perhaps what a server sent in place of the file".to_owned();
    }
    match content.get(4..12) {
        Some(b"ftypheic" | b"ftypmif1" | b"ftypavif") => "a HEIC or AVIF image, which is not read".to_owned(),
        _ => format!("{:02x?}", &content[..content.len().min(4)]),
    }
}
