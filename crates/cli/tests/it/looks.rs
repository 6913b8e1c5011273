//! A study whose seeds come look by look: however it is run, it trains the same cells and ends with the same verdicts.

use std::fs;

use serde_json::Value;

use crate::program::{Bench, timeless};

/// Twenty cells at most; its three verdicts come at 2, 3 and 5 seeds.
pub(crate) const STUDY: &str = r#"
name = "looks"
question = "How many seeds does it take?"
[data]
source = "digits"
[model]
channels = [4]
[train]
epochs = 1
batch_size = 256
optimizer = { sgd = { learning_rate = 0.05 } }
[vary]
"train.optimizer.sgd.learning_rate" = [0.05, 0.0499, 0.06, 0.15]
seeds = { first = 2, step = 1, most = 5 }
[compare]
baseline = { "train.optimizer.sgd.learning_rate" = 0.05 }
margin = 0.2
"#;

const CELLS: usize = 20;

fn bench() -> Bench {
    let bench = Bench::empty();
    bench.write("study.toml", STUDY);
    bench
}

fn statuses(results: &Value) -> Vec<&str> {
    results["cells"].as_array().unwrap().iter().map(|cell| cell["status"].as_str().unwrap()).collect()
}

#[test]
fn cells_are_trained_until_their_verdicts_are_in() {
    let bench = bench();
    let plan = bench.expect(0, "run study.toml --out out --dry-run").stdout;
    assert!(plan.contains("20 cells: 12 perhaps later, 8 to run for look 1 of at most 4 by "), "{plan}");
    assert!(
        plan.contains("seeds: 2 at the first look, 1 more at each further one, 5 at most: 8 to 20 cells"),
        "{plan}"
    );
    assert!(
        plan.contains("\n      0  missing  0.05-seed0-") && plan.contains("\n      4  look 4   0.05-seed4-"),
        "{plan}"
    );
    assert!(bench.expect(0, "explain study.toml").stdout.contains("5 at most: 8 to 20 cells"));

    let ended = bench.expect(0, "run study.toml --out out");
    let results = bench.json("out/results.json");
    let statuses = statuses(&results);
    let skipped = statuses.iter().filter(|status| **status == "skipped").count();
    assert!(statuses.iter().all(|status| ["finished", "skipped"].contains(status)), "{statuses:?}");
    assert!((1..=12).contains(&skipped), "{statuses:?}");
    let trained = CELLS - skipped;
    let line =
        format!("20 cells: {trained} finished, 0 diverged, 0 failed, 0 missing, {skipped} skipped; {trained} trained");
    assert!(ended.last_line().starts_with(&line), "{}", ended.last_line());
    assert!(ended.stderr.contains(" for look 1 of at most 4") && ended.stderr.contains(" for look 2 of at most 4"));
    assert_eq!(bench.cells("out").len(), trained);
    for one in results["comparisons"].as_array().unwrap() {
        let looks = one["looks"].as_array().unwrap();
        assert!(looks.iter().zip([2, 3, 4, 5]).all(|(found, seeds)| *found == seeds), "{one}");
        let decided = one["verdict"] != "inconclusive";
        assert!(one["seeds"] == *looks.last().unwrap() && (decided || looks.len() == 4), "{one}");
    }

    let again = bench.expect(0, "run study.toml --out out");
    assert!(again.stderr.contains(&format!("with results or not needed ({skipped}): nothing to train")));
    assert_eq!(bench.json("out/results.json"), results);
    let report = bench.expect(0, "report out");
    assert!(!report.stderr.contains("skipped") && !report.stderr.contains("missing"), "{}", report.stderr);
    fs::remove_dir_all(bench.path("out/cells")).unwrap();
    bench.expect(0, "report out");
    assert_eq!(bench.json("out/results.json"), results, "from the results alone");
}

#[test]
fn tasks_of_a_job_array_train_the_same_cells() {
    let bench = bench();
    bench.expect(0, "run study.toml --out run -q");
    let expected = timeless(bench.json("run/results.json"));
    let task = |index: usize| {
        let index = index.to_string();
        bench.run(&["cell", "study.toml", "--index", &index, "--out", "tasks"])
    };
    let early = task(2);
    assert_eq!(early.code, Some(1), "{}", early.stderr);
    assert!(
        early.stderr.contains("0.05-seed2 belongs to look 2, which comes after 0.05-seed0 (--index 0) and 7 others"),
        "{}",
        early.stderr
    );
    assert!(!bench.path("tasks").exists());
    let passes = (0..4).map(|_| (0..CELLS).map(task).filter(|ended| ended.code == Some(1)).count());
    let refused: Vec<usize> = passes.collect();
    assert_eq!((refused[0] > 0, refused[3]), (true, 0), "{refused:?}");
    let statuses = statuses(&expected);
    for (index, status) in statuses.iter().enumerate() {
        let ended = task(index);
        assert_eq!(ended.code, Some(0));
        let said = if *status == "skipped" { "is not needed" } else { "is finished already" };
        assert!(ended.stderr.contains(said), "{index} {status}: {}", ended.stderr);
    }
    bench.expect(0, "report tasks");
    assert_eq!(timeless(bench.json("tasks/results.json")), expected);
}

