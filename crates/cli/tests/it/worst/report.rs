//! `untied report` where little is left to report from.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use serde_json::Value;
use untied_study::{Study, StudyFolder};

use crate::program::{Bench, tree};

/// The results of a whole study whose cells are gone, without their seal, so that they can be spoilt.
fn bare() -> (Bench, Value) {
    let bench = Bench::new();
    bench.expect(0, "run study.toml --out out -q");
    fs::remove_dir_all(bench.path("out/cells")).unwrap();
    let mut results = bench.json("out/results.json");
    results.as_object_mut().unwrap().remove("sha256").expect("a seal");
    (bench, results)
}

fn cells(results: &mut Value) -> &mut Vec<Value> {
    results["cells"].as_array_mut().unwrap()
}

#[test]
fn whole_results_are_reported_as_they_were() {
    let (bench, _) = bare();
    let before = tree(&bench.path("out"));
    let ended = bench.expect(0, "report out");
    assert_eq!(ended.stderr, "4 cells are known from results.json alone\n");
    assert_eq!(tree(&bench.path("out")), before);
}

#[test]
fn cells_that_results_lack_are_missing() {
    let (bench, mut results) = bare();
    cells(&mut results).truncate(1);
    bench.write("out/results.json", results.to_string());
    let ended = bench.expect(1, "report out");
    assert!(ended.last_line().starts_with("4 cells: 1 finished, 0 diverged, 0 failed, 3 missing"), "{}", ended.stdout);
}

#[test]
fn cells_of_another_config_are_left_out() {
    let (bench, results) = bare();
    bench.write("out/results.json", results.to_string());
    let config = fs::read_to_string(bench.path("out/config.toml")).unwrap();
    bench.write("out/config.toml", config.replace("epochs = 1", "epochs = 2"));
    let ended = bench.expect(1, "report out");
    assert!(ended.last_line().starts_with("4 cells: 0 finished, 0 diverged, 0 failed, 4 missing"), "{}", ended.stdout);
    assert!(ended.stderr.contains("4 cells of results.json are not of config.toml, and left out"), "{}", ended.stderr);
}

#[test]
fn results_that_no_run_can_have_left_are_refused() {
    let (bench, results) = bare();
    let mut twice = results.clone();
    let again = cells(&mut twice).clone();
    cells(&mut twice).extend(again);
    let mut accurate = results.clone();
    cells(&mut accurate)[1]["metrics"]["test_accuracy"] = 7.5.into();
    for (spoilt, said) in [(twice, "twice"), (accurate, "an accuracy of 7.5, which is not in [0, 1]")] {
        bench.write("out/results.json", spoilt.to_string());
        let ended = bench.expect(2, "report out");
        assert!(
            ended.stderr.contains("out/results.json is damaged: ") && ended.stderr.contains(said),
            "{}",
            ended.stderr
        );
    }
}

#[test]
fn one_changed_digit_breaks_the_seal() {
    let (bench, _) = bare();
    let text = fs::read_to_string(bench.path("out/results.json")).unwrap();
    let at = text.find("\"test_accuracy\": 0.").expect("an accuracy") + "\"test_accuracy\": 0.".len();
    let digit = if &text[at..=at] == "9" { "8" } else { "9" };
    bench.write("out/results.json", format!("{}{digit}{}", &text[..at], &text[at + 1..]));
    let ended = bench.expect(2, "report out");
    assert_eq!(ended.stderr, "error: out/results.json is damaged: its checksum differs\n");
}

/// Root may write anywhere, so that the program is run as nobody, where that can be.
#[test]
fn verdicts_come_even_where_the_report_cannot_be_written() {
    let bench = Bench::new();
    bench.expect(0, "run study.toml --out out -q");
    fs::remove_dir_all(bench.path("out/plots")).unwrap();
    bench.write("out/plots", "in the way");
    let ended = bench.expect(2, "report out");
    assert!(ended.stdout.contains("test_accuracy against") && !ended.stdout.contains("report: "), "{}", ended.stdout);
    assert!(ended.last_line().starts_with("4 cells: 4 finished"), "{}", ended.last_line());
    assert!(ended.stderr.contains("error: cannot write out/plots"), "{}", ended.stderr);
}

/// A folder in which no process left anything half written, however many were killed while they wrote.
#[test]
fn a_report_clears_away_what_a_killed_one_left() {
    let bench = Bench::new();
    bench.expect(0, "run study.toml --out out -q");
    let before = tree(&bench.path("out"));
    for name in ["out/.report.html.a1B2c3", "out/.results.json.000000", "out/plots/.accuracy.svg.zzzzzz"] {
        bench.write(name, "half");
    }
    bench.expect(0, "report out");
    assert_eq!(tree(&bench.path("out")), before);
}

/// Half of the cells were trained before the program was built anew.
#[test]
fn a_report_of_two_programs_says_so() {
    let bench = Bench::new();
    bench.expect(0, "run study.toml --out out -q");
    let folder = StudyFolder::new(bench.path("out"));
    let study = Study::load(&folder.config(), &[]).unwrap();
    for (index, cell) in study.cells.iter().enumerate() {
        let mut result = folder.read_result(cell).unwrap().unwrap();
        result.provenance.commit = Some(if index < 2 { "0123abcd" } else { "4567cdef" }.to_owned());
        folder.write_result(cell, &result).unwrap();
    }
    for verb in ["report out", "run study.toml --out out"] {
        let ended = bench.expect(0, verb);
        let version = env!("CARGO_PKG_VERSION");
        let said = format!("untied {version} (0123abcd), untied {version} (4567cdef)");
        assert!(ended.stderr.contains(&said), "{verb}: {}", ended.stderr);
    }
    let report = fs::read_to_string(bench.path("out/report.md")).unwrap();
    let said = "(4567cdef), the first of the study by untied";
    let (said, verdict) = (report.find(said).expect("a warning"), report.find("inconclusive").unwrap());
    assert!(said < verdict && report.contains("Warning of 2 runs"), "{report}");
}

/// The program is replaced by a newer build while it runs.
#[test]
fn workers_are_the_program_that_was_started() {
    let bench = Bench::new();
    // Not by this process: what other tests start meanwhile would inherit the open file, and the system run no such file.
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_untied")).arg(bench.path("untied")).status();
    assert!(copied.unwrap().success());
    let run = "run study.toml --out out --jobs 1 --set train.epochs=30".split(' ');
    let mut child = Command::new(bench.path("untied")).args(run).current_dir(bench.path("")).spawn().unwrap();
    crate::processes::wait_until(|| bench.path("out/cells").is_dir());
    fs::remove_file(bench.path("untied")).unwrap();
    bench.write("untied", "#!/bin/sh\necho another build >&2\nexit 9\n");
    fs::set_permissions(bench.path("untied"), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(child.wait().unwrap().success());
}
