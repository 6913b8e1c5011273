//! Links, pipes and devices where files are expected.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::process::Command;

use crate::program::Bench;

#[test]
fn no_link_in_a_folder_of_results_leads_to_harm_elsewhere() {
    let bench = Bench::new();
    bench.write("precious", "mine\n");
    bench.expect(0, "run study.toml --out out -q");
    let usual = fs::metadata(bench.path("out/report.md")).unwrap().mode();
    let cell = bench.cells("out").remove(0);
    fs::remove_file(cell.join("result.json")).unwrap();
    let replaced = ["config.toml", "results.json", "report.html", "report.md", "plots/loss.svg"];
    for name in replaced.iter().map(|name| bench.path("out").join(name)).chain([cell.join("result.json")]) {
        let _ = fs::remove_file(&name);
        if !name.ends_with("config.toml") && !name.ends_with("results.json") {
            symlink(bench.path("precious"), &name).unwrap();
        }
    }
    bench.expect(0, "run study.toml --out out -q");
    for name in replaced.map(|name| bench.path("out").join(name)) {
        let written = fs::symlink_metadata(&name).unwrap();
        assert!(written.is_file() && written.mode() == usual, "{} {:o}", name.display(), written.mode());
    }
    assert_eq!(fs::read_to_string(bench.path("precious")).unwrap(), "mine\n");
}

#[test]
fn locks_and_events_that_are_links_are_refused() {
    let bench = Bench::new();
    bench.write("precious", "mine\n");
    bench.expect(0, "run study.toml --out out -q");
    let cell = bench.cells("out").remove(0);
    fs::remove_file(cell.join("result.json")).unwrap();
    for (link, code) in [(cell.join("events.jsonl"), 1), (bench.path("out/cells/.lock"), 2)] {
        fs::remove_file(&link).unwrap();
        symlink(bench.path("precious"), &link).unwrap();
        let ended = bench.expect(code, "run study.toml --out out");
        let said = format!("{}: it is a link, which is not followed", link.file_name().unwrap().display());
        assert!(ended.stderr.contains(&said), "{}", ended.stderr);
        assert_eq!(fs::read_to_string(bench.path("precious")).unwrap(), "mine\n");
        fs::remove_file(&link).unwrap();
    }
}

/// Each would be waited for, or read, for ever.
#[test]
fn pipes_and_devices_are_no_files() {
    let bench = Bench::new();
    bench.expect(0, "run study.toml --out out -q");
    let places = ["study.toml", "out/config.toml", "out/results.json", "out/cells/.lock"];
    for name in places {
        let (place, aside) = (bench.path(name), bench.path("aside"));
        fs::rename(&place, &aside).unwrap();
        for device in [false, true] {
            if device {
                symlink("/dev/zero", &place).unwrap();
            } else {
                assert!(Command::new("mkfifo").arg(&place).status().unwrap().success());
            }
            for verb in ["run study.toml --out out", "cell study.toml --index 0 --out out", "report out"] {
                let arguments: Vec<&str> = verb.split(' ').collect();
                let mut limited = Command::new("timeout");
                limited.args(["20", env!("CARGO_BIN_EXE_untied")]).args(arguments).current_dir(bench.path(""));
                let output = limited.output().unwrap();
                let said = String::from_utf8_lossy(&output.stderr).into_owned();
                assert!(matches!(output.status.code(), Some(0..=2)), "{name} {verb}: {:?} {said}", output.status);
                assert!(!said.contains("panicked"), "{name} {verb}: {said}");
            }
            let _ = fs::remove_file(&place);
        }
        fs::rename(&aside, &place).unwrap();
    }
    let ended = bench.expect(0, "run study.toml --out out");
    assert!(ended.last_line().starts_with("4 cells: 4 finished"), "{}", ended.last_line());
}
