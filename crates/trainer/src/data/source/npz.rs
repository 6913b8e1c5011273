//! NumPy archives as Keras has MNIST in: `x_train`, `y_train`, `x_test` and `y_test`.
//!
//! Source: the `.npy` format, NumPy Enhancement Proposal 1; an `.npz` file is a zip archive of such files.

use std::fmt::Display;
use std::io::Read;
use std::path::Path;

use flate2::bufread::DeflateDecoder;
use rawzip::{CompressionMethod, ZipArchive};
use untied_study::printable;

use crate::data::dataset::classes;
use crate::data::file::{LIMIT, bounded_length, read_file, up_to};
use crate::data::{DataError, DataProblem, Dataset, Split};

const MAGIC: &[u8] = b"\x93NUMPY";
/// Far more than the header of a plain array has.
const MOST_HEADER_BYTES: u64 = 1 << 12;
/// Names of other arrays that an error lists.
const MOST_NAMES: usize = 8;

/// Loads an archive of `x_train` and `x_test`, unsigned bytes `[n, h, w]`, `[n, h, w, 1]` (grey) or `[n, h, w, 3]` (RGB),
/// and `y_train` and `y_test`, integers from 0 to 255, `[n]` or `[n, 1]`; stored or deflated, as NumPy writes it.
pub(in crate::data) fn load(path: &Path) -> Result<Dataset, DataError> {
    let (file, bytes) = read_file(path, LIMIT)?;
    let [train, test] = ["train", "test"].map(|split| read_split(&file, &bytes, split));
    let (train, test) = (train?, test?);
    let classes = classes(&train, &test, [&format!("{file}, x_test"), &format!("{file}, y_test")])?;
    Ok(Dataset::of_splits(train, test, classes, None))
}

fn read_split(file: &str, archive: &[u8], split: &str) -> Result<Split, DataError> {
    let images = Array::open(file, archive, &format!("x_{split}"))?;
    let labels = Array::open(file, archive, &format!("y_{split}"))?;
    let [count, height, width, channels] = images.image_shape()?;
    let labels = labels.labels(count)?;
    let images = images.planes(height * width, channels)?;
    Ok(Split { images, labels, count, channels, height, width })
}

/// An array whose header is read, and whose elements come next.
struct Array<'a> {
    /// The file and the array.
    name: String,
    /// NumPy's name of the element type: `|u1`, `<i8`.
    dtype: String,
    fortran: bool,
    shape: Vec<u32>,
    elements: Box<dyn Read + 'a>,
}

impl<'a> Array<'a> {
    fn open(file: &str, archive: &'a [u8], array: &str) -> Result<Self, DataError> {
        let name = format!("{file}, {array}");
        let mut elements = unpacked(file, archive, array, &name)?;
        let text = header(&name, &mut elements)?;
        let parsed = parse(&text).ok_or_else(|| {
            DataError::invalid(&name, "the header of an array of one element type", printable(text.trim()))
        });
        let (dtype, fortran, shape) = parsed?;
        Ok(Self { name, dtype, fortran, shape, elements })
    }

    fn invalid(&self, expected: impl Display, found: impl Display) -> DataError {
        DataError::invalid(&self.name, expected, found)
    }

    /// Images, height, width and channels of unsigned bytes.
    fn image_shape(&self) -> Result<[usize; 4], DataError> {
        if self.dtype != "|u1" {
            return Err(self.invalid("unsigned bytes (|u1)", printable(&self.dtype)));
        }
        let shape = match self.shape[..] {
            [n, h, w] => [n, h, w, 1],
            [n, h, w, channels @ (1 | 3)] => [n, h, w, channels],
            _ => [0; 4],
        };
        if shape.contains(&0) {
            let expected = "images [n, h, w], [n, h, w, 1] (grey) or [n, h, w, 3] (RGB)";
            return Err(self.invalid(expected, format!("shape {:?}", self.shape)));
        }
        bounded_length(&self.name, &shape)?;
        Ok(shape.map(|size| size as usize))
    }

    /// The pixels `[n, c, h, w]`; files hold `[n, h, w, c]`.
    fn planes(self, locations: usize, channels: usize) -> Result<Vec<u8>, DataError> {
        let pixels = self.read(1)?;
        if channels == 1 {
            return Ok(pixels);
        }
        let plane = |image, channel: usize| <[u8]>::iter(image).copied().skip(channel).step_by(channels);
        let planes = |image| (0..channels).flat_map(move |channel| plane(image, channel));
        Ok(pixels.chunks_exact(locations * channels).flat_map(planes).collect())
    }

    /// The labels of so many images.
    fn labels(self, count: usize) -> Result<Vec<u8>, DataError> {
        let integer = Integer::parse(&self.dtype)
            .ok_or_else(|| self.invalid("integers of 1, 2, 4 or 8 bytes", printable(&self.dtype)))?;
        let shape: Vec<usize> = self.shape.iter().map(|&size| size as usize).collect();
        if shape != [count] && shape != [count, 1] {
            let expected = format!("shape [{count}] or [{count}, 1], a label for each image");
            return Err(self.invalid(expected, format!("shape {shape:?}")));
        }
        let name = self.name.clone();
        let label = |(index, bytes): (usize, &[u8])| {
            let label = integer.value(bytes);
            let refused = |_| DataError::invalid(&name, "labels from 0 to 255", format!("{label} at image {index}"));
            u8::try_from(label).map_err(refused)
        };
        self.read(integer.bytes)?.chunks_exact(integer.bytes).enumerate().map(label).collect()
    }

