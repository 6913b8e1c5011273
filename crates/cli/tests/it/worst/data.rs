//! Data that are replaced under their name between two runs of a study.

use std::fs;

use crate::program::{Bench, SMALL};

const PARTS: [&str; 4] =
    ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];

/// A study of 40 images of 8×8 in IDX files, written anew from a number.
fn bench(number: u8) -> Bench {
    let bench = Bench::new();
    let study = SMALL.replace("source = \"digits\"", "source = { idx = \"data\" }");
    bench.write("study.toml", study.replace("batch_size = 256", "batch_size = 8"));
    replace(&bench, number);
    bench
}

fn replace(bench: &Bench, number: u8) {
    for (part, count) in PARTS.iter().zip([40_u8, 40, 20, 20]) {
        let length = if part.contains("images") { usize::from(count) * 64 } else { usize::from(count) };
        let header = if part.contains("images") {
            vec![0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 8, 0, 0, 0, 8]
        } else {
            vec![0, 0, 8, 1, 0, 0, 0, count]
        };
        let modulus = if part.contains("images") { 251 } else { 4 };
        let values = (0..length).map(|at| (at * (usize::from(number) + 1) % modulus) as u8);
        bench.write(&format!("data/{part}"), header.into_iter().chain(values).collect::<Vec<u8>>());
    }
}

#[test]
fn finished_cells_of_other_data_are_trained_again() {
    let bench = bench(2);
    bench.expect(0, "run study.toml --out out -q");
    replace(&bench, 6);
    let plan = bench.expect(0, "run study.toml --out out --dry-run");
    assert_eq!(plan.stdout.matches("unusable").count(), 4, "{}", plan.stdout);
    let ended = bench.expect(0, "run study.toml --out out --set vary.seeds=3");
    let reason = "was trained on other data than are there now: test_images, train_images differ";
    assert!(ended.stderr.contains(reason), "{}", ended.stderr);
    assert!(ended.last_line().contains("6 finished") && ended.last_line().contains("; 6 trained"));
    assert!(bench.cells("out")[0].join("result.json.old-1").is_file(), "the old result is kept");
    let again = bench.expect(0, "run study.toml --out out --set vary.seeds=3");
    assert!(again.last_line().contains("; 0 trained"), "{}", again.last_line());
    assert_eq!(bench.json("out/results.json")["provenance"].as_array().unwrap().len(), 1);
}

#[test]
fn a_single_cell_of_other_data_is_trained_again() {
    let bench = bench(2);
    bench.expect(0, "cell study.toml --index 0 --out out");
    let same = bench.expect(0, "cell study.toml --index 0 --out out");
    assert!(same.stderr.contains("is finished already"), "{}", same.stderr);
    replace(&bench, 6);
    let other = bench.expect(0, "cell study.toml --index 0 --out out");
    assert!(
        other.stderr.contains("was trained on other data") && other.stderr.contains("epoch 1/1"),
        "{}",
        other.stderr
    );
    // Results outlive their data.
    fs::remove_dir_all(bench.path("data")).unwrap();
    let gone = bench.expect(0, "cell study.toml --index 0 --out out");
    assert!(gone.stderr.contains("is finished already"), "{}", gone.stderr);
}

/// The tasks of a job array, half of them before the data were replaced.
#[test]
fn a_report_of_two_data_sets_says_so_first() {
    let bench = bench(2);
    bench.expect(0, "cell study.toml --index 0 --out out");
    bench.expect(0, "cell study.toml --index 1 --out out");
    replace(&bench, 6);
    bench.expect(0, "cell study.toml --index 2 --out out");
    bench.expect(0, "cell study.toml --index 3 --out out");
    bench.expect(0, "report out");
    let notice = "trained on other data than the first run of the same [data]: test_images, train_images differ";
    let warned = |bench: &Bench| {
        let results = bench.json("out/results.json");
        let cells = results["cells"].as_array().unwrap().clone();
        cells.iter().map(|cell| cell["warnings"] == serde_json::json!([notice])).collect::<Vec<_>>()
    };
    assert_eq!(warned(&bench), [false, false, true, true]);
    let report = fs::read_to_string(bench.path("out/report.md")).unwrap();
    let (said, verdict) = (report.find("other data").unwrap(), report.find("inconclusive").unwrap());
    assert!(said < verdict && report.contains("Warning of 2 runs"), "{report}");
    fs::remove_dir_all(bench.path("out/cells")).unwrap();
    bench.expect(0, "report out");
    assert_eq!(warned(&bench), [false, false, true, true], "known from results.json alone");
}
