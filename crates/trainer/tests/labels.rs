//! Labels that nothing can be learnt from, and those that do not count from 0.

use std::fs;
use std::path::Path;

use tempfile::TempDir;
use untied_study::{CellConfig, CellResult, Event, Study};
use untied_trainer::{check, explain, train};

const BASE: &str = r#"
name = "labels"
question = "?"
data = { source = { idx = "data" } }
model = { channels = [2] }
train = { epochs = 2, batch_size = 4, optimizer = { sgd = { learning_rate = 0.1 } } }
vary = { seeds = 1 }
"#;

fn config(folder: &TempDir, overrides: &[&str]) -> CellConfig {
    let overrides: Vec<String> = overrides.iter().map(ToString::to_string).collect();
    let study = Study::parse(BASE, &folder.path().join("study.toml"), &overrides);
    study.expect("a config of the schema").cells[0].config.clone()
}

/// An IDX file of bytes.
fn idx(dimensions: &[u32], values: &[u8]) -> Vec<u8> {
    let header = [0, 0, 8, dimensions.len() as u8];
    header
        .into_iter()
        .chain(dimensions.iter().flat_map(|size| size.to_be_bytes()))
        .chain(values.iter().copied())
        .collect()
}

/// Images of 4×4 whose brightness tells their label, in `data/`.
fn data(train: &[u8], test: &[u8]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let data = folder.path().join("data");
    fs::create_dir(&data).expect("a temporary folder");
    for (part, labels) in [("train", train), ("t10k", test)] {
        let count = labels.len() as u32;
        let pixels: Vec<u8> = labels.iter().flat_map(|&label| (0..16).map(move |place| label * 20 + place)).collect();
        write(&data.join(format!("{part}-images-idx3-ubyte")), &idx(&[count, 4, 4], &pixels));
        write(&data.join(format!("{part}-labels-idx1-ubyte")), &idx(&[count], labels));
    }
    folder
}

fn write(path: &Path, content: &[u8]) {
    fs::write(path, content).expect("a temporary file");
}

/// What a config is refused with, before and at training, without the temporary folder.
fn refusal(folder: &TempDir, overrides: &[&str]) -> String {
    let config = config(folder, overrides);
    let message = check(&config).expect_err("refused").to_string();
    assert_eq!(message, train(&config, &mut |_| {}).expect_err("refused").to_string());
    message.replace(&folder.path().display().to_string(), "DIR")
}

fn trained(folder: &TempDir, overrides: &[&str]) -> (CellResult, Vec<String>) {
    let mut warnings = Vec::new();
    let result = train(&config(folder, overrides), &mut |event| {
        if let Event::Warning { message, of_data: true } = event {
            warnings.push(message.clone());
        }
    });
    (result.expect("data that can be trained on"), warnings)
}

#[test]
fn images_of_one_class_are_refused_and_their_file_named() {
    let one_class = "expected labels of two classes or more, found";
    let message = refusal(&data(&[3, 3, 3, 3], &[3, 3]), &[]);
    assert_eq!(message, format!("data.source: DIR/data/train-labels-idx1-ubyte: {one_class} 3 alone"));
    let message = refusal(&data(&[1, 2, 1, 2], &[2, 2]), &["data.labels_from=1"]);
    assert_eq!(message, format!("data.source: DIR/data/t10k-labels-idx1-ubyte: {one_class} 2 alone"));
    // Each image alone in its canvas: there is one place, and so one quadrant.
    let quadrants = "data.canvas={size=4,label=\"quadrant\"}";
    let expected = "data.canvas: expected training images in two quadrants or more, found them all in one; use a larger \
                    `size` or `jitter`";
    assert_eq!(refusal(&data(&[0, 1, 0, 1], &[0, 1]), &[quadrants]), expected);
}

