//! IDX files, plain or gzip: arrays of one element type, as MNIST comes in.

use std::io::{self, Cursor, Read};

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::elements::Element;
use crate::data::DataError;
use crate::data::file::{bounded_length, hexadecimal, resembles, up_to};

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The content of one IDX file.
pub(super) struct Idx {
    pub(super) dimensions: Vec<usize>,
    pub(super) element: Element,
    /// As they stand in the file.
    pub(super) elements: Vec<u8>,
    /// Over the whole file, decompressed.
    pub(super) sha256: String,
}

/// Reads an IDX file with one of these numbers of dimensions.
///
/// Memory grows with the data that is there, not with what the header claims; no more than the claimed length and
/// one byte is decompressed.
pub(super) fn read(file: &str, reader: impl Read, ranks: &[u8]) -> Result<Idx, DataError> {
    let failed = DataError::read(file);
    let mut reader = decompressed(reader).map_err(&failed)?;

    let mut header = up_to(&mut reader, 4).map_err(&failed)?;
    if !header.starts_with(&[0, 0]) {
        // Enough to tell what it is instead.
        header.extend(up_to(&mut reader, 60).map_err(&failed)?);
    }
    let element = check_kind(file, ranks, &header)?;
    let rank = header.get(3).map_or(ranks[0], |&rank| rank);
    header.extend(up_to(&mut reader, 4 * u64::from(rank)).map_err(&failed)?);
    let header_length = 4 + 4 * usize::from(rank);
    if header.len() < header_length {
        return Err(DataError::invalid(file, format!("an IDX header of {header_length} bytes"), header.len()));
    }

    let size = |bytes: &[u8]| bytes.iter().fold(0, |size: u32, &byte| size << 8 | u32::from(byte));
    let dimensions: Vec<u32> = header[4..].chunks_exact(4).map(size).collect();
    let expected = claimed_length(file, &dimensions, element)?;
    let elements = up_to(&mut reader, expected + 1).map_err(&failed)?;
    check_length(file, expected, elements.len() as u64)?;

    let sha256 = hexadecimal(&Sha256::new().chain_update(&header).chain_update(&elements).finalize());
    Ok(Idx { dimensions: dimensions.iter().map(|&size| size as usize).collect(), element, elements, sha256 })
}

/// What is in the file, whether or not it is compressed: its first bytes tell.
fn decompressed<'a>(mut reader: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let head = up_to(&mut reader, GZIP_MAGIC.len() as u64)?;
    let compressed = head == GZIP_MAGIC;
    let whole = Cursor::new(head).chain(reader);
    Ok(if compressed { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) })
}

/// Checks the magic number, as far as there is one.
fn check_kind(file: &str, ranks: &[u8], header: &[u8]) -> Result<Element, DataError> {
    match *header {
        [rank, kind, 0, 0, ..] if Element::of_idx(kind).is_some() && rank > 0 => {
            let expected = "an IDX file, whose numbers have their highest byte first";
            Err(DataError::invalid(file, expected, "one with the order of bytes swapped"))
        }
        [a, b, ..] if [a, b] != [0, 0] => {
            let found = match resembles(header) {
                unknown if unknown.starts_with('[') => format!("{:02x?}", [a, b]),
                known => known,
            };
            Err(DataError::invalid(file, "an IDX file, which starts with two zero bytes", found))
        }
        [_, _, kind, ref rest @ ..] => match (Element::of_idx(kind), rest) {
            (None, _) => {
                Err(DataError::invalid(file, "an IDX type from 0x08 to 0x0e", format!("IDX type {kind:#04x}")))
            }
            (Some(_), [rank, ..]) if !ranks.contains(rank) => {
                let ranks: Vec<String> = ranks.iter().map(ToString::to_string).collect();
                Err(DataError::invalid(file, format!("{} dimensions", ranks.join(" or ")), rank))
            }
            (Some(element), _) => Ok(element),
        },
        _ => Ok(Element::BYTE),
    }
}

fn claimed_length(file: &str, dimensions: &[u32], element: Element) -> Result<u64, DataError> {
    if dimensions.contains(&0) {
        return Err(DataError::invalid(file, "data", format!("dimensions {dimensions:?}")));
    }
    bounded_length(file, dimensions)?;
    let sized = [dimensions, &[element.bytes as u32]].concat();
    bounded_length(file, &sized)
}

fn check_length(file: &str, expected: u64, found: u64) -> Result<(), DataError> {
    if found == expected {
        return Ok(());
    }
    let found = if found < expected { found.to_string() } else { "more".to_owned() };
    Err(DataError::invalid(file, format!("{expected} bytes of data after the header"), found))
}
