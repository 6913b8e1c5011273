//! NumPy archives: what is read, and what is refused.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use proptest::prelude::*;
use rawzip::{CompressionMethod, ZipArchiveWriter};
use tempfile::TempDir;
use untied_study::DataSource;
use untied_trainer::data::{DataError, Dataset, load};

/// The content of an `.npy` file, as NumPy writes it.
fn npy(dtype: &str, shape: &str, elements: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}");
    let padded = format!("{header:<117}\n");
    [b"\x93NUMPY\x01\x00", &(padded.len() as u16).to_le_bytes()[..], padded.as_bytes(), elements].concat()
}

/// Three grey training images of 2x3 and two test images; labels as 64-bit integers, as NumPy makes them.
fn arrays() -> Vec<(&'static str, Vec<u8>)> {
    let pixels: Vec<u8> = (0..18).collect();
    let labels = |labels: &[i64]| labels.iter().flat_map(|label| label.to_le_bytes()).collect::<Vec<u8>>();
    vec![
        ("x_train.npy", npy("|u1", "(3, 2, 3)", &pixels)),
        ("y_train.npy", npy("<i8", "(3,)", &labels(&[2, 0, 1]))),
        ("x_test.npy", npy("|u1", "(2, 2, 3)", &pixels[..12])),
        ("y_test.npy", npy("<i8", "(2,)", &labels(&[1, 2]))),
    ]
}

fn zip(arrays: &[(&str, Vec<u8>)], method: CompressionMethod) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut archive = ZipArchiveWriter::new(&mut bytes);
    for (name, content) in arrays {
        let (mut entry, config) = archive.new_file(name).compression_method(method).start().unwrap();
        let descriptor = if method == CompressionMethod::DEFLATE {
            let mut writer = config.wrap(DeflateEncoder::new(&mut entry, Compression::default()));
            writer.write_all(content).unwrap();
            let (encoder, descriptor) = writer.finish().unwrap();
            encoder.finish().unwrap();
            descriptor
        } else {
            let mut writer = config.wrap(&mut entry);
            writer.write_all(content).unwrap();
            writer.finish().unwrap().1
        };
        entry.finish(descriptor).unwrap();
    }
    archive.finish().unwrap();
    bytes
}

fn with(name: &'static str, content: &[u8]) -> Vec<u8> {
    let arrays =
        arrays().into_iter().map(|(other, old)| if other == name { (name, content.to_vec()) } else { (other, old) });
    zip(&arrays.collect::<Vec<_>>(), CompressionMethod::STORE)
}

fn load_from(archive: &Path) -> Result<Dataset, DataError> {
    load(&DataSource::Npz(archive.to_owned()))
}

fn load_bytes(bytes: &[u8]) -> (TempDir, Result<Dataset, DataError>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("set.npz");
    fs::write(&path, bytes).expect("a temporary file");
    let loaded = load_from(&path);
    (folder, loaded)
}

/// The message with its cause.
fn message(bytes: &[u8]) -> String {
    let (folder, loaded) = load_bytes(bytes);
    let error = loaded.expect_err("a fault");
    let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
    format!("{error}{cause}").replace(&folder.path().display().to_string(), "DIR")
}

#[test]
fn stored_and_deflated_arrays_are_read() {
    for method in [CompressionMethod::STORE, CompressionMethod::DEFLATE] {
        let data = load_bytes(&zip(&arrays(), method)).1.expect("a sound archive");
        let train = &data.train;
        assert_eq!([train.count, train.channels, train.height, train.width], [3, 1, 2, 3]);
        assert_eq!((&train.labels[..], &data.test.labels[..]), (&[2, 0, 1][..], &[1, 2][..]));
        assert_eq!((train.image(1), data.test.image(0)), (&[6, 7, 8, 9, 10, 11][..], &[0, 1, 2, 3, 4, 5][..]));
        assert_eq!((data.classes, data.class_names), (3, None));
        // printf '\2\0\1' | sha256sum
        assert_eq!(data.checksums.train_labels, "9463926d4640a53a0cf1ac00657361f5a6d64fbc554df30721cdacf503aebc2b");
    }
}

/// Made by NumPy 2.4.6:
/// `x = numpy.arange(36, dtype='u1').reshape(2, 2, 3, 3); numpy.savez_compressed('numpy.npz', x_train=x,
/// y_train=numpy.array([[1], [0]], '>i4'), x_test=x[:1], y_test=numpy.array([1], '?').view('u1'))`
#[test]
fn what_numpy_writes_is_read() {
    let data = load_bytes(include_bytes!("numpy.npz")).1.expect("a sound archive");
    assert_eq!([data.train.channels, data.train.height, data.train.width], [3, 2, 3]);
    assert_eq!(data.train.image(0)[..6], [0, 3, 6, 9, 12, 15], "the red plane");
    assert_eq!(data.train.image(1)[6..12], [19, 22, 25, 28, 31, 34], "the green plane");
    assert_eq!((data.train.labels, data.test.labels), (vec![1, 0], vec![1]));
}