#[test]
fn a_run_goes_on_where_tasks_stopped() {
    let bench = bench();
    bench.expect(0, "run study.toml --out run -q");
    for index in [0, 6, 11] {
        bench.expect(0, &format!("cell study.toml --index {index} --out out"));
    }
    let report = bench.expect(1, "report out");
    assert!(report.last_line().contains("3 finished, 0 diverged, 0 failed, 17 missing"), "{}", report.last_line());
    bench.expect(0, "run study.toml --out out -q");
    assert_eq!(timeless(bench.json("out/results.json")), timeless(bench.json("run/results.json")));
}

/// A look is taken of whole pairs only, so that it comes out the same whenever its last cell ends.
#[test]
fn a_failed_cell_holds_the_next_look() {
    let bench = bench();
    bench.expect(0, "cell study.toml --index 1 --out out");
    let bad = bench.cells("out").remove(0);
    fs::remove_file(bad.join("result.json")).unwrap();
    fs::remove_file(bad.join("events.jsonl")).unwrap();
    fs::create_dir(bad.join("events.jsonl")).unwrap();
    let ended = bench.expect(1, "run study.toml --out out");
    assert!(ended.last_line().contains("7 finished, 0 diverged, 1 failed, 12 missing"), "{}", ended.last_line());
    assert!(ended.stderr.contains("no look is taken before its failed cells are there"), "{}", ended.stderr);
    let results = bench.json("out/results.json");
    assert!(results["comparisons"].as_array().unwrap().iter().all(|one| one["verdict"] == "inconclusive"));
    fs::remove_dir(bad.join("events.jsonl")).unwrap();
    bench.expect(0, "run study.toml --out out -q");
    bench.expect(0, "run study.toml --out run -q");
    assert_eq!(timeless(bench.json("out/results.json")), timeless(bench.json("run/results.json")));
}

/// Looks and caveats of every comparison.
fn looks(results: &Value) -> Vec<(Vec<u64>, bool)> {
    let of = |one: &Value| {
        let looks = one["looks"].as_array().map_or(&[][..], Vec::as_slice);
        let caveats = one["caveats"].as_array().unwrap();
        (looks.iter().map(|seeds| seeds.as_u64().unwrap()).collect(), caveats.iter().any(|caveat| caveat == "looks"))
    };
    results["comparisons"].as_array().unwrap().iter().map(of).collect()
}

#[test]
fn seeds_added_by_hand_leave_their_looks() {
    let bench = bench();
    let run = |seeds: &str, out: &str| {
        let set = format!("vary.seeds={seeds}");
        assert_eq!(bench.run(&["run", "study.toml", "--out", out, "-q", "--set", &set]).code, Some(0));
        looks(&bench.json(&format!("{out}/results.json")))
    };
    let all = |seeds: &[u64], unplanned: bool| vec![(seeds.to_vec(), unplanned); 3];
    assert_eq!(run("2", "out"), all(&[2], false));
    assert_eq!(run("2", "out"), all(&[2], false), "nothing was added");
    assert_eq!(run("4", "out"), all(&[2, 4], true));
    assert_eq!(run("4", "out"), all(&[2, 4], true), "it stays");
    let report = fs::read_to_string(bench.path("out/report.md")).unwrap();
    assert!(report.contains("Looked at before") && report.contains("4 seeds in 2 looks"), "{report}");
    bench.expect(0, "report out");
    assert_eq!(looks(&bench.json("out/results.json")), all(&[2, 4], true));
    fs::remove_dir_all(bench.path("out/cells")).unwrap();
    bench.expect(0, "report out");
    assert_eq!(looks(&bench.json("out/results.json")), all(&[2, 4], true), "from the results alone");

    // A design beside a verdict that was seen before it.
    run("3", "planned");
    let looks = run("{first=2,step=1,most=5}", "planned");
    assert_eq!(looks[0], (vec![3, 2], true), "{looks:?}");
    assert_eq!(run("{first=2,step=1,most=5}", "planned"), looks, "it stays");
}

/// Who stops a run, and goes on with it, has chosen nothing: the number of seeds is the same.
#[test]
fn an_interrupted_run_is_no_look() {
    let bench = bench();
    let set = "--set vary.seeds=3 --out out";
    for index in [0, 1, 3, 4, 6, 7, 9, 10] {
        bench.expect(0, &format!("cell study.toml --index {index} {set}"));
    }
    bench.expect(1, "report out");
    assert_eq!(looks(&bench.json("out/results.json")), vec![(vec![], false); 3]);
    bench.expect(0, &format!("run study.toml {set} -q"));
    assert_eq!(looks(&bench.json("out/results.json")), vec![(vec![3], false); 3]);
    // Other cells.
    bench.expect(0, &format!("run study.toml {set} -q --set train.epochs=2 --set vary.seeds=4"));
    assert_eq!(looks(&bench.json("out/results.json")), vec![(vec![4], false); 3]);
}
