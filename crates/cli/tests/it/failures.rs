use std::fs;

use sha2::{Digest, Sha256};

use crate::program::Bench;

/// A folder in the place of a cell's event log: its worker cannot start.
#[test]
fn one_bad_cell_costs_no_other() {
    let bench = Bench::new();
    bench.expect(0, "run study.toml --out out -q");
    let bad = bench.cells("out").remove(0);
    let name = bad.file_name().unwrap().to_str().unwrap().to_owned();
    for cell in bench.cells("out") {
        fs::remove_file(cell.join("result.json")).unwrap();
    }
    fs::remove_file(bench.path("out/results.json")).unwrap();
    fs::remove_file(bad.join("events.jsonl")).unwrap();
    fs::create_dir(bad.join("events.jsonl")).unwrap();

    let ended = bench.expect(1, "run study.toml --out out --jobs 1");
    assert!(ended.last_line().starts_with("4 cells: 3 finished, 0 diverged, 1 failed, 0 missing; 3 trained"));
    assert!(
        ended.stderr.contains("failed: cannot write") && ended.stderr.contains("exit status: 2"),
        "{}",
        ended.stderr
    );
    let results = bench.json("out/results.json");
    let failed = results["cells"].as_array().unwrap().iter().find(|cell| cell["id"] == name.as_str()).unwrap();
    assert_eq!(failed["status"], "failed");
    assert!(failed["reason"].as_str().unwrap().contains("events.jsonl"));

    let report = bench.expect(1, "report out");
    assert!(report.stderr.contains(&format!("failed {name}")), "{}", report.stderr);
    assert_eq!(bench.json("out/results.json"), results, "the reason is not lost");

    fs::remove_dir(bad.join("events.jsonl")).unwrap();
    let again = bench.expect(0, "run study.toml --out out -q");
    assert!(again.last_line().starts_with("4 cells: 4 finished") && again.last_line().contains("; 1 trained"));
}

#[test]
fn a_damaged_result_is_run_again() {
    let bench = Bench::new();
    bench.expect(0, "run study.toml --out out -q");
    let cell = bench.cells("out").remove(0);
    fs::write(cell.join("result.json"), "{\"schema\": 1, \"id").unwrap();
    let report = bench.expect(1, "report out");
    assert!(report.stderr.contains("is damaged"), "{}", report.stderr);
    let ended = bench.expect(0, "run study.toml --out out");
    assert!(ended.stderr.contains("warning: ") && ended.stderr.contains("is damaged"), "{}", ended.stderr);
    assert!(ended.last_line().contains("4 finished") && ended.last_line().contains("1 trained"));
}

/// Each cell meets the same data; nobody needs to be told four times.
#[test]
fn warnings_of_the_data_are_said_once() {
    let bench = Bench::new();
    let row = |label: usize| format!("{label}{}\n", format!(",{}", 40 * label).repeat(64));
    let images = format!("label{}\n{}", ",p".repeat(64), [1, 2].map(row).concat().repeat(150));
    bench.write("data/train.csv", &images);
    bench.write("data/test.csv", &images);
    let study = fs::read_to_string(bench.path("study.toml")).unwrap();
    assert!(study.contains("source = \"digits\""), "{study}");
    bench.write("study.toml", study.replace("source = \"digits\"", "source = { csv = \"data\" }"));
    let ended = bench.expect(0, "run study.toml --out out");
    let warnings: Vec<&str> = ended.stderr.lines().filter(|line| line.contains("warning: ")).collect();
    assert_eq!(warnings.len(), 1, "{}", ended.stderr);
    assert!(warnings[0].starts_with("warning: data: no training image has the label 0, of 0 to 2"), "{}", warnings[0]);
    let report = fs::read_to_string(bench.path("out/report.md")).unwrap();
    assert_eq!(report.matches("no training image has the label 0").count(), 1, "{report}");
}

#[test]
fn a_diverged_cell_is_a_result() {
    let bench = Bench::new();
    let arguments = "run study.toml --out out --set vary.seeds=1 --set train.epochs=3 \
                     --set model.norm=none --set train.optimizer.sgd.learning_rate=1e30";
    let arguments = arguments.split_whitespace().collect::<Vec<_>>().join(" ");
    let ended = bench.expect(0, &arguments);
    assert!(ended.last_line().starts_with("2 cells: 0 finished, 2 diverged"), "{}", ended.last_line());
    let again = bench.expect(0, &arguments);
    assert!(again.last_line().contains("; 0 trained"), "{}", again.last_line());
}

/// As a newer program, or a disk that fails, would leave them.
#[test]
fn a_result_that_cannot_be_used_costs_its_own_cell_alone_and_is_kept() {
    let bench = Bench::new();
    bench.expect(0, "run study.toml --out out -q");
    let cells = bench.cells("out");
    let [newer, unreadable] = [&cells[0], &cells[1]].map(|cell| cell.join("result.json"));
    let text = fs::read_to_string(&newer).unwrap();
    let (_, content) = text.split_once("\",\n").unwrap();
    let content = content.replace("\"schema\": 1,", "\"schema\": 9,");
    let digits = Sha256::digest(&content).iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"));
    fs::write(&newer, format!("{{\n  \"sha256\": \"{digits}\",\n{content}")).unwrap();
    fs::remove_file(&unreadable).unwrap();
    fs::create_dir(&unreadable).unwrap();

    let report = bench.expect(1, "report out");
    assert!(report.last_line().contains("2 finished, 0 diverged, 2 failed"), "{}", report.last_line());
    let ended = bench.expect(0, "run study.toml --out out");
    assert!(ended.last_line().contains("4 finished") && ended.last_line().contains("2 trained"));
    for reason in ["has schema 9; this program reads schema 1", "it is no regular file"] {
        assert_eq!(ended.stderr.matches(&format!("{reason}\n")).count(), 1, "{}", ended.stderr);
        assert_eq!(ended.stderr.matches(&format!("{reason}; it is kept as ")).count(), 1, "{}", ended.stderr);
    }
    assert!(fs::read_to_string(cells[0].join("result.json.old-1")).unwrap().ends_with(&content));
    assert!(cells[1].join("result.json.old-1").is_dir() && unreadable.is_file());
}

#[test]
fn a_report_that_cannot_be_written_hides_no_outcome() {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("out/report.html/x")).unwrap();
    let unwritten = "there is no new report: what was finished is kept; the same command goes on from there\n\
                     error: cannot write out/report.html: ";
    let ended = bench.expect(2, "run study.toml --out out");
    assert!(ended.stderr.contains(unwritten), "{}", ended.stderr);
    assert!(ended.stdout.contains("test_accuracy against") && !ended.stdout.contains("report: "), "{}", ended.stdout);
    assert!(ended.last_line().starts_with("4 cells: 4 finished"), "{}", ended.last_line());

    let bad = bench.cells("out").remove(0);
    fs::remove_file(bad.join("result.json")).unwrap();
    fs::remove_file(bad.join("events.jsonl")).unwrap();
    fs::create_dir(bad.join("events.jsonl")).unwrap();
    let ended = bench.expect(1, "run study.toml --out out");
    let listed = format!("\nfailed {}: cannot write ", bad.file_name().unwrap().display());
    assert!(ended.stderr.contains(&listed) && ended.stderr.contains(unwritten), "{}", ended.stderr);
    assert!(ended.last_line().starts_with("4 cells: 3 finished, 0 diverged, 1 failed"), "{}", ended.last_line());
}