#[test]
fn every_integer_type_of_labels_is_read() {
    for (dtype, elements) in [
        ("|u1", vec![2, 0, 1]),
        ("|i1", vec![2, 0, 1]),
        ("<u2", vec![2, 0, 0, 0, 1, 0]),
        (">i4", [[0, 0, 0, 2], [0, 0, 0, 0], [0, 0, 0, 1]].concat()),
        (">u8", [2_u64, 0, 1].iter().flat_map(|label| label.to_be_bytes()).collect()),
    ] {
        let data = load_bytes(&with("y_train.npy", &npy(dtype, "(3, 1)", &elements))).1.expect(dtype);
        assert_eq!(data.train.labels, [2, 0, 1], "{dtype}");
    }
}

#[test]
fn sizes_of_python_2_and_other_versions_of_the_format_are_read() {
    let long = npy("|u1", "(3L, 2L, 3L)", &[7; 18]);
    let mut newer = npy("|u1", "(3, 2, 3)", &[7; 18]);
    newer[6] = 2;
    newer.splice(10..10, [0, 0]);
    for content in [long, newer] {
        assert_eq!(load_bytes(&with("x_train.npy", &content)).1.expect("a sound array").train.images, [7; 18]);
    }
}

#[test]
fn arrays_that_do_not_fit_are_refused() {
    let labels = |labels: [i64; 3]| labels.iter().flat_map(|label| label.to_le_bytes()).collect::<Vec<u8>>();
    let shapes = "expected images [n, h, w], [n, h, w, 1] or [n, 1, h, w] (grey), [n, h, w, 3] or [n, 3, h, w] (RGB), found shape";
    let one_each = "expected shape [3] or [3, 1], a label for each image, found shape";
    for (array, content, expected) in [
        (
            "x_train",
            npy("<c8", "(3, 2, 3)", &[0; 72]),
            "expected integers or floats, such as |u1 or <f4, found <c8".to_owned(),
        ),
        ("x_train", npy("|u1", "(3, 6)", &[0; 18]), format!("{shapes} [3, 6]")),
        ("x_train", npy("|u1", "(3, 2, 3, 2)", &[0; 36]), format!("{shapes} [3, 2, 3, 2]")),
        ("x_train", npy("|u1", "(0, 2, 3)", &[]), format!("{shapes} [0, 2, 3]")),
        ("x_train", npy("|u1", "(3, 2, 3)", &[0; 17]), "expected 18 bytes of elements, found 17".into()),
        ("x_train", npy("|u1", "(3, 2, 3)", &[0; 19]), "expected 18 bytes of elements, found more".into()),
        (
            "x_test",
            npy("|u1", "(2, 3, 2)", &[0; 12]),
            "expected images of 2x3 as in the training set, found 3x2".into(),
        ),
        (
            "x_test",
            npy("|u1", "(2, 2, 3, 3)", &[0; 36]),
            "expected images of 2x3 as in the training set, found 2x3x3".into(),
        ),
        ("y_train", npy("<f8", "(3,)", &[0; 24]), "expected integers of 1, 2, 4 or 8 bytes, found <f8".into()),
        ("y_train", npy("<i8", "(2,)", &[0; 16]), format!("{one_each} [2]")),
        ("y_train", npy("<i8", "(3, 10)", &[0; 240]), format!("{one_each} [3, 10]")),
        (
            "y_train",
            npy("<i8", "(3,)", &labels([0, -1, 1])),
            "expected labels from 0 to 255, found -1 at image 1".into(),
        ),
        (
            "y_train",
            npy("<i8", "(3,)", &labels([0, 1, 256])),
            "expected labels from 0 to 255, found 256 at image 2".into(),
        ),
        (
            "y_test",
            npy("|u1", "(2,)", &[0, 3]),
            "expected labels below 3, as in the training set, found 3 at image 1".into(),
        ),
    ] {
        let name = arrays().into_iter().map(|(name, _)| name).find(|name| name.starts_with(array)).unwrap();
        assert_eq!(message(&with(name, &content)), format!("DIR/set.npz, {array}: {expected}"));
    }
}

