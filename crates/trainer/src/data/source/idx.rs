use std::io::{self, Cursor, Read};

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use crate::data::DataError;
use crate::data::file::{bounded_length, hexadecimal, up_to};

const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const UNSIGNED_BYTES: u8 = 0x08;

/// The content of one IDX file.
pub(in crate::data) struct Idx<const RANK: usize> {
    pub(in crate::data) dimensions: [usize; RANK],
    pub(in crate::data) values: Vec<u8>,
    /// Over the whole file, decompressed.
    pub(in crate::data) sha256: String,
}

/// Reads an IDX file of unsigned bytes with `RANK` dimensions, plain or gzip.
///
/// Memory grows with the data that is there, not with what the header claims; no more than the claimed length and
/// one byte is decompressed.
pub(in crate::data) fn read<const RANK: usize>(file: &str, reader: impl Read) -> Result<Idx<RANK>, DataError> {
    let failed = DataError::read(file);
    let mut reader = decompressed(reader).map_err(&failed)?;

    let header_length = 4 + 4 * RANK;
    let header = up_to(&mut reader, header_length as u64).map_err(&failed)?;
    check_kind(file, RANK as u8, &header)?;
    if header.len() < header_length {
        return Err(DataError::invalid(file, format!("an IDX header of {header_length} bytes"), header.len()));
    }

    let dimensions: [u32; RANK] = std::array::from_fn(|axis| {
        let at = 4 + 4 * axis;
        u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    });
    let expected = claimed_length(file, &dimensions)?;
    let values = up_to(&mut reader, expected + 1).map_err(&failed)?;
    check_length(file, expected, values.len() as u64)?;

    let sha256 = hexadecimal(&Sha256::new().chain_update(&header).chain_update(&values).finalize());
    Ok(Idx { dimensions: dimensions.map(|size| size as usize), values, sha256 })
}

/// What is in the file, whether or not it is compressed: its first bytes tell.
fn decompressed<'a>(mut reader: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let head = up_to(&mut reader, GZIP_MAGIC.len() as u64)?;
    let compressed = head == GZIP_MAGIC;
    let whole = Cursor::new(head).chain(reader);
    Ok(if compressed { Box::new(MultiGzDecoder::new(whole)) } else { Box::new(whole) })
}

/// Checks the magic number, as far as there is one.
fn check_kind(file: &str, rank: u8, header: &[u8]) -> Result<(), DataError> {
    match *header {
        [a, b, ..] if [a, b] != [0, 0] => {
            let found = format!("{:02x?}", [a, b]);
            Err(DataError::invalid(file, "an IDX file, which starts with two zero bytes", found))
        }
        [_, _, kind, ..] if kind != UNSIGNED_BYTES => {
            let found = format!("IDX type {kind:#04x}");
            Err(DataError::invalid(file, format!("unsigned bytes (IDX type {UNSIGNED_BYTES:#04x})"), found))
        }
        [_, _, _, found, ..] if found != rank => Err(DataError::invalid(file, format!("{rank} dimensions"), found)),
        _ => Ok(()),
    }
}

fn claimed_length(file: &str, dimensions: &[u32]) -> Result<u64, DataError> {
    if dimensions.contains(&0) {
        return Err(DataError::invalid(file, "data", format!("dimensions {dimensions:?}")));
    }
    bounded_length(file, dimensions)
}

fn check_length(file: &str, expected: u64, found: u64) -> Result<(), DataError> {
    if found == expected {
        return Ok(());
    }
    let found = if found < expected { found.to_string() } else { "more".to_owned() };
    Err(DataError::invalid(file, format!("{expected} bytes of data after the header"), found))
}
