use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::Value;

use crate::program::{Bench, SMALL, timeless, tree};

#[test]
fn a_study_runs_from_the_config_to_the_report() {
    let bench = Bench::new();
    let ended = bench.expect(0, "run study.toml --jobs 2");
    assert!(ended.last_line().starts_with("4 cells: 4 finished, 0 diverged, 0 failed, 0 missing; 4 trained in "));
    assert!(ended.stdout.contains("report.html") && ended.stdout.contains("test_accuracy against model.bias=none"));
    assert_eq!(ended.stderr.matches("accuracy").count(), 4, "{}", ended.stderr);
    let out = bench.path("experiments/small");
    for file in ["config.toml", "results.json", "report.md", "report.html"] {
        assert!(out.join(file).is_file(), "{file}");
    }
    for cell in bench.cells("experiments/small") {
        for file in ["cell.json", "events.jsonl", "result.json"] {
            assert!(cell.join(file).is_file(), "{file}");
        }
        let events = fs::read_to_string(cell.join("events.jsonl")).unwrap();
        assert!(events.lines().all(|line| serde_json::from_str::<Value>(line).is_ok_and(|event| event.is_object())));
    }
    check_schema(&bench.json("experiments/small/results.json"));

    let before = tree(&out);
    let again = bench.expect(0, "run study.toml");
    assert!(again.stderr.contains("nothing to train"), "{}", again.stderr);
    assert!(again.last_line().contains("0 trained"), "{}", again.last_line());
    bench.expect(0, "report experiments/small");
    // The lock holds the id of its last process.
    let without_lock = |files: Vec<(std::path::PathBuf, Vec<u8>)>| -> Vec<_> {
        files.into_iter().filter(|(path, _)| !path.ends_with(".lock")).collect()
    };
    assert_eq!(without_lock(tree(&out)), without_lock(before), "a second run and a report change nothing");

    let committed = ["results.json", "report.md", "report.html"].map(|file| fs::read(out.join(file)).unwrap());
    fs::remove_dir_all(out.join("cells")).unwrap();
    bench.expect(0, "report experiments/small");
    let again = ["results.json", "report.md", "report.html"].map(|file| fs::read(out.join(file)).unwrap());
    assert!(committed == again, "results.json alone gives the same report");

    fs::remove_dir_all(out.join("plots")).unwrap();
    let resumed = bench.expect(0, "run experiments/small/config.toml --out elsewhere -q");
    assert_eq!(resumed.stderr, "");
    assert_eq!(resumed.stdout.lines().count(), 1);
    let elsewhere = bench.json("elsewhere/results.json");
    assert_eq!(timeless(elsewhere), timeless(bench.json("experiments/small/results.json")));
}

