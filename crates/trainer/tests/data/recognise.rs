//! `recognise`: the `[data]` that fits what lies at a path.

use std::path::Path;

use image::{Rgb, RgbImage};
use tempfile::TempDir;
use untied_study::DataSource;
use untied_trainer::data::{load_config, recognise};

use crate::files::{png_of, write};

fn png(side: u32) -> Vec<u8> {
    png_of(RgbImage::from_fn(side, side, |x, y| Rgb([x as u8, y as u8, side as u8])))
}

/// Ten images a class, of this side or, every second one, twice as large.
fn photographs(folder: &TempDir, split: &str, differ: bool) {
    for class in ["cats", "dogs"] {
        for index in 0..10 {
            let side = if differ && index % 2 == 1 { 12 } else { 6 };
            write(folder, format!("{split}{class}/{index}.png"), &png(side));
        }
    }
}

#[test]
fn folders_of_images_are_read_however_they_lie() {
    for (splits, differ, test, size, counts) in [
        (&["train/", "test/"][..], false, None, None, [20, 20]),
        (&["train/", "val/"], true, None, Some([32, 32]), [20, 20]),
        (&["train/"], false, Some(0.2), None, [16, 4]),
        (&[""], false, Some(0.2), None, [16, 4]),
        (&[""], true, Some(0.2), Some([32, 32]), [16, 4]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        for split in splits {
            photographs(&folder, split, differ);
        }
        let found = recognise(folder.path()).unwrap_or_else(|error| panic!("{splits:?}: {error}"));
        assert_eq!(found.data.source, DataSource::Folder(folder.path().to_owned()));
        assert_eq!((found.data.test, found.data.size), (test, size), "{splits:?}");
        let shape = if differ { [3, 32, 32] } else { [3, 6, 6] };
        assert_eq!(([found.train, found.test], found.classes, found.shape), (counts, 2, shape));
        let data = load_config(&found.data).unwrap();
        assert_eq!([data.train.count, data.test.count], counts);
    }
}

#[test]
fn sets_show_by_the_names_of_their_files() {
    let bundled = concat!(env!("CARGO_MANIFEST_DIR"), "/data/digits");
    let folder = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(bundled).unwrap() {
        let path = entry.unwrap().path();
        write(&folder, path.file_name().unwrap(), &std::fs::read(&path).unwrap());
    }
    let found = recognise(folder.path()).unwrap();
    assert_eq!(found.data.source, DataSource::Idx(folder.path().to_owned()));
    assert_eq!(([found.train, found.test], found.classes, found.shape), ([1437, 360], 10, [1, 8, 8]));

    let folder = tempfile::tempdir().unwrap();
    write(&folder, "train.csv", b"label,pixel0,pixel1,pixel2,pixel3\n0,1,2,3,4\n1,5,6,7,8\n0,1,2,3,5\n1,5,6,7,9\n0,1,2,3,6\n1,5,6,7,10\n0,1,2,3,7\n1,5,6,7,11\n0,1,2,3,9\n1,5,6,7,3\n");
    let found = recognise(folder.path()).unwrap();
    assert_eq!((found.data.source, found.data.test), (DataSource::Csv(folder.path().to_owned()), Some(0.2)));

    // What is wrong with it is said as of that kind.
    for (name, said) in [
        ("emnist-letters-train-images-idx3-ubyte", "emnist-letters-train-labels"),
        (
            "t10k-labels-idx1-ubyte.gz",
            "missing: train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, found",
        ),
        ("data_batch_1.bin", "data_batch_1.bin"),
        ("train.bin", "train.bin"),
        ("x_train.npy", "npy"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        write(&folder, name, b"");
        let error = recognise(folder.path()).unwrap_err().to_string();
        assert!(error.contains(said) && !error.contains("one folder a class"), "{name}: {error}");
    }
}

#[test]
fn what_is_no_set_of_images_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder, "notes.txt", b"none");
    let refused = |path: &Path| recognise(path).unwrap_err().to_string();
    let error = refused(folder.path());
    assert!(error.contains("one folder a class"), "{error}");
    for name in ["notes.txt", "missing"] {
        let error = refused(&folder.path().join(name));
        assert!(
            error.contains(name) && error.contains("expected a folder, or a file that ends in .npz or .csv"),
            "{error}"
        );
    }
    photographs(&folder, "", false);
    write(&folder, "cats/3.png", b"no image");
    let error = refused(folder.path());
    assert!(error.contains("cats/3.png"), "{error}");
}
