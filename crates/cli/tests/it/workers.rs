//! Workers that are killed or hang, and what is left of a cell that was half run.
#![cfg(target_os = "linux")]
#![expect(clippy::print_stdout, reason = "why a test was skipped")]

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::processes::{children, has_ended, signal, wait_until};
use crate::program::{Bench, Ended, SMALL, timeless};

/// Each of the four cells takes long enough to be met half run, and not much longer.
fn long_bench() -> Bench {
    let bench = Bench::new();
    bench.write("study.toml", SMALL.replace("epochs = 1\n", "epochs = 40\n"));
    bench
}

/// Hours: whatever ends it, its end does not.
fn endless_bench() -> Bench {
    let bench = Bench::new();
    bench.write("study.toml", SMALL.replace("epochs = 1\n", "epochs = 900000\n"));
    bench
}

fn start(bench: &Bench, arguments: &str) -> Child {
    let arguments: Vec<&str> = arguments.split(' ').collect();
    bench.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn end(child: Child) -> Ended {
    Ended::new(&child.wait_with_output().unwrap())
}

fn checkpoints(bench: &Bench) -> Vec<PathBuf> {
    let Ok(cells) = fs::read_dir(bench.path("out/cells")) else { return Vec::new() };
    let paths = cells.map(|cell| cell.unwrap().path().join("checkpoint"));
    paths.filter(|path| path.exists()).collect()
}

#[test]
fn a_worker_that_is_killed_gets_a_second_try() {
    let bench = long_bench();
    let run = start(&bench, "run study.toml --out out --jobs 1 --checkpoint 0");
    wait_until(|| !checkpoints(&bench).is_empty());
    signal("-KILL", children(run.id())[0]);
    let ended = end(run);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let reason = "failed, will be tried again: the worker ended with signal: 9 (SIGKILL)";
    assert_eq!(ended.stderr.matches(reason).count(), 1, "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("goes on with epoch").count(), 1, "{}", ended.stderr);
    assert!(ended.last_line().starts_with("4 cells: 4 finished, 0 diverged, 0 failed, 0 missing; 4 trained"));
    bench.expect(0, "run study.toml --out undisturbed -q");
    assert_eq!(timeless(bench.json("out/results.json")), timeless(bench.json("undisturbed/results.json")));
}

#[test]
fn a_worker_that_hangs_is_killed_and_fail_fast_stops_there() {
    let bench = endless_bench();
    let run = start(&bench, "run study.toml --out out --jobs 2 --timeout 1 --fail-fast");
    wait_until(|| children(run.id()).len() == 2);
    signal("-STOP", children(run.id())[0]);
    let ended = end(run);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let reason = "no event for 1.0 s, so that the worker was killed";
    assert!(ended.stderr.contains(&format!("failed: {reason}\n")), "{}", ended.stderr);
    assert!(ended.stderr.contains("stopped at the first failure: what was finished is kept"), "{}", ended.stderr);
    assert!(ended.last_line().starts_with("4 cells: 0 finished, 0 diverged, 1 failed, 3 missing; 0 trained"));
    let cells = bench.json("out/results.json")["cells"].as_array().unwrap().clone();
    let failed: Vec<_> = cells.iter().filter(|cell| cell["status"] == "failed").collect();
    assert_eq!((failed.len(), &failed[0]["reason"]), (1, &reason.into()));
    let listed = format!("failed {}: {reason}\n", failed[0]["id"].as_str().unwrap());
    assert!(ended.stderr.contains(&listed), "{}", ended.stderr);
}

#[test]
fn a_worker_that_says_something_is_not_killed() {
    let bench = long_bench();
    // Each cell takes longer than the timeout, and its worker speaks more often.
    let ended = bench.expect(0, "run study.toml --out out --timeout 1 --set train.epochs=400 --set vary.seeds=1");
    assert!(!ended.stderr.contains("no event"), "{}", ended.stderr);
}

/// Kills a run when all its cells are half run.
fn half_run(bench: &Bench) -> Vec<PathBuf> {
    let mut run = start(bench, "run study.toml --out out --jobs 4 --threads 1 --checkpoint 0");
    wait_until(|| checkpoints(bench).len() == 4);
    let workers = children(run.id());
    run.kill().unwrap();
    run.wait().unwrap();
    // They end when they notice, and may keep one more checkpoint until then.
    wait_until(|| workers.iter().all(|&worker| has_ended(worker)));
    let mut checkpoints = checkpoints(bench);
    checkpoints.sort();
    checkpoints
}

#[test]
fn a_checkpoint_that_is_damaged_or_foreign_costs_its_own_cell_alone() {
    let bench = long_bench();
    let checkpoints = half_run(&bench);
    assert_eq!(checkpoints.len(), 4, "all cells were killed half run");
    let plan = bench.expect(0, "run study.toml --out out --dry-run");
    assert_eq!(plan.stdout.matches("half run").count(), 4, "{}", plan.stdout);
    let mut damaged = fs::read(&checkpoints[0]).unwrap();
    *damaged.last_mut().unwrap() ^= 1;
    fs::write(&checkpoints[0], damaged).unwrap();
    fs::copy(&checkpoints[2], &checkpoints[1]).unwrap();

    let ended = bench.expect(0, "run study.toml --out out");
    for reason in ["checkpoint is damaged: its checksum differs", "checkpoint belongs to `"] {
        assert_eq!(ended.stderr.matches(reason).count(), 1, "{reason}\n{}", ended.stderr);
    }
    assert_eq!(ended.stderr.matches("warning: it starts again: ").count(), 2, "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("goes on with epoch").count(), 2, "{}", ended.stderr);
    bench.expect(0, "run study.toml --out undisturbed -q");
    assert_eq!(timeless(bench.json("out/results.json")), timeless(bench.json("undisturbed/results.json")));
    assert!(checkpoints.iter().all(|path| !path.exists()), "a finished cell needs none");
}

#[test]
fn a_changed_config_makes_new_cells_and_leaves_the_old_ones_half_run() {
    let bench = long_bench();
    let checkpoints = half_run(&bench);
    let before: Vec<_> = checkpoints.iter().map(|path| fs::read(path).unwrap()).collect();
    let ended = bench.expect(0, "run study.toml --out out --set train.epochs=1");
    assert!(ended.last_line().contains("4 finished") && !ended.stderr.contains("goes on"), "{}", ended.stderr);
    assert_eq!(checkpoints.iter().map(|path| fs::read(path).unwrap()).collect::<Vec<_>>(), before);
    let ended = bench.expect(0, "run study.toml --out out");
    assert_eq!(ended.stderr.matches("goes on with epoch").count(), 4, "{}", ended.stderr);
}

#[test]
fn the_second_waits_for_the_first_if_it_is_told_to() {
    let bench = endless_bench();
    let first = start(&bench, "run study.toml --out out --jobs 1");
    wait_until(|| !children(first.id()).is_empty());
    let refused = bench.expect(2, "run study.toml --out out");
    let holder = format!("out is in use by process {} on ", first.id());
    assert!(refused.stderr.contains(&holder) && refused.stderr.contains("--wait"), "{}", refused.stderr);
    let mut second = start(&bench, "run study.toml --out out --wait --set train.epochs=1");
    let mut said = BufReader::new(second.stderr.take().unwrap()).lines().map(Result::unwrap);
    let waits = said.find(|line| line.contains("waiting until it ends"));
    assert!(waits.is_some_and(|line| line.contains(&holder)));
    signal("-INT", first.id().into());
    assert_eq!(end(first).code, Some(130));
    let rest: Vec<String> = said.collect();
    let second = end(second);
    assert_eq!(second.code, Some(0), "{rest:?}");
    assert!(second.last_line().contains("4 finished"), "{}", second.last_line());
}

/// Such as for the task of a job array. It says so every second.
#[test]
fn a_worker_that_waits_for_another_process_does_not_hang() {
    let bench = Bench::new();
    bench.expect(0, "cell study.toml --index 0 --out out");
    let cell = bench.cells("out").remove(0);
    fs::remove_file(cell.join("result.json")).unwrap();
    let log = File::open(cell.join("events.jsonl")).unwrap();
    log.lock().unwrap();
    let run = start(&bench, "run study.toml --out out --jobs 1 --timeout 3");
    sleep(Duration::from_secs(5));
    drop(log);
    let ended = end(run);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!ended.stderr.contains("no event"), "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("is being trained by another process").count(), 1, "{}", ended.stderr);
}

/// Runs a script in the folder; `$untied` is the program.
fn script(bench: &Bench, program: &str, arguments: &[&str], script: &str) -> Ended {
    let mut command = Command::new(program);
    command.args(arguments).args(["sh", "-c", script]).env("untied", env!("CARGO_BIN_EXE_untied"));
    Ended::new(&command.current_dir(bench.path("")).output().unwrap())
}

/// The larger cell asks for 4 GiB at once, of the 2.5 GB that there are.
#[test]
fn a_worker_without_memory_costs_its_own_cell_alone() {
    let bench = Bench::new();
    let config = SMALL.replace("channels = [4]\n", "").replace("batch_size = 256", "batch_size = 1024");
    let config = config.replace(r#""model.bias" = ["none", "tied"]"#, r#""model.channels" = [[4], [16384]]"#);
    bench.write("study.toml", config.replace("seeds = 2", "seeds = 1").split("[compare]").next().unwrap());
    let run = r#"ulimit -v 2500000; exec "$untied" run study.toml --out out --jobs 2 --threads 1"#;
    let ended = script(&bench, "env", &[], run);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("failed: memory allocation of "), "{}", ended.stderr);
    assert!(!ended.stderr.contains("RUST_BACKTRACE"), "{}", ended.stderr);
    assert!(ended.last_line().starts_with("2 cells: 1 finished, 0 diverged, 1 failed"), "{}", ended.last_line());
}

/// For those who may mount a disk of their own.
#[test]
fn a_full_disk_damages_nothing() {
    let bench = long_bench();
    fs::create_dir(bench.path("disk")).unwrap();
    let mount = "mount -t tmpfs -o size=64k tmpfs disk";
    let may_mount = |how: &&str| script(&bench, "unshare", &[how], mount).code == Some(0);
    let Some(how) = ["-m", "-rm"].into_iter().find(may_mount) else {
        println!("skipped: neither root nor a user namespace may mount a disk here");
        return;
    };
    let run = r#""$untied" run study.toml --out disk/out --jobs 1 --checkpoint 0"#;
    let twice = format!("{mount}; {run}; echo code $?; mount -o remount,size=64m disk; {run}");
    let ended = script(&bench, "unshare", &[how], &twice);
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(ended.stdout.contains("\ncode 1\n"), "{}\n{}", ended.stdout, ended.stderr);
    let full = ended.stderr.lines().filter(|line| line.starts_with("failed ") && line.contains("No space left"));
    assert!(full.count() > 0, "{}", ended.stderr);
    assert!(ended.stdout.contains(" failed, 0 missing; "), "{}", ended.stdout);
    assert!(ended.last_line().starts_with("4 cells: 4 finished"), "{}", ended.last_line());
}

#[test]
fn a_file_that_cannot_be_written_damages_nothing() {
    let bench = long_bench();
    // As on a full disk: no file of over 4 KiB can be written, and the program is told so instead of being killed.
    let limited = r#"trap '' XFSZ; ulimit -f 8; exec "$untied" run study.toml --out out --checkpoint 0"#;
    let ended = script(&bench, "env", &[], limited);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("no checkpoint, training goes on: cannot write"), "{}", ended.stderr);
    let lost = ended.stderr.lines().filter(|line| line.contains("cannot write") && line.contains("result.json"));
    assert!(lost.count() > 0, "{}", ended.stderr);
    assert!(ended.stderr.contains("\nerror: cannot write out/"), "{}", ended.stderr);
    assert!(ended.last_line().starts_with("4 cells: 0 finished, 0 diverged, 4 failed"), "{}", ended.last_line());
    let again = bench.expect(0, "run study.toml --out out");
    assert!(again.last_line().starts_with("4 cells: 4 finished"), "{}", again.last_line());
}

/// The data of a config are checked before anything trains, and may vanish afterwards.
#[test]
fn data_that_vanish_cost_the_cells_that_were_not_started() {
    let bench = Bench::new();
    let digits = concat!(env!("CARGO_MANIFEST_DIR"), "/../trainer/data/digits");
    fs::create_dir(bench.path("data")).unwrap();
    let files: Vec<_> = fs::read_dir(digits).unwrap().map(|file| file.unwrap().path()).collect();
    for file in files {
        fs::copy(&file, bench.path("data").join(file.file_name().unwrap())).unwrap();
    }
    bench.write(
        "study.toml",
        SMALL.replace("source = \"digits\"", "source = { idx = \"data\" }").replace("epochs = 1\n", "epochs = 200\n"),
    );
    let run = start(&bench, "run study.toml --out out --jobs 1");
    wait_until(|| {
        fs::read_dir(bench.path("out/cells")).is_ok_and(|cells| {
            cells.flatten().any(|cell| {
                fs::read_to_string(cell.path().join("events.jsonl")).is_ok_and(|events| events.contains("started"))
            })
        })
    });
    fs::rename(bench.path("data"), bench.path("elsewhere")).unwrap();
    let ended = end(run);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.last_line().starts_with("4 cells: 1 finished, 0 diverged, 3 failed"), "{}", ended.last_line());
    assert!(ended.stderr.contains("failed: data.source: "), "{}", ended.stderr);
    fs::rename(bench.path("elsewhere"), bench.path("data")).unwrap();
    let again = bench.expect(0, "run study.toml --out out");
    assert!(
        again.last_line().contains("4 finished") && again.last_line().contains("3 trained"),
        "{}",
        again.last_line()
    );
}
