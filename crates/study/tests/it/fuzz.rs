//! No input panics.

use std::path::Path;

use proptest::prelude::*;
use untied_study::{EXAMPLE, Study};

use crate::{MINIMAL, parse};

/// Text that looks a little like a config.
fn fragments() -> impl Strategy<Value = String> {
    let pieces = [
        "[vary]",
        "[model]",
        "[",
        "]",
        "{",
        "}",
        "=",
        ",",
        ".",
        "\"",
        "'",
        "\n",
        "#",
        "seeds",
        "model.bias",
        "\"model.bias\"",
        "name",
        "data",
        "source",
        "idx",
        "compare",
        "baseline",
        "tied",
        "-1",
        "1e999",
        "nan",
        "9999999999999999999999",
        "é",
        "\u{0}",
        "\"\"\"",
        "true",
        "1979-05-27",
        "[[",
        "]]",
        "sgd",
        "train",
        "optimizer",
        " ",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn byte_soup(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &bytes).unwrap();
        prop_assert!(!Study::load(file.path(), &[]).unwrap_err().to_string().is_empty());
    }

    #[test]
    fn text_soup(text in ".*", tail in fragments()) {
        for text in [text.clone(), format!("{text}{tail}"), format!("{MINIMAL}{tail}"), format!("{tail}\n{EXAMPLE}")] {
            let _ = Study::parse(&text, Path::new("c.toml"), &[]).map_err(|error| error.to_string());
        }
    }

    #[test]
    fn configs_cut_or_spoilt_anywhere(at in 0..EXAMPLE.len(), tail in fragments()) {
        let at = EXAMPLE.floor_char_boundary(at);
        for text in [EXAMPLE[..at].to_owned(), format!("{}{tail}{}", &EXAMPLE[..at], &EXAMPLE[at..])] {
            let _ = parse(&text, &[]).map_err(|error| error.to_string());
        }
    }

    #[test]
    fn set_soup(option in ".*", key in fragments(), value in fragments()) {
        let typed = ["train.epochs", "model", "data.source", "vary", "vary.seeds", "vary.\"model.bias\"", "compare.baseline"];
        let typed = typed.iter().map(|key| format!("{key}={value}"));
        for option in typed.chain([option.clone(), format!("{key}={value}"), format!("{key}={option}")]) {
            if let Err(error) = parse(EXAMPLE, &[&option]) {
                let shown = error.to_string();
                prop_assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{:?}", shown);
            }
        }
    }
}

#[test]
fn deep_nesting_ends() {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
    for value in [deep("[", "]"), deep("{a=", "}")] {
        assert!(parse(&format!("{MINIMAL}\nx = {value}"), &[]).is_err());
        assert!(parse(MINIMAL, &[&format!("train.epochs={value}")]).is_err());
    }
    assert!(parse(MINIMAL, &[&format!("{}=1", vec!["a"; 100_000].join("."))]).is_err());
}
