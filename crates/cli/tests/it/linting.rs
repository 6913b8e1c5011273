//! `untied lint`: its three formats, what it writes, and what it refuses.

use std::path::{Path, PathBuf};

use crate::program::Bench;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("lint/tests/fixtures").join(format!("{name}.onnx"))
}

#[test]
fn findings_are_printed_as_text_json_and_sarif() {
    let bench = Bench::empty();
    let model = fixture("untied").display().to_string();
    let text = bench.expect(0, &format!("lint {model}"));
    assert_eq!(text.stderr, "");
    let said = ["body.bias1", "untied bias, Add", "7 biases of 232 parameters: 9 redundant in training", "removed by"];
    assert!(said.iter().all(|said| text.stdout.contains(said)), "{}", text.stdout);

    let json = bench.expect(0, &format!("lint {model} --format json")).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["parameters"], &json["redundant_in_training"]), (&232.into(), &9.into()));
    let sarif = bench.expect(0, &format!("lint {model} --format sarif")).stdout;
    let sarif: serde_json::Value = serde_json::from_str(&sarif).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert!(results.len() == 3 && results.iter().all(|result| result["ruleId"] == "redundant-bias"), "{results:?}");
}

#[test]
fn stripped_and_folded_models_are_written_and_can_be_linted() {
    let bench = Bench::empty();
    let model = fixture("untied").display().to_string();
    let ended = bench.expect(0, &format!("lint {model} --strip stripped.onnx --fold folded.onnx"));
    assert!(ended.stdout.contains("keeps the rest") && ended.stdout.contains("across"), "{}", ended.stdout);
    let again = bench.expect(0, "lint stripped.onnx");
    assert!(again.stdout.contains("redundant in training"), "{}", again.stdout);
    assert!(!bench.expect(0, "lint folded.onnx").stdout.contains("BatchNormalization"));
}

/// A fixture, a shape that it cannot have, and what is said.
const MISFITS: [(&str, &str, &str); 3] = [
    ("plain", "x0=1,1,8,8", "--shape of x0: expected the model's [2, 1, 8, 8], found [1, 1, 8, 8]"),
    ("plain", "x0=2,1,8", "expected the model's [2, 1, 8, 8], found [2, 1, 8]"),
    ("diffusion", "x1=2,9", "--shape of x1: expected the model's [2, 8], found [2, 9]"),
];

#[test]
fn what_is_no_model_is_refused_in_one_line() {
    let bench = Bench::empty();
    bench.write("model.onnx", "no model");
    let refused = |arguments: &str| {
        let ended = bench.expect(2, arguments);
        assert_eq!((ended.stdout.as_str(), ended.stderr.lines().count()), ("", 1), "{}", ended.stderr);
        ended.stderr
    };
    assert!(refused("lint model.onnx").contains("model.onnx: expected an ONNX model, found a text"));
    bench.write("net.py", "import torch\nnet = torch.nn.Conv2d(1, 4, 3)\n");
    assert!(refused("lint net.py").contains("found a text; only a model that was exported is read"));
    bench.write("page.onnx", "<!DOCTYPE html>\n");
    assert!(refused("lint page.onnx").contains("found a web page"));
    bench.write("empty.onnx", "");
    assert!(refused("lint empty.onnx").contains("found an empty file"));
    let whole = std::fs::read(fixture("plain")).unwrap();
    for length in [3, 10, whole.len() / 2, whole.len() - 1] {
        bench.write("short.onnx", &whole[..length]);
        let said = refused("lint short.onnx");
        assert!(
            said.contains(&format!("found {length} bytes that begin as one, but are cut short or damaged")),
            "{said}"
        );
    }
    bench.write("folder/cells/a/model.safetensors", "");
    assert!(
        refused("lint folder")
            .contains("the model in it: folder/cells/a/model.safetensors: untied export MODEL --onnx")
    );
    bench.write("folder/net.onnx", "");
    assert!(refused("lint folder").contains("expected an ONNX file; it is a folder, in which lies folder/net.onnx"));
    assert!(refused("lint missing.onnx").contains("missing.onnx"));
    let start = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("trainer/tests/start");
    for (file, what) in [("pytorch.pt", "a file of PyTorch"), ("pytorch.safetensors", "a safetensors file")] {
        let said = refused(&format!("lint {}", start.join(file).display()));
        let expected = format!("{file}: expected an ONNX model, found {what}");
        assert!(said.contains(&expected) && said.contains("torch.onnx.export(model.eval(), x, "), "{said}");
    }
    let model = fixture("plain").display().to_string();
    assert!(refused(&format!("lint {model} --shape y=1,2")).contains("an input of the model"));
    for (model, shape, expected) in MISFITS {
        let model = fixture(model).display().to_string();
        let said = refused(&format!("lint {model} --shape {shape}"));
        assert!(said.contains(expected), "{shape}: {said}");
    }
    let unet = fixture("unet").display().to_string();
    assert!(refused(&format!("lint {unet} --fold folded.onnx")).contains("no batch norm can be folded"));
    assert!(!bench.path("folded.onnx").exists());
}