fn check_schema(results: &Value) {
    assert_eq!(
        (&results["schema"], &results["study"], &results["device"]),
        (&1.into(), &"small".into(), &"flex".into())
    );
    let cells = results["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 4);
    for cell in cells {
        for field in "id factors seed status reason metrics parameters epochs steps train_seconds images_per_second \
                      redundancy curves"
            .split_whitespace()
        {
            assert!(cell.get(field).is_some(), "cells: {field}");
        }
        assert_eq!(cell["status"], "finished");
        assert!((0.0..=1.0).contains(&cell["metrics"]["test_accuracy"].as_f64().unwrap()));
    }
    let comparisons = results["comparisons"].as_array().unwrap();
    assert_eq!(comparisons.len(), 1);
    for field in "metric treatment baseline context seeds mean_difference ci95 max_loss_difference margin tost_p t_p \
                  tost_p_holm t_p_holm verdict"
        .split_whitespace()
    {
        assert!(comparisons[0].get(field).is_some(), "comparisons: {field}");
    }
}

/// In f32 and f64, before every norm, with products large enough to be shared among threads.
#[test]
fn results_do_not_depend_on_jobs_and_threads() {
    let bench = Bench::new();
    let config = SMALL.replace("channels = [4]", "channels = [32, 48]").replace("seeds = 2", "seeds = 1");
    let lists = r#""model.norm" = ["none", "batch", "batch_per_activation", "layer", { group = 4 }, "rms"]
"train.dtype" = ["f32", "f64"]"#;
    bench.write(
        "study.toml",
        config.replace(r#""model.bias" = ["none", "tied"]"#, lists).split("[compare]").next().unwrap(),
    );
    bench.expect(0, "run study.toml --jobs 2 --threads 1 --out expected -q");
    let expected = timeless(bench.json("expected/results.json"));
    for (jobs, threads) in [(1, 2), (3, 3), (1, 8)] {
        bench.expect(0, &format!("run study.toml --jobs {jobs} --threads {threads} --out out{threads} -q"));
        assert_eq!(timeless(bench.json(&format!("out{threads}/results.json"))), expected, "{jobs} x {threads}");
    }
}

/// Every kind of random change, and a best epoch.
#[test]
fn augmentation_does_not_depend_on_jobs_and_threads() {
    let bench = Bench::new();
    let augment = r#"augment = { flip = "both", crop = 1, translate = 0.1, rotate = 10, cutout = 2, noise = 0.1, mixup = 0.2 }
validation = 0.1"#;
    let config = SMALL.replace("source = \"digits\"", &format!("source = \"digits\"\n{augment}"));
    bench.write("study.toml", config.replace("epochs = 1", "epochs = 2\nbest_epoch = \"validation_loss\""));
    bench.expect(0, "run study.toml --jobs 2 --threads 1 --out expected -q");
    let expected = timeless(bench.json("expected/results.json"));
    for (jobs, threads) in [(1, 2), (3, 3), (1, 8)] {
        bench.expect(0, &format!("run study.toml --jobs {jobs} --threads {threads} --out out{threads} -q"));
        assert_eq!(timeless(bench.json(&format!("out{threads}/results.json"))), expected, "{jobs} x {threads}");
    }
    bench.expect(0, "run study.toml --out plain -q --set data.augment={} --jobs 2 --threads 1");
    assert_ne!(timeless(bench.json("plain/results.json"))["cells"][0]["curves"], expected["cells"][0]["curves"]);
}

#[test]
fn the_config_beside_the_results_alone_repeats_them() {
    let bench = Bench::new();
    bench.expect(0, "run study.toml -q --set train.epochs=2 --set model.norm=none");
    let elsewhere = Bench::empty();
    elsewhere.write("config.toml", fs::read(bench.path("experiments/small/config.toml")).unwrap());
    elsewhere.expect(0, "run config.toml -q");
    let results = |bench: &Bench| timeless(bench.json("experiments/small/results.json"));
    assert_eq!(results(&elsewhere), results(&bench));
}

#[test]
fn results_say_where_they_come_from() {
    let bench = Bench::new();
    bench.expect(0, "run study.toml --out out -q");
    let results = bench.json("out/results.json");
    let [provenance] = &results["provenance"].as_array().unwrap()[..] else { panic!("{}", results["provenance"]) };
    for field in ["version", "burn", "device", "system", "cpu"] {
        assert!(provenance[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {provenance}");
    }
    assert!(provenance["features"].as_array().unwrap().contains(&"flex".into()));
    let checksum = "41e463fb11442353328aed136a72ca93512604";
    assert!(provenance["data"]["train_images"].as_str().unwrap().starts_with(checksum), "{provenance}");
    let commit = |text: &str| text.len() >= 40 && text[..40].bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(provenance["commit"].is_null() || provenance["commit"].as_str().is_some_and(commit), "{provenance}");
    // Of cells of which results.json is all that is left.
    assert_eq!(bench.expect(0, "report out").stderr, "");
    fs::remove_dir_all(bench.cells("out").remove(0)).unwrap();
    assert_eq!(bench.expect(0, "report out").stderr, "1 cell is known from results.json alone\n");
    fs::remove_dir_all(bench.path("out/cells")).unwrap();
    assert_eq!(bench.expect(0, "report out").stderr, "4 cells are known from results.json alone\n");
    assert_eq!(bench.json("out/results.json"), results);
}

#[test]
fn a_dry_run_writes_nothing() {
    let bench = Bench::new();
    let before = tree(&bench.path(""));
    let ended = bench.expect(0, "run study.toml --dry-run --jobs 3 --threads 1");
    assert!(ended.stdout.contains("4 cells to run by 3 workers of 1 thread"), "{}", ended.stdout);
    assert_eq!(ended.stdout.matches("missing").count(), 4);
    assert_eq!(ended.stderr, "");
    assert_eq!(tree(&bench.path("")), before);
}

#[test]
fn no_question_can_command_the_terminal() {
    let bench = Bench::new();
    let question = r#"question = "\u001b]0;mine\u0007\u009b2J\rIs it?""#;
    bench.write("study.toml", SMALL.replace("question = \"Does the program work?\"", question));
    let ended = bench.expect(0, "run study.toml --dry-run");
    assert!(ended.stdout.contains("]0;mine") && ended.stdout.contains("Is it?"), "{}", ended.stdout);
    assert!(!ended.stdout.contains(|c: char| c.is_control() && c != '\n'), "{:?}", ended.stdout);
}

#[test]
fn the_cells_of_a_job_array_make_a_study() {
    let bench = Bench::new();
    for index in [2, 0] {
        let ended = bench.expect(0, &format!("cell study.toml --index {index} --threads 1 --out out"));
        assert!(ended.stdout.contains("finished, accuracy"), "{}", ended.stdout);
        assert!(ended.stderr.contains("epoch 1/1"), "{}", ended.stderr);
    }
    let report = bench.expect(1, "report out");
    assert_eq!(report.stderr.matches("missing ").count(), 2, "{}", report.stderr);
    assert!(report.last_line().contains("2 finished, 0 diverged, 0 failed, 2 missing"));
    let again = bench.expect(0, "cell study.toml --index 2 --out out");
    assert!(again.stderr.contains("is finished already"), "{}", again.stderr);
    let rest = bench.expect(0, "run study.toml --out out");
    assert!(rest.last_line().contains("4 finished") && rest.last_line().contains("2 trained"), "{}", rest.last_line());
}

#[test]
fn fresh_keeps_what_was_there() {
    let bench = Bench::new();
    bench.expect(0, "run study.toml --out out -q --set vary.seeds=1");
    let old = fs::read(bench.path("out/results.json")).unwrap();
    let ended = bench.expect(0, "run study.toml --out out --fresh --set vary.seeds=1");
    assert!(ended.last_line().contains("2 trained"), "{}", ended.last_line());
    assert!(ended.stderr.contains("out.old-1"), "{}", ended.stderr);
    assert_eq!(fs::read(bench.path("out.old-1/results.json")).unwrap(), old);
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let bench = Bench::new();
    for arguments in [&["explain", "study.toml"][..], &["run", "study.toml", "--dry-run"], &["--help"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = bench.command(arguments).stdout(writer).stderr(Stdio::piped()).output().unwrap();
        assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0), "{arguments:?}");
    }
}

/// `.ci/run` reads event files by TensorBoard's own reader.
#[test]
fn results_are_tables_and_event_files_too() {
    let bench = Bench::new();
    bench.expect(0, "run study.toml --out out --tensorboard curves --set train.epochs=2");
    let lines = |file: &str| -> Vec<String> {
        fs::read_to_string(bench.path(file)).unwrap().lines().map(str::to_owned).collect()
    };
    let (results, curves) = (lines("out/results.csv"), lines("out/curves.csv"));
    assert!(results[0].starts_with("id,model.bias,seed,status,test_accuracy,"), "{}", results[0]);
    assert!(results[0].ends_with(",recall 8,recall 9") && results.len() == 5, "{results:?}");
    assert!(curves[0].starts_with("id,model.bias,seed,epoch,train_loss,") && curves.len() == 9, "{curves:?}");
    bench.expect(0, "report out --tensorboard again");
    let files = |folder: &str| {
        let root = bench.path(folder);
        let relative = |(path, bytes): (PathBuf, Vec<u8>)| (path.strip_prefix(&root).unwrap().to_owned(), bytes);
        tree(&root).into_iter().map(relative).collect::<Vec<_>>()
    };
    let written = files("curves");
    assert_eq!(written.len(), 4);
    for (path, _) in &written {
        let cell = path.parent().unwrap().to_str().unwrap();
        assert!(results.iter().any(|line| line.starts_with(&format!("{cell},"))), "{cell}");
    }
    assert!(files("again") == written, "the same results, the same bytes");
    for command in ["run study.toml --out out --set train.epochs=2", "report out"] {
        let ended = bench.expect(2, &format!("{command} --tensorboard study.toml"));
        assert!(ended.stderr.contains("study.toml") && ended.stdout.contains("report: "), "{}", ended.stderr);
    }
}
