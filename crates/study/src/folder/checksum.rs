//! Checksums inside files, by which damage is noticed.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::StoreError;

/// Before and after the digits, in a JSON object's second line.
const OPENING: &str = "{\n  \"sha256\": \"";
const CLOSING: &str = "\",\n";
/// Those of a checksum.
const DIGITS: usize = 64;

/// SHA-256 in hexadecimal digits.
pub(crate) fn checksum(content: &[u8]) -> String {
    Sha256::digest(content).iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"))
}

/// Puts the checksum of all that follows it first in an indented JSON object.
pub(crate) fn seal(json: &str) -> String {
    let rest = json.strip_prefix("{\n").unwrap_or(json);
    format!("{OPENING}{}{CLOSING}{rest}", checksum(rest.as_bytes()))
}

/// Whether a text has a seal, whole or broken: what is left of the digits stands in one of its first lines.
pub(crate) fn is_sealed(text: &str) -> bool {
    let digits = |line: &str| line.split(|letter: char| !letter.is_ascii_hexdigit()).map(str::len).max();
    let has_seal = |line: &str| line.len() < 4 * DIGITS && digits(line) > Some(DIGITS / 3);
    text.starts_with(OPENING) || text.lines().take(3).any(has_seal)
}

/// An error where a sealed text is not what it was.
pub(crate) fn check_seal(path: &Path, text: &str) -> Result<(), StoreError> {
    let damaged = |cause: &str| StoreError::Damaged { path: path.to_owned(), cause: cause.to_owned() };
    let sealed = text.strip_prefix(OPENING).and_then(|rest| rest.split_once(CLOSING));
    let (expected, content) = sealed.ok_or_else(|| damaged("it has no checksum"))?;
    if checksum(content.as_bytes()) == expected { Ok(()) } else { Err(damaged("its checksum differs")) }
}
