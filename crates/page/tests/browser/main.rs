//! The page in a headless Chromium: each control is moved, and all numbers are compared with those of the Rust crates.

mod backward;
mod chromium;
mod feature_map;
mod networks;
mod whole;

use std::path::Path;

use chromium::Page;
use tempfile::TempDir;

/// The page without studies, opened.
fn opened() -> (Page, TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("index.html");
    std::fs::write(&file, untied_page::page(&[], "../experiments")).expect("the page");
    (Page::open(&file), folder)
}

/// The shipped page.
fn shipped() -> Page {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).expect("crates/page");
    Page::open(&root.join("docs/index.html"))
}

/// Whether two numbers agree but for rounding, relative to what cancels in them.
fn assert_close(what: &str, got: &[f64], expected: &[f64], scale: f64, tolerance: f64) {
    assert_eq!(got.len(), expected.len(), "{what}");
    for (got, expected) in got.iter().zip(expected) {
        let error = (got - expected).abs();
        assert!(error <= tolerance * scale.max(expected.abs()), "{what}: {got}, expected {expected}");
    }
}

/// The numbers of each row of a table, by its name.
fn rows(page: &mut Page, part: &str) -> std::collections::BTreeMap<String, Vec<f64>> {
    let rows = page.evaluate(&format!(
        "Object.fromEntries([...document.querySelectorAll('#{part} tr[data-key]')].map(row => \
         [row.dataset.key, [...row.querySelectorAll('data')].map(number => number.value)]))"
    ));
    let numbers = |values: &serde_json::Value| {
        let values = values.as_array().expect("numbers").iter();
        values.map(|value| value.as_str().expect("a number").parse().expect("a number")).collect()
    };
    rows.as_object().expect("rows").iter().map(|(key, values)| (key.clone(), numbers(values))).collect()
}
