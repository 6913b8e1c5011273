//! Loading data: the bundled sets are what they should be, and nothing else is taken for data.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use untied_study::{DataSource, Standardise};
use untied_trainer::data::{Checksums, DataError, Dataset, IdxFiles, Split, Standardisation, load};

fn bundled(source: &DataSource) -> Dataset {
    load(source).expect("bundled data are sound")
}

fn sha256(bytes: &[u8]) -> String {
    let nibbles = Sha256::digest(bytes).into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    nibbles.filter_map(|nibble| char::from_digit(nibble.into(), 16)).collect()
}

#[test]
fn bundled_files_have_the_checksums_of_their_readme() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let readme = fs::read_to_string(folder.join("README.md")).expect("data/README.md is there");
    let listed: Vec<(&str, &str)> = readme.lines().filter_map(|line| line.split_once("  ")).collect();
    assert_eq!(listed.len(), 8);
    for (expected, file) in listed {
        let bytes = fs::read(folder.join(file)).expect(file);
        assert_eq!(sha256(&bytes), expected, "{file}");
    }
}

/// Taken from the files by `gzip -dc FILE | sha256sum`.
#[test]
fn checksums_are_those_of_the_decompressed_files() {
    let checksums = Checksums {
        train_images: "41e463fb11442353328aed136a72ca93512604a7ae6e294205756d54294c7502".to_owned(),
        train_labels: "f8a600b73e2c056aa42316260206e6643bd33e96bd71cfb8e32b94f76fac4f93".to_owned(),
        test_images: "ee7550fe34409fc27d844b52fd0408fab403b2cc523bb34baa4ebd95b760d882".to_owned(),
        test_labels: "cf2c8a23974df0c99eb3f36ff34c02acb9be1c84aca7280211ef04bea1135360".to_owned(),
    };
    assert_eq!(bundled(&DataSource::Digits).checksums, checksums);
}

#[test]
fn bundled_sets_have_their_sizes_and_classes() {
    let digits = bundled(&DataSource::Digits);
    assert_eq!(sizes(&digits.train), [1437, 1, 8, 8]);
    assert_eq!(sizes(&digits.test), [360, 1, 8, 8]);
    assert_eq!((digits.classes, digits.train.images.iter().max()), (10, Some(&16)));

    let fashion = bundled(&DataSource::FashionMnist6k);
    assert_eq!(sizes(&fashion.train), [5000, 1, 28, 28]);
    assert_eq!(sizes(&fashion.test), [1000, 1, 28, 28]);
    assert_eq!((fashion.classes, fashion.train.images.iter().max()), (10, Some(&255)));
    assert_eq!(class_counts(&fashion.train), [500; 10]);
    assert_eq!(class_counts(&fashion.test), [100; 10]);
}

fn sizes(split: &Split) -> [usize; 4] {
    assert_eq!(split.labels.len(), split.count);
    assert_eq!(split.images.len(), split.count * split.image_length());
    [split.count, split.channels, split.height, split.width]
}

fn class_counts(split: &Split) -> [usize; 10] {
    std::array::from_fn(|class| split.labels.iter().filter(|&&label| usize::from(label) == class).count())
}

#[test]
fn nearest_neighbours_recognise_the_images() {
    let digits = nearest_neighbour_accuracy(&bundled(&DataSource::Digits));
    assert!((0.95..0.98).contains(&digits), "{digits}");
    let fashion = nearest_neighbour_accuracy(&bundled(&DataSource::FashionMnist6k));
    assert!((0.80..0.82).contains(&fashion), "{fashion}");
}

fn nearest_neighbour_accuracy(data: &Dataset) -> f64 {
    let distance = |a: &[u8], b: &[u8]| -> i32 {
        a.iter().zip(b).map(|(&a, &b)| (i32::from(a) - i32::from(b)) * (i32::from(a) - i32::from(b))).sum()
    };
    let recognised = |&i: &usize| {
        let image = data.test.image(i);
        let nearest = (0..data.train.count).min_by_key(|&j| distance(image, data.train.image(j)));
        nearest.map(|j| data.train.labels[j]) == Some(data.test.labels[i])
    };
    (0..data.test.count).filter(recognised).count() as f64 / data.test.count as f64
}

#[test]
fn standardised_training_images_have_mean_0_and_deviation_1() {
    let data = bundled(&DataSource::Digits);
    let scale = Standardisation::of(&data.train, Standardise::Channel).expect("images differ");
    let all: Vec<usize> = (0..data.train.count).collect();
    let mut batch: Vec<f64> = vec![7.0];
    scale.fill(&data.train, &all, &mut batch);
    assert_eq!(batch.len(), data.train.images.len());
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let squares: Vec<f64> = batch.iter().map(|x| x * x).collect();
    assert!(mean(&batch).abs() < 1e-12);
    assert!((mean(&squares) - 1.0).abs() < 1e-12);
}