#[test]
fn what_is_no_array_is_refused() {
    let fortran = String::from_utf8_lossy(&npy("|u1", "(3, 2, 3)", &[])[10..]).replace("False,", "True, ");
    let fortran = [&npy("|u1", "(3, 2, 3)", &[])[..10], fortran.as_bytes(), &[0; 18]].concat();
    let structured = npy("|u1", "(3, 2, 3)", &[0; 18]);
    let structured = String::from_utf8(structured[10..].to_vec()).unwrap().replace("'|u1'", "[('a', '|u1')]");
    let structured = [&npy("", "", &[])[..10], structured.as_bytes()].concat();
    for (content, expected) in [
        (b"PK".to_vec(), ", x_train: expected an .npy file, which starts with \\x93NUMPY, found [50, 4b]"),
        (b"\x93NUMPY\x01\x00\xff\xff".to_vec(), ", x_train: expected a header of at most 4096 bytes, found 65535"),
        (
            b"\x93NUMPY\x01\x00\x02\x00{}".to_vec(),
            ", x_train: expected the header of an array of one element type, found {}",
        ),
        (structured, ", x_train: expected the header of an array of one element type, found {'descr': [('a', '|u1')]"),
        (fortran, ", x_train: expected elements in C order, found Fortran order"),
    ] {
        let message = message(&with("x_train.npy", &content));
        assert!(message.starts_with(&format!("DIR/set.npz{expected}")), "{message}");
    }
}

#[test]
fn missing_and_repeated_arrays_are_named() {
    let without: Vec<_> = arrays().into_iter().filter(|(name, _)| *name != "x_test.npy").collect();
    let expected = "DIR/set.npz: expected one array x_test.npy, found [x_train.npy, y_train.npy, y_test.npy]";
    assert_eq!(message(&zip(&without, CompressionMethod::STORE)), expected);
    let twice = [arrays(), arrays()].concat();
    let expected = "DIR/set.npz: expected one array x_train.npy, found [2 of this name]";
    assert_eq!(message(&zip(&twice, CompressionMethod::STORE)), expected);
    let none = message(&zip(&[], CompressionMethod::STORE));
    assert_eq!(none, "DIR/set.npz: expected one array x_train.npy, found []");
    assert_eq!(load_from("no/such.npz".as_ref()).expect_err("no file").to_string(), "failed to read no/such.npz");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let message = load_from(folder.path()).expect_err("a folder").to_string();
    assert!(message.ends_with(": expected a regular file"), "{message}");
}

#[test]
fn damaged_archives_are_refused() {
    for method in [CompressionMethod::STORE, CompressionMethod::DEFLATE] {
        let sound = zip(&arrays(), method);
        assert!(message(&sound[..sound.len() - 30]).starts_with("failed to decode DIR/set.npz: "));
        // A byte of the last elements, or of what they are packed in, before the data descriptor of the first array.
        let mut flipped = sound.clone();
        let end = sound.windows(4).position(|bytes| bytes == b"PK\x07\x08").expect("a data descriptor");
        flipped[end - 5] ^= 0xff;
        let message = message(&flipped);
        assert!(message.starts_with("failed to read DIR/set.npz, x_train: "), "{message}");
    }
    let expected = "DIR/set.npz: expected an archive of NumPy, which is a zip file, found ";
    for (content, found) in [
        (&b"no archive"[..], "[6e, 6f, 20, 61]"),
        (b"", "an empty file"),
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file, which is not read"),
        (b"MATLAB 5.0 MAT-file", "a MATLAB file, which is not read"),
        (
            b"version https://git-lfs.github.com/spec/v1",
            "a pointer to a file that Git LFS has not fetched: `git lfs pull`",
        ),
    ] {
        assert_eq!(message(content), format!("{expected}{found}"));
    }
    let stored = zip(&arrays(), CompressionMethod::from(12));
    let expected = "DIR/set.npz, x_train: expected stored or deflated elements, found compression";
    assert!(message(&stored).starts_with(expected), "{}", message(&stored));
}

/// A few kilobytes that unpack to gigabytes are refused by their header, or where they go on behind it.
#[test]
fn small_archives_of_huge_arrays_are_refused() {
    let claims = npy("|u1", "(60000, 1000, 1000)", &[0; 100]);
    let expected = "DIR/set.npz, x_train: expected at most 2147483648 bytes of data, found a header that claims \
                    dimensions [60000, 1000, 1000, 1]";
    assert_eq!(message(&with("x_train.npy", &claims)), expected);
    let mut arrays = arrays();
    arrays[0].1 = npy("|u1", "(3, 2, 3)", &vec![0; 1 << 26]);
    let archive = zip(&arrays, CompressionMethod::DEFLATE);
    assert!(archive.len() < 1 << 17, "{}", archive.len());
    let expected = "DIR/set.npz, x_train: expected 18 bytes of elements, found more";
    assert_eq!(message(&archive), expected);
}

proptest! {
    #[test]
    fn byte_soup_never_panics(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        for method in [CompressionMethod::STORE, CompressionMethod::DEFLATE] {
            let sound = zip(&arrays(), method);
            let at = at.index(sound.len());
            let mut spoilt = sound.clone();
            spoilt[at] = byte;
            for bytes in [&spoilt[..], &spoilt[..cut.index(sound.len())], &spoilt[cut.index(sound.len())..]] {
                if let Ok(data) = load_bytes(bytes).1 {
                    prop_assert_eq!(data.train.images.len(), data.train.count * data.train.image_length());
                }
            }
        }
    }
}
