//! Trained models, tested and at work on new images.

use std::fs;

use serde_json::Value;

use crate::program::{Bench, Ended};

/// A photograph of a class: bright on its left, on its right, or in its middle; sizes differ.
fn photograph(class: usize, index: usize) -> Vec<u8> {
    let (width, height) = (9 + index % 4, 8 + index % 3);
    let mut pgm = format!("P5\n{width} {height}\n255\n").into_bytes();
    let bright = |x: usize| [3 * x < width, 3 * x >= 2 * width, (width..2 * width).contains(&(3 * x))][class];
    let pixel = |at: usize| (if bright(at % width) { 180 } else { 20 }) + ((7 * at + 31 * index) % 40) as u8;
    pgm.extend((0..width * height).map(pixel));
    pgm
}

const CLASSES: [&str; 3] = ["left", "right side", "mid,dle"];

/// A folder of photographs, a model that was trained on them, `model.safetensors`, and new photographs.
fn bench() -> Bench {
    let bench = Bench::empty();
    for (class, name) in CLASSES.into_iter().enumerate() {
        for index in 0..30 {
            bench.write(&format!("photographs/{name}/{index:02}.pgm"), photograph(class, index));
        }
        bench.write(&format!("new/below/{name}.pgm"), photograph(class, 77));
    }
    bench.expect(0, "init study.toml --from photographs");
    let set = "--set data.size=[12,12] --set model.channels=[4] --set train.batch_size=8 --set train.save_model=true";
    bench.expect(0, &format!("cell study.toml --index 10 --out out {set}"));
    fs::copy(bench.cells("out")[0].join("model.safetensors"), bench.path("model.safetensors")).unwrap();
    bench
}

fn json(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap()
}

#[test]
fn a_model_is_tested_class_by_class_and_shown_on_a_page() {
    let bench = bench();
    let (text, found) =
        (bench.expect(0, "evaluate model.safetensors --html page.html"), "evaluate model.safetensors --json");
    let found = json(&bench.expect(0, found));
    let result = bench.cells("out")[0].join("result.json");
    let result: Value = serde_json::from_str(&fs::read_to_string(result).unwrap()).unwrap();
    assert_eq!(found["accuracy"], result["metrics"]["test_accuracy"]);
    assert_eq!(found["loss"], result["metrics"]["test_loss"]);
    assert_eq!(found["confusion"], result["confusion"]);
    assert_eq!(found["images"], 18);
    for class in CLASSES {
        assert!(text.stdout.contains(class), "{}", text.stdout);
    }
    assert!(text.stdout.starts_with("model.safetensors: 18 images of "), "{}", text.stdout);
    assert!(text.stdout.ends_with("page.html\n"), "{}", text.stdout);
    let page = fs::read_to_string(bench.path("page.html")).unwrap();
    // By their files.
    let worst = found["worst"][0]["image"].as_str().unwrap();
    assert!(fs::metadata(worst).is_ok(), "{worst}");
    let name = worst.rsplit('/').next().unwrap();
    assert!(text.stdout.contains(name) && page.contains(name), "{worst}");
    assert!(page.contains("mid,dle") && page.matches("data:image/webp;base64,").count() == 18, "{page}");
}

/// All images of another folder: its classes are told by their names, and one may be missing.
#[test]
fn a_model_is_tested_on_other_images() {
    let bench = bench();
    for index in 0..5 {
        bench.write(&format!("other/right side/{index}.pgm"), photograph(1, 50 + index));
        bench.write(&format!("other/left/{index}.pgm"), photograph(1, 60 + index));
    }
    let found = json(&bench.expect(0, "evaluate model.safetensors --data other --json --top 1 --worst 5"));
    assert_eq!((&found["images"], &found["accuracy"]), (&10.into(), &0.5.into()), "{found}");
    // Classes by name: left, mid,dle, right side.
    assert_eq!(found["confusion"], "0 0 5;0 0 0;0 0 5");
    let [left, middle, right] = [0, 1, 2].map(|class| &found["classes"][class]);
    assert_eq!((&left["recall"], &middle["recall"], &right["precision"]), (&0.0.into(), &Value::Null, &0.5.into()));
    let worst = found["worst"].as_array().unwrap();
    assert!(worst.len() == 5 && worst.iter().all(|one| one["class"] == "left" && one["answer"] == "right side"));
    bench.write("unknown/fish/1.pgm", photograph(0, 0));
    for (data, named) in [
        ("unknown", "folders named after the model's classes, left, mid,dle, right side"),
        ("digits", "expected the model's classes, left, mid,dle, right side; found"),
        ("nowhere", "nowhere"),
        ("{idy='x'}", "idy"),
    ] {
        let ended = bench.expect(2, &format!("evaluate model.safetensors --data {data}"));
        assert!(ended.stderr.contains(named), "{data}: {}", ended.stderr);
    }
}

#[test]
fn new_images_get_a_class_and_its_probability() {
    let bench = bench();
    let ended = bench.expect(0, "predict model.safetensors new");
    assert_eq!(ended.stderr, "");
    let mut reader = ended.stdout.lines();
    assert_eq!(reader.next(), Some("file,class,probability"));
    let expected =
        ["new/below/left.pgm,left,", "\"new/below/mid,dle.pgm\",\"mid,dle\",", "new/below/right side.pgm,right side,"];
    let rows: Vec<&str> = reader.collect();
    assert!(rows.len() == 3, "{rows:?}");
    for (row, start) in rows.iter().zip(expected) {
        let probability: f64 = row.strip_prefix(start).expect(start).parse().unwrap();
        assert!((1.0 / 3.0..=1.0).contains(&probability), "{row}");
    }

    let found = json(&bench.expect(0, "predict model.safetensors new/below/left.pgm --json --top 3"));
    let classes = found[0]["classes"].as_array().unwrap();
    let sum: f64 = classes.iter().map(|class| class["probability"].as_f64().unwrap()).sum();
    assert!(classes.len() == 3 && classes[0]["class"] == "left" && (sum - 1.0).abs() < 1e-9, "{found}");
}

#[test]
fn one_image_that_cannot_be_read_does_not_end_it() {
    let bench = bench();
    bench.write("new/damaged.pgm", "P5\n4 4\n255\nx");
    bench.write("new/notes.txt", "");
    let ended = bench.expect(1, "predict model.safetensors new absent.png");
    assert_eq!(ended.stdout.lines().count(), 4, "{}", ended.stdout);
    let said: Vec<&str> = ended.stderr.lines().collect();
    assert_eq!(said.len(), 3, "{}", ended.stderr);
    assert!(said[0].contains("absent.png") || said[1].contains("absent.png"), "{}", ended.stderr);
    assert!(ended.stderr.contains("new/damaged.pgm") && said[2] == "2 images could not be read", "{}", ended.stderr);
    bench.write("empty/below/notes.txt", "");
    let ended = bench.expect(1, "predict model.safetensors empty");
    assert!(ended.stdout.is_empty() && ended.stderr.lines().count() == 1, "{}", ended.stderr);
    let said = "error: empty: expected one image or more, with a name that ends in .png, ";
    assert!(ended.stderr.starts_with(said) && ended.stderr.contains("found none in it"), "{}", ended.stderr);
    bench.expect(2, "predict study.toml new");
    bench.expect(2, "predict model.safetensors");
}
