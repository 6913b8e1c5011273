//! Data sets as they are handed around: which files they have, and how their images and labels are stored in them.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use image::{Rgb, RgbImage};
use tempfile::TempDir;
use untied_trainer::data::Dataset;

use crate::files::{load, png_of, refusal, write};

/// An IDX file of an element type.
fn idx(kind: u8, dimensions: &[u32], elements: &[u8]) -> Vec<u8> {
    let sizes: Vec<u8> = dimensions.iter().flat_map(|size| size.to_be_bytes()).collect();
    [&[0, 0, kind, dimensions.len() as u8][..], &sizes, elements].concat()
}

/// A `.npy` file.
pub(crate) fn npy(dtype: &str, shape: &str, elements: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}");
    let padded = format!("{header:<117}\n");
    [b"\x93NUMPY\x01\x00", &(padded.len() as u16).to_le_bytes()[..], padded.as_bytes(), elements].concat()
}

pub(crate) fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut bytes);
    for (name, content) in arrays {
        let (mut entry, config) = archive.new_file(format!("{name}.npy")).start().unwrap();
        let mut writer = config.wrap(&mut entry);
        writer.write_all(content).unwrap();
        let (_, descriptor) = writer.finish().unwrap();
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap();
    bytes
}

fn png(shade: u8) -> Vec<u8> {
    png_of(RgbImage::from_fn(2, 2, |x, y| Rgb([shade, 10 * x as u8, 10 * y as u8])))
}

/// A record of CIFAR-100: coarse label, fine label, pixels.
pub(crate) fn record(coarse: u8, fine: u8) -> Vec<u8> {
    [vec![coarse, fine], (0..3072).map(|pixel| (pixel / 9) as u8 ^ fine).collect()].concat()
}

fn made(files: &[(&str, Vec<u8>)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, content) in files {
        write(&folder, name, content);
    }
    folder
}

fn read(folder: &TempDir, data: &str) -> Dataset {
    load(folder, data).unwrap_or_else(|error| panic!("{data}: {error}"))
}

/// Training images, labels, test labels, classes.
fn told(data: &Dataset) -> ([usize; 4], &[u8], &[u8], usize) {
    let train = &data.train;
    assert_eq!(data.test.images.len(), data.test.count * train.image_length());
    ([train.count, train.channels, train.height, train.width], &train.labels, &data.test.labels, data.classes)
}

/// Four files of MNIST's names, or of others.
pub(crate) fn idx_files(
    prefix: &str,
    test: &str,
    kind: u8,
    images: [&[u8]; 2],
    labels: [&[u8]; 2],
) -> Vec<(String, Vec<u8>)> {
    let bytes = if kind == 8 { 1 } else { 4 };
    let image = |elements: &[u8]| idx(kind, &[(elements.len() / bytes / 6) as u32, 2, 3], elements);
    vec![
        (format!("{prefix}train-images-idx3-ubyte"), image(images[0])),
        (format!("{prefix}train-labels-idx1-ubyte"), idx(8, &[labels[0].len() as u32], labels[0])),
        (format!("{prefix}{test}-images-idx3-ubyte"), image(images[1])),
        (format!("{prefix}{test}-labels-idx1-ubyte"), idx(8, &[labels[1].len() as u32], labels[1])),
    ]
}

fn folder_of(files: &[(String, Vec<u8>)]) -> TempDir {
    made(&files.iter().map(|(name, content)| (name.as_str(), content.clone())).collect::<Vec<_>>())
}

