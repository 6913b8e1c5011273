//! Files of every kind of data set with some bytes changed: each set is read, or refused in one line.
//!
//! A few of each kind here; `UNTIED_MUTANTS=10000` takes minutes, and `UNTIED_MUTANT_SEED` draws others.
#![expect(clippy::print_stdout, reason = "how many were read, shown where a test fails or output is asked for")]

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;
use untied_trainer::data::Dataset;

use crate::awkward::images;
use crate::files::{load, write};
use crate::kinds::{idx_files, npy, npz, record};
use crate::mutate::{Random, count, mutated, peak_memory};

/// A file's name and content.
type File = (String, Vec<u8>);

const PIXELS: [u8; 48] = [7; 48];

/// What each source reads: its files, and its config.
fn sources() -> Vec<(&'static str, Vec<File>, &'static str)> {
    let pixels: Vec<u8> = (0..48).collect();
    let idx = || idx_files("", "t10k", 8, [&pixels[..24], &pixels[..12]], [&[0, 1, 2, 1], &[1, 0]]);
    let wide: Vec<u8> = pixels.iter().flat_map(|&pixel| u32::from(pixel).to_be_bytes()).collect();
    let wide = idx_files("emnist-digits-", "test", 12, [&wide[..96], &wide[..48]], [&[0, 1, 2, 1], &[1, 0]]);
    let cifar = |count: u8| (0..count).flat_map(|fine| record(fine % 2, fine % 3)).collect::<Vec<u8>>();
    let labels: Vec<u8> = [0_i64, 1, 2, 1].iter().flat_map(|label| label.to_le_bytes()).collect();
    let arrays = [
        ("x_train", npy("|u1", "(4, 2, 6)", &pixels)),
        ("y_train", npy("<i8", "(4,)", &labels)),
        ("x_test", npy("|u1", "(2, 2, 6)", &pixels[..24])),
        ("y_test", npy("<i8", "(2,)", &labels[..16])),
    ];
    let table = "label,a,b,c,d\n0,1,2,3,4\n1,5,6,7,8\n2,9,10,11,12\n1,250,251,252.0,253\n";
    let named =
        |files: &[(&str, Vec<u8>)]| files.iter().map(|(name, content)| ((*name).to_owned(), content.clone())).collect();
    vec![
        ("IDX", idx(), r#"{"source": {"idx": "DIR"}}"#),
        (
            "IDX in gzip",
            idx().into_iter().map(|(name, file)| (name, gzip(&file))).collect(),
            r#"{"source": {"idx": "DIR"}}"#,
        ),
        ("IDX of whole numbers", wide, r#"{"source": {"emnist": "DIR"}}"#),
        ("CIFAR-100", named(&[("train.bin", cifar(6)), ("test.bin", cifar(3))]), r#"{"source": {"cifar100": "DIR"}}"#),
        ("npz", named(&[("set.npz", npz(&arrays))]), r#"{"source": {"npz": "DIR/set.npz"}}"#),
        (
            "npy",
            arrays.iter().map(|(name, file)| (format!("{name}.npy"), file.clone())).collect(),
            r#"{"source": {"npy": "DIR"}}"#,
        ),
        ("CSV", named(&[("train.csv", table.into()), ("test.csv", table.into())]), r#"{"source": {"csv": "DIR"}}"#),
    ]
}

/// The kinds of pictures, by the endings of their names.
const PICTURES: [(&str, &[&str]); 7] = [
    ("PNG", &["png", "PNG"]),
    ("JPEG", &["jpg", "jfif", "JPEG"]),
    ("WebP", &["webp"]),
    ("BMP", &["bmp"]),
    ("GIF", &["gif"]),
    ("TIFF", &["tiff", "tif"]),
    ("PNM", &["pgm", "ppm", "pbm"]),
];

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn folder_of(files: &[File]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, content) in files {
        write(&folder, name, content);
    }
    folder
}

/// Reads a set `count` times, one of its first files spoilt each time.
fn attack(kind: &str, files: &[File], spoilt: usize, data: &str, random: &mut Random) {
    let folder = folder_of(files);
    load(&folder, data).unwrap_or_else(|error| panic!("{kind}: {error}"));
    let (mut read, count) = (0, count(60));
    for case in 0..count {
        let (name, whole) = &files[random.below(spoilt)];
        write(&folder, name, &mutated(whole, random));
        match load(&folder, data) {
            Ok(set) => {
                read += 1;
                assert_sound(&set);
            }
            Err(error) => {
                let said = format!("{:#}", DisplayChain(&error));
                let one_line = !said.contains(char::is_control) && said.len() < 1000;
                assert!(one_line, "{kind}, case {case}: {said:?}");
            }
        }
        write(&folder, name, whole);
    }
    println!("{kind}: {read} of {count} read");
    assert!(read < count, "{kind}: nothing was refused");
}

/// An error with its causes.
struct DisplayChain<'e>(&'e dyn std::error::Error);

impl std::fmt::Display for DisplayChain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        self.0.source().map_or(Ok(()), |cause| write!(f, ": {}", DisplayChain(cause)))
    }
}

fn assert_sound(set: &Dataset) {
    for split in [&set.train, &set.test] {
        assert_eq!((split.images.len(), split.labels.len()), (split.count * split.image_length(), split.count));
        assert!(split.labels.iter().all(|&label| usize::from(label) < set.classes));
    }
}

#[test]
fn spoilt_sets_are_read_or_refused_in_one_line() {
    let mut random = Random::new(2);
    for (kind, files, data) in sources() {
        attack(kind, &files, files.len(), data, &mut random);
    }
    if let Some(peak) = peak_memory() {
        // Of the whole process, the tests beside this one included.
        assert!(peak < 3 << 29, "{peak} bytes at the most");
    }
}

#[test]
fn spoilt_pictures_are_read_or_refused_in_one_line() {
    let mut random = Random::new(3);
    let sound = [b"P5 4 12 255\n", &PIXELS[..]].concat();
    let others = ["train/a/sound.pgm", "train/b/sound.pgm", "test/a/sound.pgm", "test/b/sound.pgm"];
    for (kind, endings) in PICTURES {
        let is_of = |name: &str| endings.iter().any(|ending| name.ends_with(&format!(".{ending}")));
        let pictures = images().into_iter().filter(|(name, ..)| is_of(name));
        let mut files: Vec<File> = pictures.map(|(name, content, _)| (format!("train/a/{name}"), content)).collect();
        let spoilt = files.len();
        files.extend(others.map(|name| (name.to_owned(), sound.clone())));
        attack(kind, &files, spoilt, r#"{"source": {"folder": "DIR"}, "size": [8, 8]}"#, &mut random);
    }
}
