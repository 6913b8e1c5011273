//! The checksum in a model's file, and what files of other programs are.

use std::collections::HashMap;
use std::io::{self, Read};
use std::ops::Range;

use sha2::{Digest, Sha256};

use super::error::ModelError;
use crate::data::hexadecimal;

/// Before the digits of the checksum, in the header.
const CHECKSUM: &str = "\"sha256\":\"";
/// Their number.
const DIGITS: usize = 64;

/// The metadata's entry before the checksum is known.
pub(super) fn blank() -> String {
    "0".repeat(DIGITS)
}

/// Files of older versions have no checksum; one under another name has been damaged there.
pub(super) fn check(
    metadata: Option<&HashMap<String, String>>,
    start: &mut [u8],
    data: impl Read,
) -> Result<(), ModelError> {
    let is_checksum = |text: &String| text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let Some(metadata) = metadata else { return Ok(()) };
    let Some(expected) = metadata.get("sha256") else {
        let lost = metadata.values().any(is_checksum);
        return if lost { Err(damaged("its checksum has another name")) } else { Ok(()) };
    };
    match digits(start) {
        Some(place) if is_checksum(expected) => start[place].fill(b'0'),
        _ => return Err(damaged("its checksum is none")),
    }
    if sum(start, data)? == *expected { Ok(()) } else { Err(damaged("its checksum differs")) }
}

/// The place of the checksum's digits in a header.
fn digits(bytes: &[u8]) -> Option<Range<usize>> {
    let at = bytes.windows(CHECKSUM.len()).position(|window| window == CHECKSUM.as_bytes())? + CHECKSUM.len();
    (at + DIGITS <= bytes.len()).then_some(at..at + DIGITS)
}

/// The data are read piece by piece: a file to check may be larger than the memory.
fn sum(start: &[u8], mut data: impl Read) -> io::Result<String> {
    let (mut digest, mut piece) = (Sha256::new_with_prefix(start), vec![0; 1 << 16]);
    loop {
        match data.read(&mut piece)? {
            0 => return Ok(hexadecimal(&digest.finalize())),
            read => digest.update(&piece[..read]),
        }
    }
}

/// The file with its checksum in the place of the zeros.
pub(super) fn put(mut bytes: Vec<u8>) -> Vec<u8> {
    let sum = hexadecimal(&Sha256::digest(&bytes));
    if let Some(place) = digits(&bytes) {
        bytes[place].copy_from_slice(sum.as_bytes());
    }
    bytes
}

/// What other programs keep models in, by the first bytes.
pub(super) fn other_programs(start: &[u8]) -> Option<&'static str> {
    match start {
        // A model's version of ONNX, and the name or version of what wrote it.
        [0x08, 1..=32, 0x12 | 0x1a | 0x22 | 0x3a, ..] => {
            Some("it looks like an ONNX model, which `untied lint` reads: --strip OUT.onnx, --fold OUT.onnx")
        }
        [b'P', b'K', 3, 4, ..] => {
            Some("it is a zip archive, as PyTorch and Keras write; models of `untied` are .safetensors")
        }
        [0x89, b'H', b'D', b'F', ..] => {
            Some("it is an HDF5 file, as Keras writes; models of `untied` are .safetensors")
        }
        [b'<', ..] => Some("it looks like a web page: perhaps what a server sent in place of the file"),
        _ => None,
    }
}

pub(super) fn damaged(why: impl Into<String>) -> ModelError {
    ModelError::Damaged(why.into())
}
