//! The linter from outside: on the models of `fixtures`, with tensors in other files, and on damaged files.

mod external;
mod fixtures;
mod mutate;
mod mutated;
mod rewriting;
mod surveyed;

use std::path::{Path, PathBuf};

use untied_lint::Model;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(format!("{name}.onnx"))
}

fn model(name: &str) -> Model {
    Model::read(&fixture(name)).unwrap_or_else(|error| panic!("{error}"))
}

/// The names of all fixtures.
fn names() -> Vec<String> {
    let files = std::fs::read_dir(fixture("").parent().unwrap()).unwrap().map(|entry| entry.unwrap().path());
    let models = files.filter(|path| path.extension().is_some_and(|extension| extension == "onnx"));
    let mut names: Vec<String> = models.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}
