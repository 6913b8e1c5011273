use std::fs;

use crate::program::{Bench, SMALL, tree};

/// Arguments, and what the first line of the error names.
const TABLE: &[(&[&str], &[&str])] = &[
    (&["run", "absent.toml"], &["absent.toml"]),
    (&["run", "."], &["folder"]),
    (&["run", "binary.toml"], &["binary.toml", "UTF-8"]),
    (&["run", "empty.toml"], &["empty.toml", "name"]),
    (&["run", "truncated.toml"], &["truncated.toml"]),
    (&["run", "misspelt.toml"], &["misspelt.toml", "chanels", "channels"]),
    (&["run", "study.toml", "--set", "model.bias=tide"], &["--set", "model.bias"]),
    (&["run", "study.toml", "--set", "vary.\"model.bias\"=[\"tide\"]"], &["tide", "tied"]),
    (&["run", "study.toml", "--set", "train.epochz=2"], &["--set", "epochz", "epochs"]),
    (&["run", "study.toml", "--set", "train.epochs"], &["--set", "key=value"]),
    (&["run", "study.toml", "--set", "train.epochs=0"], &["train.epochs", "0"]),
    (&["run", "study.toml", "--set", "train.epochs=-1"], &["train.epochs", "-1"]),
    (&["run", "study.toml", "--set", "train.batch_size=0"], &["train.batch_size", "0"]),
    (&["run", "study.toml", "--set", "train.batch_size=100000"], &["train.batch_size", "100000"]),
    (&["run", "study.toml", "--set", "model.channels=[0]"], &["model.channels", "0"]),
    (&["run", "study.toml", "--set", "model.channels=[]"], &["model.channels"]),
    (
        &["run", "study.toml", "--set", "model.kernel=9", "--set", "model.padding=valid"],
        &["study.toml: model.kernel", "9"],
    ),
    (
        &["run", "study.toml", "--set", "model.norm={group=3}"],
        &["--set", "model.norm.group", "4 channels of block 1", "3"],
    ),
    (&["run", "study.toml", "--set", "model.norm=goup"], &["--set", "model.norm", "goup", "group"]),
    (&["run", "study.toml", "--set", "train.optimizer={sgd={learning_rate=nan}}"], &["learning_rate", "NaN"]),
    (&["run", "study.toml", "--set", "data.source={idx=\"absent\"}"], &["absent"]),
    (&["run", "study.toml", "--set", "data.source=\"absent\""], &["data.source", "source = { folder = \"absent\" }"]),
    (&["run", "study.toml", "--set", "data.source=\"empty\""], &["a folder", "source = { folder = \"empty\" }"]),
    (&["run", "study.toml", "--set", "data.source=\"short\""], &["a folder", "source = { idx = \"short\" }"]),
    (&["run", "study.toml", "--set", "vary.\"data.source\"=[\"short\"]"], &["source = { idx = \"short\" }"]),
    (&["run", "study.toml", "--set", "data.source=\"study.toml\""], &["a file of a kind that is not read", ".npz"]),
    (&["run", "study.toml", "--set", "model.init_from=\"empty\""], &["model.init_from", "it is a folder"]),
    (&["run", "study.toml", "--set", "data.source={idx=\"garbage\"}"], &["train-images-idx3-ubyte"]),
    (&["run", "study.toml", "--set", "data.source={idx=\"short\"}"], &["train-images-idx3-ubyte"]),
    (&["run", "study.toml", "--dry-run", "--set", "data.source={cifar10=\"short\"}"], &["data_batch_1.bin"]),
    (&["run", "study.toml", "--dry-run", "--set", "data.source={folder=\"short\"}"], &["train/CLASS"]),
    (
        &["run", "study.toml", "--dry-run", "--set", "vary.\"measure.translate\"=[[1], [64]]"],
        &["measure.translate", "64"],
    ),
    (&["run", "study.toml", "--device", "gpu"], &["--device", "gpu"]),
    #[cfg(not(feature = "cuda"))]
    (&["run", "study.toml", "--device", "cuda"], &["cuda", "--features cuda"]),
    (&["run", "study.toml", "--jobs", "-1"], &["--jobs", "-1", "1 or more"]),
    (&["run", "study.toml", "--jobs", "0"], &["--jobs", "0", "1 or more"]),
    (&["run", "study.toml", "--threads", "many"], &["--threads", "many", "1 or more"]),
    (&["run", "study.toml", "-q", "-v"], &["--quiet", "--verbose"]),
    (&["run", "study.toml", "--out", "study.toml"], &["study.toml", "folder"]),
    #[cfg(target_os = "linux")]
    (&["run", "study.toml", "--out", "/proc/none"], &["cannot make /proc/none/cells"]),
    (&["run", "study.toml", "--out", "other"], &["other", "`another`", "`small`", "--out"]),
    (&["run", "study.toml", "--out", "mine"], &["config.toml", "--out"]),
    (&["run"], &["expected a config", "quickstart, "]),
    (&["cell", "study.toml"], &["required"]),
    (&["cell", "study.toml", "--index", "4"], &["--index 4", "0 to 3"]),
    (&["cell", "study.toml", "--index", "-1"], &["--index", "-1", "0 or more"]),
    (
        &["cell", "study.toml", "--index", "0", "--set", "model.kernel=9", "--set", "model.padding=valid"],
        &["study.toml: model.kernel", "9"],
    ),
    (&["report", "absent"], &["absent"]),
    (&["report", "empty"], &["empty", "config.toml"]),
    (&["report", "study.toml"], &["study.toml", "folder"]),
    (&["report", "bare"], &["bare", "results.json"]),
    (&["explain", "absent.toml"], &["absent.toml"]),
    (
        &["explain", "study.toml", "--set", "model.kernel=9", "--set", "model.padding=valid"],
        &["study.toml: model.kernel", "9"],
    ),
    (&["train"], &["train"]),
];

fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("binary.toml", [0, 159, 146, 150, 0xff]);
    bench.write("empty.toml", "");
    bench.write("truncated.toml", &SMALL[..SMALL.len() / 2]);
    bench.write("misspelt.toml", SMALL.replace("channels", "chanels"));
    for part in ["train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"] {
        bench.write(&format!("garbage/{part}-ubyte"), "this is not a data file");
        // The header of 60000 images of 28x28, and no image.
        bench.write(&format!("short/{part}-ubyte"), [0, 0, 8, 3, 0, 0, 0xea, 0x60, 0, 0, 0, 28, 0, 0, 0, 28]);
    }
    fs::create_dir(bench.path("empty")).unwrap();
    let foreign = serde_json::json!({
        "schema": 1, "study": "another", "question": "", "device": "flex", "dtype": "f32", "cells": [], "comparisons": []
    });
    bench.write("other/results.json", foreign.to_string());
    bench.write("mine/config.toml", SMALL);
    bench.write("bare/config.toml", format!("# The resolved config of a study\n{SMALL}"));
    bench
}

#[test]
fn each_gets_one_clear_message() {
    let bench = bench();
    let resolved = resolved_header(&bench);
    bench.write("bare/config.toml", format!("{resolved}\n{SMALL}"));
    let before = tree(&bench.path(""));
    for (arguments, named) in TABLE {
        let ended = bench.run(arguments);
        let message = &ended.stderr;
        assert_eq!(ended.code, Some(2), "{arguments:?}: {message}");
        assert!(message.starts_with("error: ") && message.matches("error: ").count() == 1, "{arguments:?}: {message}");
        let first = message.lines().next().unwrap();
        for name in *named {
            assert!(first.contains(name) || message.contains(name), "{arguments:?}: no `{name}` in {message}");
        }
        assert!(!message.contains("panicked") && !message.contains("RUST_BACKTRACE"), "{arguments:?}: {message}");
        assert_eq!(ended.stdout, "", "{arguments:?}");
    }
    assert_eq!(tree(&bench.path("")), before, "bad input leaves nothing behind");
}

/// The first line of a `config.toml` that the program wrote.
fn resolved_header(bench: &Bench) -> String {
    bench.expect(0, "cell study.toml --index 0 --out written");
    let text = fs::read_to_string(bench.path("written/config.toml")).unwrap();
    text.lines().next().unwrap().to_owned()
}

#[test]
fn a_damaged_results_json_is_named() {
    let bench = Bench::new();
    bench.expect(0, "cell study.toml --index 0 --out out");
    fs::remove_dir_all(bench.path("out/cells")).unwrap();
    bench.write("out/results.json", "{\"schema\": 1, \"study");
    let ended = bench.expect(2, "report out");
    assert!(ended.stderr.contains("results.json is damaged"), "{}", ended.stderr);
}
