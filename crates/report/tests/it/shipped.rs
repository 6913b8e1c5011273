//! The shipped reports: byte for byte those of their results.

use std::fs;
use std::path::{Path, PathBuf};

use untied_report::{recompare, render};
use untied_study::{Results, Study};

/// The folders of the shipped studies.
fn shipped() -> Vec<PathBuf> {
    let experiments = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments");
    let entries = fs::read_dir(experiments).expect("experiments/").map(|entry| entry.expect("an entry").path());
    entries.filter(|folder| folder.join("results.json").is_file()).collect()
}

#[test]
fn shipped_reports_are_those_of_their_results() {
    assert!(shipped().len() >= 12);
    for folder in shipped() {
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        let read =
            |file: &str| fs::read_to_string(folder.join(file)).unwrap_or_else(|error| panic!("{name}/{file}: {error}"));
        let study = Study::load(&folder.join("config.toml"), &[]).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut results: Results = serde_json::from_str(&read("results.json")).expect("results");
        if let Some(compare) = &study.compare {
            let comparisons = recompare(&results, compare);
            assert_eq!(comparisons, results.comparisons, "{name}");
            results.comparisons = comparisons;
        }
        let report = render(&results, study.compare.as_ref());
        assert!(report.markdown == read("report.md"), "{name}/report.md");
        assert!(report.html == read("report.html"), "{name}/report.html");
        let plots = fs::read_dir(folder.join("plots")).expect("plots/").count();
        assert_eq!(report.plots.len(), plots, "{name}/plots");
        for (plot, svg) in &report.plots {
            assert!(*svg == read(&format!("plots/{plot}")), "{name}/plots/{plot}");
        }
    }
}