/// A folder of large images would take minutes to decode, where only their places on the canvas are asked for.
#[test]
fn quadrants_are_explained_without_a_pixel() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for name in ["train/a", "train/b", "test/a", "test/b"] {
        let class = folder.path().join("data").join(name);
        fs::create_dir_all(&class).expect("a temporary folder");
        for image in 0..8 {
            // Whole images of 4×4, and those whose pixels are cut off.
            let pixels = &[90 * (image % 2) + 5; 16][..if image < 6 { 16 } else { 0 }];
            write(&class.join(format!("{image}.pgm")), &[b"P5 4 4 255\n", pixels].concat());
        }
    }
    let quadrants = "data.canvas={size=12,label=\"quadrant\"}";
    let config = config(&folder, &["data.source={folder=\"data\"}", quadrants]);
    let model = explain(&config).expect("headers are enough");
    assert_eq!((model.input, model.classes), ([1, 12, 12], 4));
    assert_eq!(model.class_names.expect("names")[3], "bottom right");
    let message = check(&config).expect_err("damaged").to_string();
    assert!(message.contains("train/a/6.pgm"), "{message}");
}

/// Of images that all show one thing, the place can be told.
#[test]
fn what_the_quadrant_replaces_may_be_one_class() {
    let folder = data(&[3; 12], &[3; 12]);
    let (result, warnings) = trained(&folder, &["data.canvas={size=12,label=\"quadrant\"}"]);
    assert!(warnings.is_empty() && result.warnings.is_empty(), "{warnings:?}");
}

#[test]
fn labels_with_gaps_are_warned_of_in_events_and_results() {
    let expected = "data: no training image has the label 0, of 0 to 2; the model has an output for it all the same; where \
                    labels count from 1, set data.labels_from = 1";
    let (result, warnings) = trained(&data(&[1, 2, 1, 2], &[1, 2]), &[]);
    assert_eq!((&result.warnings, &warnings), (&vec![expected.to_owned()], &vec![expected.to_owned()]));

    let expected = "data: no training image has the labels 3, 5, of 1 to 6; the model has an output for each of them all the \
                    same";
    let (result, _) = trained(&data(&[1, 2, 4, 6], &[1, 2]), &["data.labels_from=1"]);
    assert_eq!(result.warnings, [expected]);

    let (result, _) = trained(&data(&[0, 200, 0, 200].map(|label| label / 16), &[0, 1]), &[]);
    assert!(result.warnings[0].contains("1, 2, 3, 4, 5, 6, 7, 8 and 3 more, of 0 to 12"), "{:?}", result.warnings);
}

#[test]
fn labels_from_one_train_as_those_from_zero() {
    let (from_one, warnings) = trained(&data(&[1, 2, 1, 2], &[1, 2]), &["data.labels_from=1"]);
    assert!(warnings.is_empty(), "{warnings:?}");
    assert_eq!(from_one.parameters.total, trained(&data(&[0, 1, 0, 1], &[0, 1]), &[]).0.parameters.total);

    let zero = data(&[1, 2, 1, 2], &[1, 0]);
    let message = refusal(&zero, &["data.labels_from=1"]);
    let expected = "data.source: DIR/data/t10k-labels-idx1-ubyte: expected labels from 1 on, as data.labels_from says, found 0 \
                    at image 1";
    assert_eq!(message, expected);
}

/// One bit an image, in the order of the test set: dark images are told from bright ones, wrong labels are not.
#[test]
fn answers_are_those_of_the_test_images_in_order() {
    let folder = data(&[0, 9, 0, 9, 0, 9, 0, 9], &[0, 9, 9, 0, 9, 0, 0, 9, 9, 0]);
    let easy = ["train.epochs=20", "model.norm=none"];
    let (result, _) = trained(&folder, &easy);
    assert_eq!(result.metrics.test_accuracy, Some(1.0));
    assert_eq!(serde_json::to_string(&result.answers).unwrap(), "\"ffc0\"");

    // The third and the last image show what their labels do not say.
    write(&folder.path().join("data/t10k-labels-idx1-ubyte"), &idx(&[10], &[0, 9, 0, 0, 9, 0, 0, 9, 9, 9]));
    let (result, _) = trained(&folder, &easy);
    let answers: Vec<bool> = result.answers.of(result.test_images).expect("one an image").collect();
    assert_eq!(answers, [true, true, false, true, true, true, true, true, true, false]);
    assert_eq!(result.metrics.test_accuracy, Some(0.8));
}
