//! Decoded images, kept between runs under the hash of what they were decoded from, so that each worker of a study need not
//! decode them again.
//!
//! The folder is `$UNTIED_CACHE`, or `untied` in the user's cache folder. What cannot be read or written there is decoded
//! again; nothing in it is trusted without its checksum.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use etcetera::BaseStrategy;
use sha2::{Digest, Sha256};
use untied_study::write_bytes;

use super::form::Form;
use crate::data::file::{hexadecimal, read_file, sha256};

/// The decoders: others may round in another way.
const DECODERS: &str = "untied images 1, image 0.25.10, tiff 0.9.1, zune-jpeg 0.5.15, zune-png 0.5.2";

/// What all files together may have; those that were used last are kept.
const MOST_BYTES: u64 = 1 << 34;

/// Fewer pixels are decoded sooner than their files would tidy up after themselves.
const LEAST_BYTES: usize = 1 << 20;

/// Hexadecimal digits of a SHA-256.
const CHECKSUM: usize = 64;

/// SHA-256 of the decoders, the form and the files' contents.
pub(super) fn key<'a>(contents: impl Iterator<Item = &'a str>, form: Form) -> String {
    let mut hash = Sha256::new().chain_update(DECODERS).chain_update(format!("{form:?}"));
    contents.for_each(|content| hash.update(content));
    hexadecimal(&hash.finalize())
}

/// So many pixels, if they are there and sound.
pub(super) fn read(key: &str, length: usize) -> Option<Vec<u8>> {
    let path = folder().filter(|_| length >= LEAST_BYTES)?.join(key);
    let (_, mut content) = read_file(&path, (CHECKSUM + length) as u64).ok()?;
    let pixels = content.split_off(CHECKSUM.min(content.len()));
    let sound = pixels.len() == length && content == sha256(&pixels).as_bytes();
    if sound {
        // Used last: the cache is emptied from its other end.
        let _ = File::open(&path).and_then(|file| file.set_modified(SystemTime::now()));
    }
    sound.then_some(pixels)
}

/// Keeps pixels, if there is a place for them.
pub(super) fn write(key: &str, pixels: &[u8]) {
    let length = (CHECKSUM + pixels.len()) as u64;
    let Some(folder) = folder().filter(|_| pixels.len() >= LEAST_BYTES && length <= MOST_BYTES) else { return };
    // What cannot be kept is decoded again.
    if write_bytes(&folder.join(key), &[sha256(pixels).as_bytes(), pixels]).is_ok() {
        tidy(&folder, MOST_BYTES);
    }
}

/// The folder of decoded images: `$UNTIED_CACHE`, or `untied` in the user's cache folder; none without a home.
pub fn folder() -> Option<PathBuf> {
    let asked = std::env::var_os("UNTIED_CACHE").map(PathBuf::from);
    asked.or_else(|| Some(etcetera::choose_base_strategy().ok()?.cache_dir().join("untied")))
}

/// Deletes those files that were not used for the longest time, until the others have so many bytes at most.
fn tidy(folder: &Path, most: u64) {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<(SystemTime, u64, PathBuf)> = entries
        .filter_map(|entry| {
            let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            Some((metadata.modified().ok()?, metadata.len(), entry.path()))
        })
        .collect();
    files.sort();
    let mut all: u64 = files.iter().map(|(_, length, _)| length).sum();
    for (_, length, path) in files {
        if all <= most {
            break;
        }
        if fs::remove_file(path).is_ok() {
            all -= length;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn decoders_are_those_of_the_lock_file() {
        let lock = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock")).unwrap();
        for decoder in DECODERS.split(", ").skip(1) {
            let (name, version) = decoder.split_once(' ').unwrap();
            assert!(lock.contains(&format!("name = \"{name}\"\nversion = \"{version}\"\n")), "{decoder}");
        }
    }

    #[test]
    fn the_oldest_files_go_first() {
        let folder = tempfile::tempdir().unwrap();
        for (name, age) in [("old", 30), ("older", 60), ("new", 0)] {
            fs::write(folder.path().join(name), [0; 10]).unwrap();
            let time = SystemTime::now() - Duration::from_secs(age);
            File::open(folder.path().join(name)).unwrap().set_modified(time).unwrap();
        }
        tidy(folder.path(), 20);
        let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, ["new", "old"]);
    }
}