#[test]
fn bundled_sets() {
    let folder = made(&[]);
    assert_eq!(told(&read(&folder, r#"{"source": "digits"}"#)).0, [1437, 1, 8, 8]);
    assert_eq!(told(&read(&folder, r#"{"source": "fashion-mnist-6k"}"#)).0, [5000, 1, 28, 28]);
}

#[test]
fn idx_of_other_element_types() {
    let pixels: Vec<u8> = (0..12).collect();
    let expected = read(
        &folder_of(&idx_files("", "t10k", 8, [&pixels, &pixels[..6]], [&[1, 0], &[1]])),
        r#"{"source": {"idx": "DIR"}}"#,
    );
    assert_eq!(told(&expected), ([2, 1, 2, 3], &[1, 0][..], &[1][..], 2));
    let wide = |values: &[u8]| values.iter().flat_map(|&value| i32::from(value).to_be_bytes()).collect::<Vec<u8>>();
    let floats = |values: &[u8]| values.iter().flat_map(|&value| f32::from(value).to_be_bytes()).collect::<Vec<u8>>();
    let shares =
        |values: &[u8]| values.iter().flat_map(|&value| (f32::from(value) / 255.0).to_be_bytes()).collect::<Vec<u8>>();
    for (kind, stored) in [(0x0c, wide(&pixels)), (0x0d, floats(&pixels)), (0x0d, shares(&pixels))] {
        let files = idx_files("", "t10k", kind, [&stored, &stored[..24]], [&[1, 0], &[1]]);
        let data = read(&folder_of(&files), r#"{"source": {"idx": "DIR"}}"#);
        assert_eq!((data.train, data.test), (expected.train.clone(), expected.test.clone()));
    }
    let negative = idx_files("", "t10k", 0x0c, [&wide(&pixels), &(-1_i32).to_be_bytes().repeat(6)], [&[1, 0], &[1]]);
    let message = refusal(&folder_of(&negative), r#"{"source": {"idx": "DIR"}}"#);
    let expected = "DIR/t10k-images-idx3-ubyte: expected pixels that are whole numbers from 0 to 255, or fractions from 0 to \
                    1, found -1 at element 0";
    assert_eq!(message, expected);
}

#[test]
fn what_stands_in_place_of_idx_files_is_named() {
    let mut files = idx_files("", "t10k", 8, [&[1; 12], &[2; 6]], [&[1, 0], &[1]]);
    let sound = files[0].1.clone();
    for (content, found) in [
        (
            &[&[3, 8, 0, 0][..], &sound[4..]].concat()[..],
            "whose numbers have their highest byte first, found one with the order of bytes swapped",
        ),
        (
            b"<html><body>not found",
            "which starts with two zero bytes, found an HTML page: perhaps what a server sent in place of the file",
        ),
        (b"PK\x03\x04....", "which starts with two zero bytes, found a zip archive: unpack it first"),
        (b"\x89PNG\r\n", "which starts with two zero bytes, found a PNG image"),
    ] {
        files[0].1 = content.to_vec();
        let message = refusal(&folder_of(&files), r#"{"source": {"idx": "DIR"}}"#);
        assert_eq!(message, format!("DIR/train-images-idx3-ubyte: expected an IDX file, {found}"));
    }
    files[0] = ("train-images-idx3-ubyte/train-images-idx3-ubyte".to_owned(), sound);
    let expected = "DIR/train-images-idx3-ubyte: expected a regular file, found a folder that holds train-images-idx3-ubyte, as \
                    Kaggle's zips unpack to: move the file out of it";
    assert_eq!(refusal(&folder_of(&files), r#"{"source": {"idx": "DIR"}}"#), expected);
}

#[test]
fn emnist() {
    // Stored by columns: 0 1 2 3 4 5 is 0 2 4 / 1 3 5 of two rows and three columns, as 3x2.
    let stored: Vec<u8> = vec![0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15];
    let mut files = idx_files("emnist-letters-", "test", 8, [&stored, &stored[..6]], [&[2, 1], &[1]]);
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&files[0].1).unwrap();
    files[0] = (format!("{}.gz", files[0].0), gzip.finish().unwrap());
    files.push(("emnist-letters-mapping.txt".to_owned(), b"1 65 97\n2 66 98\n".to_vec()));
    let folder = folder_of(&files);
    let data = read(&folder, r#"{"source": {"emnist": "DIR"}}"#);
    assert_eq!(told(&data), ([2, 1, 3, 2], &[1, 0][..], &[0][..], 2));
    assert_eq!(data.train.image(0), [0, 3, 1, 4, 2, 5]);
    assert_eq!(data.class_names.unwrap(), ["A", "B"]);

    for (name, content) in idx_files("emnist-digits-", "test", 8, [&stored, &stored[..6]], [&[0, 1], &[1]]) {
        write(&folder, name, &content);
    }
    let message = refusal(&folder, r#"{"source": {"emnist": "DIR"}}"#);
    let expected = "DIR: expected one set; several are chosen from by a path such as DIR/emnist-digits, found emnist-digits, \
                    emnist-letters";
    assert_eq!(message, expected);
    let digits = read(&folder, r#"{"source": {"emnist": "DIR/emnist-digits"}}"#);
    assert_eq!((digits.train.labels, digits.class_names), (vec![0, 1], None));
    assert_eq!(
        refusal(&made(&[]), r#"{"source": {"emnist": "DIR"}}"#),
        "DIR: expected a file emnist-SET-train-images-idx3-ubyte or the same with .gz"
    );
}

#[test]
fn cifar100_fine_and_coarse() {
    let names = |count: usize, word: &str| {
        (0..count).map(|class| format!("{word}{class}\n")).collect::<Vec<_>>().concat().into_bytes()
    };
    let folder = made(&[
        ("train.bin", [record(19, 99), record(3, 40)].concat()),
        ("test.bin", record(3, 40)),
        ("fine_label_names.txt", names(100, "fine")),
        ("coarse_label_names.txt", names(20, "coarse")),
    ]);
    let fine = read(&folder, r#"{"source": {"cifar100": "DIR"}}"#);
    assert_eq!(told(&fine), ([2, 3, 32, 32], &[99, 40][..], &[40][..], 100));
    assert_eq!((fine.train.image(1), &fine.class_names.unwrap()[99]), (&record(3, 40)[2..], &"fine99".to_owned()));
    let coarse = read(&folder, r#"{"source": {"cifar100_coarse": "DIR"}}"#);
    assert_eq!(told(&coarse), ([2, 3, 32, 32], &[19, 3][..], &[3][..], 20));
    assert_eq!(coarse.class_names.unwrap()[3], "coarse3");

    write(&folder, "test.bin", &record(20, 40));
    assert_eq!(
        refusal(&folder, r#"{"source": {"cifar100_coarse": "DIR"}}"#),
        "DIR/test.bin: expected labels below 20, found 20 in record 0"
    );
    write(&folder, "test.bin", &record(3, 40)[1..]);
    let expected = "DIR/test.bin: expected records of 3074 bytes, two labels and 3x32x32 pixels, found 3073 bytes";
    assert_eq!(refusal(&folder, r#"{"source": {"cifar100": "DIR"}}"#), expected);
}

#[test]
fn folders_with_and_without_test_images() {
    let split =
        made(&[("train/a/0.png", png(1)), ("train/b/0.png", png(2)), ("val/a/0.png", png(3)), ("val/b/0.png", png(4))]);
    let data = read(&split, r#"{"source": {"folder": "DIR"}}"#);
    assert_eq!(told(&data), ([2, 3, 2, 2], &[0, 1][..], &[0, 1][..], 2));

    let names: Vec<String> = (0..20).map(|index| format!("{}/{index}.png", ["a", "b"][index % 2])).collect();
    let whole = made(&names.iter().zip(0..).map(|(name, shade)| (name.as_str(), png(shade))).collect::<Vec<_>>());
    let data = read(&whole, r#"{"source": {"folder": "DIR"}, "test": 0.2}"#);
    assert_eq!((data.train.count, data.test.labels), (16, vec![0, 0, 1, 1]));

    let expected = "DIR: expected no `data.test` where the source has test images of its own, found data.test = 0.2";
    assert_eq!(refusal(&split, r#"{"source": {"folder": "DIR"}, "test": 0.2}"#), expected);
    let nested = made(&[("archive/train/a/0.png", png(1))]);
    let expected = "DIR: expected a folder `train`, found DIR/archive, which has one: perhaps it is meant";
    assert_eq!(refusal(&nested, r#"{"source": {"folder": "DIR"}}"#), expected);
}

#[test]
fn numpy_archives_of_keras_and_medmnist() {
    let bytes = |shape: &str, elements: &[u8]| npy("|u1", shape, elements);
    let pixels: Vec<u8> = (0..24).collect();
    for [images, labels, test_images, test_labels] in
        [["x_train", "y_train", "x_test", "y_test"], ["train_images", "train_labels", "test_images", "test_labels"]]
    {
        let arrays = [
            (images, bytes("(2, 2, 2, 3)", &pixels)),
            (labels, bytes("(2, 1)", &[1, 0])),
            (test_images, bytes("(1, 2, 2, 3)", &pixels[..12])),
            (test_labels, bytes("(1, 1)", &[1])),
            ("val_images", bytes("(1, 2, 2, 3)", &pixels[..12])),
        ];
        let data = read(&made(&[("set.npz", npz(&arrays))]), r#"{"source": {"npz": "DIR/set.npz"}}"#);
        assert_eq!(told(&data), ([2, 3, 2, 2], &[1, 0][..], &[1][..], 2));
        assert_eq!(data.train.image(0), [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11]);
    }
}

#[test]
fn numpy_arrays_in_files_of_their_own() {
    let shares: Vec<u8> = (0..24_u8).flat_map(|value| (f32::from(value) / 255.0).to_le_bytes()).collect();
    let folder = made(&[
        ("x_train.npy", npy("<f4", "(2, 3, 2, 2)", &shares)),
        ("y_train.npy", npy("<i8", "(2,)", &[[1_i64.to_le_bytes(), 0_i64.to_le_bytes()]].concat().concat())),
        ("x_test.npy", npy("<f4", "(1, 3, 2, 2)", &shares[..48])),
        ("y_test.npy", npy("|u1", "(1,)", &[0])),
    ]);
    let data = read(&folder, r#"{"source": {"npy": "DIR"}}"#);
    assert_eq!(told(&data), ([2, 3, 2, 2], &[1, 0][..], &[0][..], 2));
    assert_eq!(data.train.image(1), (12..24).collect::<Vec<u8>>(), "channels come first");
    std::fs::remove_file(folder.path().join("x_test.npy")).unwrap();
    let data = read(&folder, r#"{"source": {"npy": "DIR"}, "test": 0.5}"#);
    assert_eq!((data.train.count, data.test.count), (1, 1));
    let expected = "DIR: expected test images; set data.test = 0.2 to set a fifth of the training images aside for testing, \
                    found training images alone";
    assert_eq!(refusal(&folder, r#"{"source": {"npy": "DIR"}}"#), expected);
}

#[test]
fn tables_as_kaggle_has_digits_in() {
    let header = "label,pixel0,pixel1,pixel2,pixel3\n";
    let rows = "1,0,1,2,3\n0,4,5,6,255\n2,7,7,7,7\n0,1,1,1,1\n";
    let train = format!("{header}{rows}").into_bytes();
    // Kaggle's test images have no labels.
    let kaggle =
        made(&[("train.csv", train.clone()), ("test.csv", b"pixel0,pixel1,pixel2,pixel3\n1,2,3,4\n".to_vec())]);
    let data = read(&kaggle, r#"{"source": {"csv": "DIR"}, "test": 0.25}"#);
    assert_eq!((data.train.count, data.test.count, data.classes), (3, 1, 3));
    assert!(
        data.notes[0].ends_with("test.csv has no labels, as Kaggle's test images: it is left aside"),
        "{:?}",
        data.notes
    );
    let message = refusal(&kaggle, r#"{"source": {"csv": "DIR"}}"#);
    assert!(message.starts_with("DIR: expected test images; set data.test = 0.2"), "{message}");

    // Without names of columns, and with labels at the end.
    let plain = made(&[
        ("mnist_train.csv", rows.as_bytes().to_vec()),
        ("mnist_test.csv", b"\xef\xbb\xbfp,q,r,s,Class\n9,8,7,6,2\n".to_vec()),
    ]);
    let data = read(&plain, r#"{"source": {"csv": "DIR"}}"#);
    assert_eq!(told(&data), ([4, 1, 2, 2], &[1, 0, 2, 0][..], &[2][..], 3));
    assert_eq!((data.train.image(1), data.test.image(0)), (&[4, 5, 6, 255][..], &[9, 8, 7, 6][..]));

    let one = made(&[("train.csv", train)]);
    assert_eq!(read(&one, r#"{"source": {"csv": "DIR/train.csv"}, "test": 0.25}"#).train.count, 3);
}

#[test]
fn tables_that_are_no_images_are_refused() {
    for (content, expected) in [
        (
            &b"label,a,b\n1,2,3\n"[..],
            "expected a column of labels and a square number of columns of pixels, found 3 columns",
        ),
        (
            b"a,b,c,d\n1,2,3,4\n",
            "expected a column of labels, named label, labels, class, target, beside a square number of pixels, found columns of pixels alone",
        ),
        (b"label,a\n", "expected a table with a row for each image"),
        (b"", "expected a table of labels and pixels, found an empty file"),
        (b"label;a\n1;2\n", "expected columns between commas, found columns between semicolons: save it with commas"),
        (b"label\ta\n1\t2\n", "expected columns between commas, found columns between tabs: save it with commas"),
        (b"1 1:0.5 2:0.25\n", "expected columns between commas, found one column alone"),
        (
            b"\xff\xfel\0a\0",
            "expected a table of labels and pixels, found text in UTF-16, which is not read: save it in UTF-8",
        ),
        (
            b"<html>\n",
            "expected a table of labels and pixels, found an HTML page: perhaps what a server sent in place of the file",
        ),
    ] {
        assert_eq!(
            refusal(&made(&[("train.csv", content.to_vec())]), r#"{"source": {"csv": "DIR"}, "test": 0.5}"#),
            format!("DIR/train.csv: {expected}")
        );
    }
    let long = made(&[("train.csv", format!("label,pixel0\n1,2\n1,{}\n", "\u{1b}x".repeat(1 << 16)).into_bytes())]);
    let said = refusal(&long, r#"{"source": {"csv": "DIR"}, "test": 0.5}"#);
    assert!(said.ends_with("\u{fffd}x\u{fffd} …") && said.len() < 1500 && !said.contains('\u{1b}'), "{said}");
    for (row, expected) in [
        ("1,2,3\n", "expected 2 columns, found 3"),
        ("256,2\n", "expected a label from 0 to 255, found `256`"),
        (
            "1,-2\n",
            "expected pixels that are whole numbers from 0 to 255, or fractions from 0 to 1, found `-2` at element 1",
        ),
    ] {
        let folder = made(&[("train.csv", format!("label,pixel0\n1,2\n{row}").into_bytes())]);
        assert_eq!(
            refusal(&folder, r#"{"source": {"csv": "DIR"}, "test": 0.5}"#),
            format!("DIR/train.csv, row 3: {expected}")
        );
    }
}
