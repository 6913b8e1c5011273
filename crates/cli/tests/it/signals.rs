#![cfg(unix)]

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::processes::{signal, wait_until};
use crate::program::{Bench, Ended};

/// One cell that is soon done, and one that would take hours.
const ENDLESS: &[&str] =
    &["run", "study.toml", "--out", "out", "--jobs", "2", "--set", "vary.\"train.epochs\"=[1, 900000]"];
const ONE_SEED: &[&str] = &["--set", "vary.seeds=1", "--set", "vary.\"model.bias\"=[\"tied\"]"];

/// Starts the run and waits until its first cell is done; gives the event log of the other.
fn start(bench: &Bench, nohup: bool) -> (Child, PathBuf) {
    // `[vary]` lists the epochs, so that `[train]` must not give them.
    bench.write("study.toml", config());
    let mut command = bench.command(&[ENDLESS, ONE_SEED].concat());
    if nohup {
        // As `nohup` does it; the shell gives the ignored signal on to the program.
        let mut shell = Command::new("sh");
        shell.args(["-c", "trap '' HUP; exec \"$@\"", "sh"]).arg(command.get_program()).args(command.get_args());
        shell.current_dir(bench.path("")).stdin(Stdio::null());
        command = shell;
    }
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let cells = bench.path("out/cells");
    wait_until(|| event_logs(&cells).len() == 2 && event_logs(&cells).iter().any(|log| has_result(log)));
    let running = event_logs(&cells).into_iter().find(|log| !has_result(log)).unwrap();
    (child, running)
}

fn config() -> String {
    let lines = crate::program::SMALL.lines().filter(|line| !line.starts_with("epochs"));
    let text: Vec<&str> = lines.take_while(|line| *line != "[compare]").collect();
    text.join("\n")
}

fn has_result(log: &Path) -> bool {
    log.with_file_name("result.json").exists()
}

fn event_logs(cells: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(cells) else { return Vec::new() };
    let logs = entries.map(|entry| entry.unwrap().path().join("events.jsonl"));
    logs.filter(|log| log.exists()).collect()
}

/// Its worker holds a lock on it as long as it lives.
fn is_abandoned(log: &Path) -> bool {
    File::open(log).unwrap().try_lock().is_ok()
}

#[test]
fn an_interrupt_keeps_what_is_finished() {
    let bench = Bench::new();
    let (child, running) = start(&bench, false);
    let second = bench.run(&[ENDLESS, ONE_SEED].concat());
    assert_eq!(second.code, Some(2), "{}", second.stderr);
    assert!(second.stderr.contains(&format!("by process {}", child.id())), "{}", second.stderr);

    signal("-INT", child.id().into());
    let ended = Ended::new(&child.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    assert!(ended.stderr.contains("interrupted: ") && ended.stderr.contains("goes on"), "{}", ended.stderr);
    assert!(ended.last_line().starts_with("2 cells: 1 finished, 0 diverged, 0 failed, 1 missing; 1 trained"));
    assert_eq!(bench.json("out/results.json")["cells"][0]["status"], "finished");
    assert!(is_abandoned(&running), "the worker lives on");
}

#[test]
fn workers_end_with_their_parent() {
    let bench = Bench::new();
    let (mut child, running) = start(&bench, false);
    assert!(!is_abandoned(&running));
    child.kill().unwrap();
    child.wait().unwrap();
    wait_until(|| is_abandoned(&running));
}

#[test]
#[cfg(target_os = "linux")]
fn nohup_is_respected() {
    let bench = Bench::new();
    let (mut child, running) = start(&bench, true);
    signal("-HUP", child.id().into());
    sleep(Duration::from_millis(500));
    assert!(child.try_wait().unwrap().is_none() && !is_abandoned(&running));
    child.kill().unwrap();
    child.wait().unwrap();
    wait_until(|| is_abandoned(&running));
}
