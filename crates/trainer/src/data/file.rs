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

pub(crate) fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// First bytes of files that stand in the place of others, and what these are.
const KINDS: [(&[u8], &str); 27] = [
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
    (b"MATLAB ", "a MATLAB file, which is not read"),
    (b"SQLite format", "an SQLite database, which is not read"),
    (b"ARROW1", "an Arrow file, which is not read"),
    (b"%PDF", "a PDF document, which is not read"),
    (b"8BPS", "a Photoshop image, which is not read"),
    (b"\xff\x0a", "a JPEG XL image, which is not read"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL image, which is not read"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 image, which is not read"),
    (b"\xff\xfe", "text in UTF-16, which is not read: save it in UTF-8"),
    (b"\xfe\xff", "text in UTF-16, which is not read: save it in UTF-8"),
    (b"@relation", "a table of Weka (ARFF), which is not read"),
    (b"<svg", "an SVG drawing, which is not read"),
    (b"<?xml", "an XML file, which is not read"),
];

/// What a file probably is, for the error that it is not what was expected: in words where its content is known, else its
/// first bytes.
pub(super) fn resembles(content: &[u8]) -> String {
    let text = content.trim_ascii_start();
    let is_of =
        |(magic, _): &&(&[u8], &str)| content.starts_with(magic) || text.starts_with(magic) && magic.starts_with(b"<");
    if let Some((_, kind)) = KINDS.iter().find(is_of) {
        return (*kind).to_owned();
    }
    let start = String::from_utf8_lossy(&text[..text.len().min(16)]).to_ascii_lowercase();
    if start.starts_with("<!doctype") || start.starts_with("<html") {
        return "an HTML page: perhaps what a server sent in place of the file".to_owned();
    }
    if content.get(257..262) == Some(b"ustar") {
        return "a tar archive: unpack it first".to_owned();
    }
    if content.get(128..132) == Some(b"DICM") {
        return "a DICOM image, which is not read".to_owned();
    }
    match content.get(4..12) {
        Some(b"ftypheic" | b"ftypmif1" | b"ftypavif") => "a HEIC or AVIF image, which is not read".to_owned(),
        Some([b'f', b't', b'y', b'p', ..]) => "a video, which is not read".to_owned(),
        _ if content.is_empty() => "an empty file".to_owned(),
        _ => format!("{:02x?}", &content[..content.len().min(4)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_other_programs_are_known_by_their_content() {
        let tar = [&[b'x'; 257][..], b"ustar\0"].concat();
        let dicom = [&[0; 128][..], b"DICM"].concat();
        for (content, said) in [
            (&b"\0\0\0\x18ftypisom"[..], "a video"),
            (b"\0\0\0\x18ftypheic", "a HEIC or AVIF image"),
            (b"\0\0\0\x0cjP  \r\n", "a JPEG 2000 image"),
            (b"  <svg xmlns", "an SVG drawing"),
            (b"%PDF-1.4", "a PDF document"),
            (b"MATLAB 5.0", "a MATLAB file"),
            (&tar, "a tar archive"),
            (&dicom, "a DICOM image"),
            (b"", "an empty file"),
            (b"abcde", "[61, 62, 63, 64]"),
        ] {
            let found = resembles(content);
            assert!(found.starts_with(said), "{found}");
        }
    }
}
