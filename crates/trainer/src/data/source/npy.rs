//! NumPy's arrays, each in a file of its own.
//!
//! Source: the `.npy` format, NumPy Enhancement Proposal 1.

use std::fmt::Display;
use std::io::Read;
use std::path::Path;

use untied_study::printable;

use super::elements::{Element, planes};
use crate::data::collection::Collection;
use crate::data::dataset::classes;
use crate::data::file::{bounded_length, check_folder, open_file, resembles, up_to};
use crate::data::{DataError, Split};

const MAGIC: &[u8] = b"\x93NUMPY";
/// Far more than the header of a plain array has.
const MOST_HEADER_BYTES: u64 = 1 << 12;

/// Reads a folder of `x_train.npy`, `y_train.npy`, `x_test.npy` and `y_test.npy`; those for testing may be missing.
pub(super) fn read(folder: &Path) -> Result<Collection, DataError> {
    check_folder(folder)?;
    let open = |name: String| {
        let (file, reader) = open_file(&folder.join(format!("{name}.npy")))?;
        Array::read_header(file, Box::new(reader))
    };
    let split = |split: &str| read_split(open(format!("x_{split}"))?, open(format!("y_{split}"))?);
    let train = split("train")?;
    let test = if folder.join("x_test.npy").exists() { Some(split("test")?) } else { None };
    let [images, labels] = ["x_test.npy", "y_test.npy"].map(|name| folder.join(name).display().to_string());
    let classes = classes(&train, test.as_ref(), [&images, &labels])?;
    Ok(Collection::of_splits(train, test, classes, None))
}

/// The images and labels of two arrays.
pub(super) fn read_split(images: Array<'_>, labels: Array<'_>) -> Result<Split, DataError> {
    let (shape @ [count, height, width, channels], order) = images.image_shape()?;
    let labels = labels.labels(count)?;
    let images = images.pixels(shape, order)?;
    Ok(Split { images, labels, count, channels, height, width })
}

/// Where an array of images has its channels.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Channels {
    First,
    Last,
}

/// An array whose header is read, and whose elements come next.
pub(super) struct Array<'a> {
    /// The file, and the array where the file has several.
    name: String,
    /// NumPy's name of the element type: `|u1`, `<i8`.
    dtype: String,
    fortran: bool,
    shape: Vec<u32>,
    elements: Box<dyn Read + 'a>,
}

impl<'a> Array<'a> {
    pub(super) fn read_header(name: String, mut elements: Box<dyn Read + 'a>) -> Result<Self, DataError> {
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

    /// Images, height, width and channels.
    fn image_shape(&self) -> Result<([usize; 4], Channels), DataError> {
        let (shape, order) = match self.shape[..] {
            [n, h, w] => ([n, h, w, 1], Channels::Last),
            [n, h, w, channels @ (1 | 3)] => ([n, h, w, channels], Channels::Last),
            [n, channels @ (1 | 3), h, w] => ([n, h, w, channels], Channels::First),
            _ => ([0; 4], Channels::Last),
        };
        if shape.contains(&0) {
            let expected = "images [n, h, w], [n, h, w, 1] or [n, 1, h, w] (grey), [n, h, w, 3] or [n, 3, h, w] (RGB)";
            return Err(self.invalid(expected, format!("shape {:?}", self.shape)));
        }
        bounded_length(&self.name, &shape)?;
        Ok((shape.map(|size| size as usize), order))
    }

    /// The pixels `[n, c, h, w]`.
    fn pixels(self, [_, height, width, channels]: [usize; 4], order: Channels) -> Result<Vec<u8>, DataError> {
        let element = Element::of_numpy(&self.dtype)
            .ok_or_else(|| self.invalid("integers or floats, such as |u1 or <f4", printable(&self.dtype)))?;
        let name = self.name.clone();
        let pixels = element.pixels(&name, self.read(element.bytes)?)?;
        Ok(if order == Channels::First { pixels } else { planes(pixels, height * width, channels) })
    }

    /// The labels of so many images.
    fn labels(self, count: usize) -> Result<Vec<u8>, DataError> {
        let integer = Element::of_numpy(&self.dtype).filter(|element| element.is_integer());
        let integer = integer.ok_or_else(|| self.invalid("integers of 1, 2, 4 or 8 bytes", printable(&self.dtype)))?;
        let shape: Vec<usize> = self.shape.iter().map(|&size| size as usize).collect();
        if shape != [count] && shape != [count, 1] {
            let expected = format!("shape [{count}] or [{count}, 1], a label for each image");
            return Err(self.invalid(expected, format!("shape {shape:?}")));
        }
        let name = self.name.clone();
        integer.labels(&name, &self.read(integer.bytes)?)
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

/// The text of an array's header, behind magic number, version and length.
fn header(name: &str, reader: &mut impl Read) -> Result<String, DataError> {
    let failed = DataError::read(name);
    let head = up_to(reader, 8).map_err(&failed)?;
    let Some([major, _]) = head.strip_prefix(MAGIC) else {
        return Err(DataError::invalid(name, "an .npy file, which starts with \\x93NUMPY", resembles(&head)));
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
