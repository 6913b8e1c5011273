#![cfg(unix)]

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
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
    // The log is there a moment before its lock.
    wait_until(|| !is_abandoned(&running));
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

/// On a terminal that draws no bars, lines say what ended, as where stderr is no terminal.
#[test]
fn a_terminal_without_bars_gets_lines() {
    if !Path::new("/usr/bin/script").exists() {
        return;
    }
    let said = |term: Option<&str>| {
        let bench = Bench::new();
        let program = bench.command(&[]).get_program().to_str().unwrap().to_owned();
        let mut script = Command::new("script");
        script.args(["-qec", &format!("'{program}' run study.toml --out out --jobs 1"), "/dev/null"]);
        script.current_dir(bench.path("")).stdin(Stdio::null());
        match term {
            Some(term) => script.env("TERM", term),
            None => script.env_remove("TERM"),
        };
        Ended::new(&script.output().unwrap()).stdout
    };
    for unable in [said(Some("dumb")), said(None)] {
        assert!(unable.contains("1/4  none-seed0  accuracy "), "{unable}");
        assert!(!unable.contains('\u{1b}') && !unable.contains('━'), "{unable:?}");
    }
    let able = said(Some("xterm"));
    assert!(able.contains('━'), "{able:?}");
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
    // What ends a job, at the end of a session or of its time, ends it as it does without `nohup`.
    signal("-TERM", child.id().into());
    let ended = Ended::new(&child.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    assert!(ended.stderr.contains("interrupted: what was finished is kept"), "{}", ended.stderr);
    assert!(is_abandoned(&running), "the worker lives on");
}

fn spawn(bench: &Bench, arguments: &str) -> Child {
    let arguments: Vec<&str> = arguments.split(' ').collect();
    bench.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn interrupted(child: Child) -> Ended {
    signal("-INT", child.id().into());
    let ended = Ended::new(&child.wait_with_output().unwrap());
    assert_eq!(ended.code, Some(130), "{}", ended.stderr);
    ended
}

#[test]
fn an_interrupt_ends_one_that_waits() {
    let bench = Bench::new();
    let (mut first, _) = start(&bench, false);
    let mut second =
        spawn(&bench, &format!("{} --wait", [ENDLESS, ONE_SEED].concat().join(" ").replace("[1, ", "[1,")));
    let mut said = BufReader::new(second.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(said.any(|line| line.contains("waiting until it ends")));
    interrupted(second);
    assert_eq!(said.collect::<Vec<_>>(), ["interrupted: nothing was trained"]);
    first.kill().unwrap();
    first.wait().unwrap();
}

/// A config of as many cells as there may be: the program takes a while to list them.
#[test]
#[cfg(target_os = "linux")]
fn an_interrupt_ends_one_that_plans() {
    let bench = Bench::new();
    let child = spawn(&bench, "run study.toml --out out --set vary.seeds=50000");
    let catches = || {
        const INTERRUPT: u64 = 1 << 1;
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        u64::from_str_radix(mask.trim(), 16).unwrap() & INTERRUPT != 0
    };
    wait_until(catches);
    assert_eq!(interrupted(child).stderr, "interrupted: nothing was trained\n");
    assert!(!bench.path("out").exists());
}

#[test]
fn an_interrupted_cell_goes_on_from_its_checkpoint() {
    let bench = Bench::new();
    let cell = "cell study.toml --index 0 --out out --checkpoint 0 --set train.epochs=900000";
    let child = spawn(&bench, cell);
    let cells = || if bench.path("out/cells").exists() { bench.cells("out") } else { Vec::new() };
    let is_half_run = || cells().iter().any(|cell| cell.join("checkpoint").exists());
    wait_until(is_half_run);
    let ended = interrupted(child);
    let advice = "\ninterrupted: the same command goes on from the last checkpoint\n";
    assert!(ended.stderr.contains(advice), "{}", ended.stderr);
    assert!(is_half_run());
}

#[test]
fn one_that_started_afresh_is_not_told_to_do_so_again() {
    let bench = Bench::new();
    let child = spawn(&bench, "run study.toml --out out --fresh --set train.epochs=900000");
    wait_until(|| bench.path("out/cells").exists() && !event_logs(&bench.path("out/cells")).is_empty());
    let ended = interrupted(child);
    assert!(ended.stderr.contains("; the same command without --fresh goes on from there"), "{}", ended.stderr);
}
