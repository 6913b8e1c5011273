//! Decoded images are kept by the content of their files.

use std::fs;
use std::path::Path;
use std::process::Command;

use image::{Rgb, RgbImage};
use tempfile::TempDir;

use crate::files::{load, png_of, write};

/// Two classes of large images.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (index, name) in ["train/a/0.png", "train/b/0.png", "test/a/0.png", "test/b/0.png"].iter().enumerate() {
        let image = RgbImage::from_fn(64, 64, |x, y| Rgb([x as u8, y as u8, index as u8]));
        write(&folder, name, &png_of(image));
    }
    folder
}

fn kept(cache: &Path) -> Vec<std::path::PathBuf> {
    let mut files: Vec<_> = fs::read_dir(cache).into_iter().flatten().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

/// Runs in a process of its own, since the cache's folder is a variable of the process.
#[test]
fn what_was_decoded_once_is_read_again() {
    let Some(cache) = std::env::var_os("UNTIED_TEST_CACHE") else {
        let cache = tempfile::tempdir().expect("a temporary folder");
        let here = cache.path().join("not made yet");
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "cache::what_was_decoded_once_is_read_again"])
            .envs([("UNTIED_CACHE", &here), ("UNTIED_TEST_CACHE", &here)])
            .status();
        assert!(status.unwrap().success());
        return;
    };
    let (cache, folder) = (Path::new(&cache), folder());
    let config = r#"{"source": {"folder": "DIR"}, "size": [512, 512]}"#;
    let decoded = load(&folder, config).unwrap();
    let files = kept(cache);
    assert_eq!(files.len(), 2, "a file for each split");

    // Whatever is kept is what is read: one of the splits with other pixels and their checksum.
    let other = vec![7; 2 * 3 * 512 * 512];
    let sound = fs::read(&files[0]).unwrap();
    fs::write(&files[0], [sha256(&other).as_bytes(), &other].concat()).unwrap();
    let read = load(&folder, config).unwrap();
    assert!(read.train.images == other || read.test.images == other);

    // Damage is noticed, and mended.
    fs::write(&files[0], &sound[..sound.len() - 1]).unwrap();
    assert_eq!(load(&folder, config).unwrap(), decoded);
    assert_eq!(fs::read(&files[0]).unwrap(), sound);

    // Names do not matter, content and form do.
    fs::rename(folder.path().join("train/a/0.png"), folder.path().join("train/a/other.png")).unwrap();
    assert_eq!(load(&folder, config).unwrap(), decoded);
    assert_eq!(kept(cache), files);
    fs::copy(folder.path().join("train/b/0.png"), folder.path().join("train/a/other.png")).unwrap();
    assert_ne!(load(&folder, config).unwrap(), decoded);
    assert_eq!(kept(cache).len(), 3);
    load(&folder, r#"{"source": {"folder": "DIR"}, "size": [512, 768]}"#).unwrap();
    assert_eq!(kept(cache).len(), 5);

    // Without a place for it, all is as before.
    fs::remove_dir_all(cache).unwrap();
    fs::write(cache, "no folder").unwrap();
    assert_eq!(load(&folder, config).unwrap().train.count, 2);
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}