#[test]
fn a_batch_holds_the_images_asked_for_in_their_order() {
    let images = vec![0, 2, 4, 6, 8, 10];
    let split = Split { images, labels: vec![0, 1, 0], count: 3, channels: 1, height: 1, width: 2 };
    let scale = Standardisation::of(&split, Standardise::Channel).expect("images differ");
    let deviation = (70.0_f64 / 6.0).sqrt();
    assert_eq!((scale.means(), scale.deviations()), (vec![5.0], vec![deviation]));
    let expected = [8.0, 10.0, 0.0, 2.0, 8.0, 10.0].map(|p: f64| (p - 5.0) / deviation);
    let mut doubles: Vec<f64> = Vec::new();
    scale.fill(&split, &[2, 0, 2], &mut doubles);
    assert_eq!(doubles, expected);
    let mut singles: Vec<f32> = Vec::new();
    scale.fill(&split, &[2, 0, 2], &mut singles);
    assert_eq!(singles, expected.map(|x| x as f32));
}

#[test]
fn images_without_differences_are_refused() {
    let split = Split { images: vec![9; 4], labels: vec![0, 1], count: 2, channels: 1, height: 1, width: 2 };
    let error = Standardisation::of(&split, Standardise::Channel).expect_err("nothing differs");
    assert_eq!(error.to_string(), "training images: expected pixels that differ, found the value 9 in every one");
}

/// An IDX file of `kind` with any header and data.
fn idx(kind: u8, dimensions: &[u32], values: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, kind, dimensions.len() as u8];
    bytes.extend(dimensions.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend(values);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes all bytes");
    encoder.finish().expect("memory takes all bytes")
}

/// Two training images and one test image of 1×2, with labels (1, 0) and (1).
fn small() -> [Vec<u8>; 4] {
    [idx(8, &[2, 1, 2], &[1, 2, 3, 4]), idx(8, &[2], &[1, 0]), idx(8, &[1, 1, 2], &[5, 6]), idx(8, &[1], &[1])]
}

fn parse(files: &[Vec<u8>; 4]) -> Result<Dataset, DataError> {
    let names = ["train-images", "train-labels", "test-images", "test-labels"];
    let file = |i: usize| (names[i].to_owned(), &files[i][..]);
    Dataset::from_idx(IdxFiles {
        train_images: file(0),
        train_labels: file(1),
        test_images: file(2),
        test_labels: file(3),
    })
}

#[test]
fn plain_and_compressed_files_are_the_same_data() {
    let plain = parse(&small()).expect("the files are sound");
    assert_eq!((plain.classes, plain.train.image(1), plain.test.image(0)), (2, &[3, 4][..], &[5, 6][..]));
    let compressed = parse(&small().map(|file| gzip(&file))).expect("the files are sound");
    assert_eq!(plain, compressed);
}

#[test]
fn hostile_files_are_refused() {
    let [train_images, ..] = small();
    let truncated_gzip = gzip(&train_images)[..20].to_vec();
    let mut damaged_gzip = gzip(&train_images);
    let checksum = damaged_gzip.len() - 8;
    damaged_gzip[checksum] ^= 1;
    let bomb = gzip(&idx(8, &[1, 1, 1], &vec![0; 1 << 26]));
    let gzip_and_garbage = [gzip(&train_images), b"garbage".to_vec()].concat();
    let claim = [u32::MAX, u32::MAX, u32::MAX];

    let cases: [(usize, Vec<u8>, &str); 20] = [
        (0, vec![], "train-images: expected an IDX header of 16 bytes, found 0"),
        (0, train_images[..9].to_vec(), "train-images: expected an IDX header of 16 bytes, found 9"),
        (0, b"PNG".to_vec(), "train-images: expected an IDX file, which starts with two zero bytes, found [50, 4e]"),
        (0, idx(10, &[2, 1, 2], &[0; 16]), "train-images: expected an IDX type from 0x08 to 0x0e, found IDX type 0x0a"),
        (0, idx(8, &[2], &[1, 0]), "train-images: expected 3 or 4 dimensions, found 1"),
        (1, idx(8, &[2, 1, 2], &[0; 4]), "train-labels: expected 1 dimensions, found 3"),
        (0, idx(8, &[2, 0, 2], &[]), "train-images: expected data, found dimensions [2, 0, 2]"),
        (1, idx(8, &[0], &[]), "train-labels: expected data, found dimensions [0]"),
        (
            0,
            idx(8, &claim, &[0; 4]),
            "train-images: expected at most 2147483648 bytes of data, found a header that claims dimensions \
             [4294967295, 4294967295, 4294967295]",
        ),
        (
            0,
            idx(8, &[1 << 31, 1, 1], &[0; 4]),
            "train-images: expected 2147483648 bytes of data after the header, found 4",
        ),
        (0, train_images[..19].to_vec(), "train-images: expected 4 bytes of data after the header, found 3"),
        (0, [&train_images[..], &[0]].concat(), "train-images: expected 4 bytes of data after the header, found more"),
        (0, bomb, "train-images: expected 1 bytes of data after the header, found more"),
        (0, truncated_gzip, "failed to read train-images"),
        (0, damaged_gzip, "failed to read train-images"),
        (0, gzip_and_garbage, "failed to read train-images"),
        (1, idx(8, &[3], &[1, 0, 1]), "train-labels: expected 2 labels, one for each image, found 3"),
        (3, idx(8, &[2], &[1, 0]), "test-labels: expected 1 labels, one for each image, found 2"),
        (2, idx(8, &[1, 2, 1], &[5, 6]), "test-images: expected images of 1x2 as in the training set, found 2x1"),
        (3, idx(8, &[1], &[2]), "test-labels: expected labels below 2, as in the training set, found 2 at image 0"),
    ];
    for (file, content, message) in cases {
        let mut files = small();
        files[file] = content;
        assert_eq!(parse(&files).expect_err(message).to_string(), message);
    }
}

