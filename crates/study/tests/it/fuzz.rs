//! No input panics.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use sha2::{Digest, Sha256};
use untied_study::{CellRecord, EXAMPLE, Study, StudyFolder};

use crate::store::result;
use crate::{MINIMAL, example, parse};

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

/// A study's files of JSON, each whole: `result.json`, `cell.json`, `results.json`.
struct Files {
    _dir: tempfile::TempDir,
    study: Study,
    folder: StudyFolder,
    whole: [(PathBuf, String); 3],
}

impl Files {
    fn new() -> Self {
        let (dir, study) = (tempfile::tempdir().unwrap(), example(&[]));
        let (folder, cell) = (StudyFolder::new(dir.path().join("s")), &study.cells[0]);
        folder.write_cell(cell).unwrap();
        folder.write_result(cell, &result()).unwrap();
        let record = CellRecord::new(cell, result());
        folder.write_results(&study.results(vec![record], vec![], vec![result().provenance])).unwrap();
        let whole = [folder.result(cell), folder.cell_json(cell), folder.results()];
        let whole = whole.map(|path| (path.clone(), fs::read_to_string(path).unwrap()));
        Self { _dir: dir, study, folder, whole }
    }

    /// Reads one of them with a text in the place of as many of its characters, under a right checksum.
    fn read_spoilt(&self, which: usize, place: prop::sample::Index, text: &str) {
        let (path, whole) = &self.whole[which];
        let mut spoilt = whole.clone();
        let at = place.index(spoilt.len());
        let [at, end] = [at, (at + text.len()).min(whole.len())].map(|at| whole.floor_char_boundary(at));
        spoilt.replace_range(at..end, text);
        fs::write(path, if which == 0 { sealed(&spoilt) } else { spoilt }).unwrap();
        let _ = self.folder.read_result(&self.study.cells[0]);
        let _ = self.folder.read_results();
        fs::write(path, whole).unwrap();
    }
}

/// With the checksum of all that follows it in place of the old one.
fn sealed(text: &str) -> String {
    let rest = text.splitn(3, '\n').nth(2).unwrap_or_default();
    let digits = Sha256::digest(rest).iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"));
    format!("{{\n  \"sha256\": \"{digits}\",\n{rest}")
}

#[test]
fn parsers_behind_the_checksum_never_panic() {
    let files = Files::new();
    let (path, whole) = &files.whole[0];
    fs::write(path, sealed(&whole.replacen("\"epochs\": 1", "\"epochs\": 7", 1))).unwrap();
    let read = files.folder.read_result(&files.study.cells[0]).unwrap().unwrap();
    assert_eq!(read.epochs, 7, "a spoilt file passes for a whole one");

    let text = "[-0-9eE.,:\"{}\\[\\]\\\\a-z]{0,8}|(null|true|1e999|-1|99999999999999999999)";
    let damage = (0..3_usize, any::<prop::sample::Index>(), text);
    let config = ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() };
    let outcome = proptest::test_runner::TestRunner::new(config).run(&damage, |(which, place, text)| {
        files.read_spoilt(which, place, &text);
        Ok(())
    });
    outcome.unwrap();
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