    /// All elements; no more than the header claims, and one byte, is unpacked.
    fn read(mut self, size: usize) -> Result<Vec<u8>, DataError> {
        if self.fortran {
            return Err(self.invalid("elements in C order", "Fortran order"));
        }
        let sized = [&self.shape[..], &[size as u32]].concat();
        let expected = bounded_length(&self.name, &sized)?;
        // Reading on to the end checks the archive's checksum, too.
        let bytes = up_to(&mut self.elements, expected + 1).map_err(DataError::read(&self.name))?;
        if bytes.len() as u64 == expected {
            return Ok(bytes);
        }
        let found = if bytes.len() as u64 > expected { "more".to_owned() } else { bytes.len().to_string() };
        Err(self.invalid(format!("{expected} bytes of elements"), found))
    }
}

/// The unpacked content of an array's file in the archive.
fn unpacked<'a>(file: &str, archive: &'a [u8], array: &str, name: &str) -> Result<Box<dyn Read + 'a>, DataError> {
    let damaged = |error: rawzip::Error| DataError::new(file, DataProblem::Decode(error.to_string()));
    let zip = ZipArchive::from_slice(archive).map_err(damaged)?;
    let (mut found, mut others) = (Vec::new(), Vec::new());
    for entry in zip.entries() {
        let entry = entry.map_err(damaged)?;
        let path = String::from_utf8_lossy(entry.file_path().as_bytes()).into_owned();
        if path.strip_suffix(".npy") == Some(array) {
            found.push((entry.compression_method(), entry.wayfinder()));
        } else if others.len() < MOST_NAMES {
            others.push(printable(&path));
        }
    }
    let [(method, entry)] = found[..] else {
        let found = if found.is_empty() { others.join(", ") } else { format!("{} of this name", found.len()) };
        return Err(DataError::invalid(file, format!("one array {array}.npy"), format!("[{found}]")));
    };
    let entry = zip.get_entry(entry).map_err(damaged)?;
    let (start, end) = entry.compressed_data_range();
    let packed = &archive[start as usize..end as usize];
    match method {
        CompressionMethod::STORE => Ok(Box::new(entry.verifying_reader(packed))),
        CompressionMethod::DEFLATE => Ok(Box::new(entry.verifying_reader(DeflateDecoder::new(packed)))),
        other => Err(DataError::invalid(name, "stored or deflated elements", format!("compression {other}"))),
    }
}

/// The text of an array's header, behind magic number, version and length.
fn header(name: &str, reader: &mut impl Read) -> Result<String, DataError> {
    let failed = DataError::read(name);
    let head = up_to(reader, 8).map_err(&failed)?;
    let Some([major, _]) = head.strip_prefix(MAGIC) else {
        return Err(DataError::invalid(name, "an .npy file, which starts with \\x93NUMPY", format!("{head:02x?}")));
    };
    // Two bytes of length in version 1, four since.
    let bytes = up_to(reader, if *major == 1 { 2 } else { 4 }).map_err(&failed)?;
    let length = bytes.iter().rev().fold(0_u64, |length, &byte| length << 8 | u64::from(byte));
    if length > MOST_HEADER_BYTES {
        return Err(DataError::invalid(name, format!("a header of at most {MOST_HEADER_BYTES} bytes"), length));
    }
    let text = up_to(reader, length).map_err(&failed)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Element type, whether in Fortran order, and shape, of the text
/// `{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }`.
fn parse(header: &str) -> Option<(String, bool, Vec<u32>)> {
    let value = |key: &str| Some(header.split_once(&format!("'{key}':"))?.1.trim_start());
    let (dtype, _) = value("descr")?.strip_prefix('\'')?.split_once('\'')?;
    let order = value("fortran_order")?;
    let fortran = order.starts_with("True");
    let (shape, _) = value("shape")?.strip_prefix('(')?.split_once(')')?;
    let sizes = shape.split(',').map(str::trim).filter(|size| !size.is_empty());
    // Python 2 wrote sizes as 60000L.
    let shape = sizes.map(|size| size.trim_end_matches('L').parse().ok()).collect::<Option<_>>()?;
    (fortran || order.starts_with("False")).then(|| (dtype.to_owned(), fortran, shape))
}

/// An integer type.
struct Integer {
    big_endian: bool,
    signed: bool,
    bytes: usize,
}

impl Integer {
    /// The type of `<i8`, `|u1`, …
    fn parse(dtype: &str) -> Option<Self> {
        let mut letters = dtype.chars();
        let (order, kind, size) = (letters.next()?, letters.next()?, letters.as_str());
        let valid = "<>|".contains(order) && "iu".contains(kind) && ["1", "2", "4", "8"].contains(&size);
        valid.then(|| Self { big_endian: order == '>', signed: kind == 'i', bytes: size.parse().unwrap_or(1) })
    }

    fn value(&self, bytes: &[u8]) -> i128 {
        let append = |value: i128, byte: &u8| value << 8 | i128::from(*byte);
        let value = if self.big_endian { bytes.iter().fold(0, append) } else { bytes.iter().rev().fold(0, append) };
        // Two's complement.
        let above = 1_i128 << (8 * self.bytes);
        if self.signed && value >= above / 2 { value - above } else { value }
    }
}