fn folder_of(names: [&str; 4], files: &[Vec<u8>; 4]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, file) in names.iter().zip(files) {
        fs::write(folder.path().join(name), file).expect("a temporary file");
    }
    folder
}

fn load_idx(folder: &Path) -> Result<Dataset, DataError> {
    load(&DataSource::Idx(folder.to_owned()))
}

#[test]
fn a_folder_is_read_under_any_of_the_usual_names() {
    let expected = parse(&small()).expect("the files are sound");
    let plain =
        ["train-images-idx3-ubyte", "train-labels.idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];
    let folder = folder_of(plain, &small());
    assert_eq!(load_idx(folder.path()).expect("the files are sound"), expected);

    let compressed = [
        "train-images-idx3-ubyte.gz",
        "train-labels.idx1-ubyte.gz",
        "t10k-images.idx3-ubyte",
        "t10k-labels-idx1-ubyte",
    ];
    let mut files = small();
    files[0] = gzip(&files[0]);
    // Content, not name, tells whether a file is compressed: the labels are not, whatever their name says.
    files[3] = gzip(&files[3]);
    let folder = folder_of(compressed, &files);
    assert_eq!(load_idx(folder.path()).expect("the files are sound"), expected);
}

#[test]
fn missing_folders_and_files_are_named() {
    let missing = PathBuf::from("no/such/folder");
    assert_eq!(load_idx(&missing).expect_err("no folder").to_string(), "no data folder no/such/folder");

    let names = ["train-images-idx3-ubyte", "other", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];
    let folder = folder_of(names, &small());
    let message = load_idx(folder.path()).expect_err("no training labels").to_string();
    let expected = format!(
        "{}: expected MNIST's four files, plain or with .gz; missing: train-labels-idx1-ubyte, found other, \
         t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte, train-images-idx3-ubyte",
        folder.path().display()
    );
    assert_eq!(message, expected);

    fs::create_dir(folder.path().join("train-labels-idx1-ubyte")).expect("a temporary folder");
    let error = load_idx(folder.path()).expect_err("a folder in place of a file");
    assert!(error.to_string().ends_with("train-labels-idx1-ubyte: expected a regular file"), "{error}");
}

fn soup() -> impl Strategy<Value = Vec<u8>> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..64);
    let header = (prop::collection::vec(0_u32..4, 0..5), bytes()).prop_map(|(sizes, values)| idx(8, &sizes, &values));
    let damaged = (0..4_usize, any::<prop::sample::Index>(), any::<u8>()).prop_map(|(file, at, byte)| {
        let mut compressed = gzip(&small()[file]);
        let at = at.index(compressed.len());
        compressed[at] = byte;
        compressed
    });
    prop_oneof![bytes(), header, damaged]
}

proptest! {
    #[test]
    fn byte_soup_never_panics(file in 0..4_usize, content in soup()) {
        let mut files = small();
        files[file] = content;
        if let Ok(data) = parse(&files) {
            prop_assert_eq!(data.train.images.len(), data.train.count * data.train.image_length());
            prop_assert!(data.test.labels.iter().all(|&label| usize::from(label) < data.classes));
        }
    }

    #[test]
    fn what_is_written_is_read(height in 1_u32..5, width in 1_u32..5, pixels in prop::collection::vec(any::<u8>(), 32)) {
        let length = (height * width) as usize;
        let images = idx(8, &[2, height, width], &pixels[..2 * length]);
        let labels = idx(8, &[2], &[255, 3]);
        let data = parse(&[images.clone(), labels.clone(), gzip(&images), gzip(&labels)]).expect("the files are sound");
        prop_assert_eq!(&data.train.images, &pixels[..2 * length]);
        prop_assert_eq!((&data.train, data.classes), (&data.test, 256));
        prop_assert_eq!(data.train.image(1), &pixels[length..2 * length]);
    }
}
