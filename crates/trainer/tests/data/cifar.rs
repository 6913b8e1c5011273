//! The binary batches of CIFAR-10: what is read, and what is refused.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use untied_study::DataSource;
use untied_trainer::data::{DataError, Dataset, load};

const PIXELS: usize = 3 * 32 * 32;
const NAMES: &str = "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n";

/// A record whose pixels count up from its label.
fn record(label: u8) -> Vec<u8> {
    std::iter::once(label).chain((0..PIXELS).map(|pixel| (pixel / 7) as u8 ^ label)).collect()
}

/// Five batches of two records and a test batch of one.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for batch in 1..=5_u8 {
        write(&folder, &format!("data_batch_{batch}.bin"), &[record(batch), record(batch - 1)].concat());
    }
    write(&folder, "test_batch.bin", &record(9));
    write(&folder, "batches.meta.txt", NAMES.as_bytes());
    folder
}

fn write(folder: &TempDir, name: &str, content: &[u8]) {
    fs::write(folder.path().join(name), content).expect("a temporary file");
}

fn load_from(folder: &Path) -> Result<Dataset, DataError> {
    load(&DataSource::Cifar10(folder.to_owned()))
}

#[test]
fn batches_are_read_in_order() {
    let data = load_from(folder().path()).expect("sound batches");
    let train = &data.train;
    assert_eq!([train.count, train.channels, train.height, train.width], [10, 3, 32, 32]);
    assert_eq!(train.labels, [1, 0, 2, 1, 3, 2, 4, 3, 5, 4]);
    assert_eq!(train.image(2), &record(2)[1..]);
    assert_eq!((data.test.count, data.test.labels[0], data.classes), (1, 9, 10));
    assert_eq!(data.class_names.unwrap()[9], "truck");
}

#[test]
fn names_may_be_missing() {
    let folder = folder();
    fs::remove_file(folder.path().join("batches.meta.txt")).expect("it is there");
    assert_eq!(load_from(folder.path()).expect("sound batches").class_names, None);
}

#[test]
fn what_is_no_batch_is_refused() {
    let cut = record(3)[..PIXELS].to_vec();
    let wrong_label = [record(1), record(10)].concat();
    let long = vec![b'a'; 70_000];
    let cases: [(&str, &[u8], &str); 5] = [
        ("data_batch_2.bin", &[], "expected records of 3073 bytes, a label and 3x32x32 pixels, found 0 bytes"),
        ("test_batch.bin", &cut, "expected records of 3073 bytes, a label and 3x32x32 pixels, found 3072 bytes"),
        ("data_batch_5.bin", &wrong_label, "expected labels below 10, found 10 in record 1"),
        ("batches.meta.txt", b"cat\ndog\n", "expected the names of 10 classes, one a line, found 2"),
        ("batches.meta.txt", &long, "expected at most 65536 bytes, found more"),
    ];
    for (name, content, message) in cases {
        let folder = folder();
        write(&folder, name, content);
        let path = folder.path().join(name).display().to_string();
        assert_eq!(load_from(folder.path()).expect_err(message).to_string(), format!("{path}: {message}"));
    }
}

#[test]
fn missing_folders_and_files_are_named() {
    let error = load_from("no/such/folder".as_ref()).expect_err("no folder");
    assert_eq!(error.to_string(), "no data folder no/such/folder");
    let folder = folder();
    fs::remove_file(folder.path().join("data_batch_4.bin")).expect("it is there");
    let message = load_from(folder.path()).expect_err("a missing batch").to_string();
    assert!(message.ends_with("expected one of data_batch_4.bin"), "{message}");
    fs::create_dir(folder.path().join("data_batch_4.bin")).expect("a temporary folder");
    let message = load_from(folder.path()).expect_err("a folder in place of a file").to_string();
    assert!(message.ends_with("data_batch_4.bin: expected a regular file"), "{message}");
}
