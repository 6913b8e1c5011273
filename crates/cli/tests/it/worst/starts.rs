//! Many processes of one cell at once, and systems that start no more of them.
#![expect(clippy::print_stdout, reason = "why a test was skipped")]

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::processes::children;
use crate::program::{Bench, Ended};

/// A Kubernetes job counts an index as failed for good when one of its pods ends with another code than 0.
#[test]
fn ten_starts_of_one_cell_all_end_well() {
    let bench = Bench::new();
    for round in 0..3 {
        let out = format!("out{round}");
        let start = |_| -> Child {
            let arguments = ["cell", "study.toml", "--index", "0", "--out", &out, "--threads", "1"];
            bench.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let children: Vec<Child> = (0..10).map(start).collect();
        let ended = children.into_iter().map(|child| Ended::new(&child.wait_with_output().unwrap()));
        let ended: Vec<Ended> = ended.collect();
        for one in &ended {
            assert_eq!(one.code, Some(0), "{}", one.stderr);
        }
        let trained = ended.iter().filter(|one| one.stderr.contains("epoch 1/1")).count();
        assert_eq!(trained, 1, "the others take its result");
        let left: Vec<_> =
            fs::read_dir(&bench.cells(&out)[0]).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(left.iter().all(|name| !name.to_string_lossy().starts_with('.')), "{left:?}");
    }
}

/// Killed between its result and the end, a worker leaves its last checkpoint, and the next one finds the cell done.
#[test]
fn what_is_left_of_a_cell_that_is_done_is_cleared_away() {
    let bench = Bench::new();
    bench.expect(0, "cell study.toml --index 0 --out out");
    let cell = bench.cells("out").remove(0);
    let id = cell.file_name().unwrap().to_str().unwrap().to_owned();
    let worker = format!("worker out {id} --threads 1 --checkpoint 0");
    for again in ["cell study.toml --index 0 --out out", "run study.toml --out out -q", &worker] {
        for name in ["checkpoint", ".result.json.a1B2c3"] {
            bench.write(&format!("out/cells/{id}/{name}"), "left");
        }
        // A worker ends with its stdin.
        let mut command = bench.command(&again.split(' ').collect::<Vec<_>>());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let stdin = child.stdin.take();
        assert!(child.wait().unwrap().success(), "{again}");
        drop(stdin);
        assert!(!cell.join("checkpoint").exists(), "{again}");
    }
    assert!(!cell.join(".result.json.a1B2c3").exists() && cell.join("result.json").exists());
}

/// The same within one run: its cell counts, and nobody comes after the worker that was killed.
#[test]
#[cfg(target_os = "linux")]
fn a_worker_killed_behind_its_result_leaves_nothing() {
    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    let bench = Bench::new();
    for round in 0..5 {
        let out = format!("out{round}");
        let run = ["run", "study.toml", "--out", &out, "--jobs", "1", "--checkpoint", "0", "-q"];
        let mut child = bench.command(&run).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let cells = || fs::read_dir(bench.path(&out).join("cells")).into_iter().flatten().flatten();
        while !cells().any(|cell| cell.path().join("result.json").exists()) && child.try_wait().unwrap().is_none() {
            sleep(Duration::from_micros(50));
        }
        // The worker of the next cell at worst, which is trained again.
        for worker in children(child.id()) {
            let _ = kill(Pid::from_raw(worker.try_into().unwrap()), Signal::SIGKILL);
        }
        assert!(child.wait().unwrap().success());
        for cell in bench.cells(&out) {
            assert!(!cell.join("checkpoint").exists() && cell.join("result.json").exists(), "round {round}");
        }
    }
}

/// `ulimit -u`, which counts threads too and which root alone is free of: the first worker takes all that there are.
#[test]
fn a_system_that_starts_no_more_processes_costs_no_cell() {
    let bench = Bench::new();
    let program = bench.path("untied");
    fs::copy(env!("CARGO_BIN_EXE_untied"), &program).unwrap();
    let open = Command::new("chmod").args(["-R", "a+rwX", "."]).current_dir(bench.path("")).status().unwrap();
    assert!(open.success());
    let mut counts = Vec::new();
    for most in [6, 9, 12, 15, 20] {
        // A user whom nobody else is, so that nothing else counts.
        let user = ["--reuid", "54321", "--regid", "54321", "--clear-groups", "prlimit"];
        let (limit, out) = (format!("--nproc={most}"), format!("out{most}"));
        let run = [&limit, "./untied", "run", "study.toml", "--out", &out, "--jobs", "4", "--threads", "1"];
        let output = Command::new("setpriv").args(user).args(run).current_dir(bench.path("")).output();
        let Some(output) = output.ok().filter(|output| !output.stderr.starts_with(b"setpriv: ")) else {
            println!("skipped: only root may run the program as somebody else");
            return;
        };
        let ended = Ended::new(&output);
        assert!(matches!(ended.code, Some(0..=2)), "{most}: {:?} {}", ended.code, ended.stderr);
        assert!(!ended.stderr.contains("panicked"), "{most}: {}", ended.stderr);
        counts.push((most, ended.code, ended.stderr));
    }
    let (_, code, said) = counts.last().unwrap();
    assert_eq!(*code, Some(0), "{said}");
    assert!(counts.iter().any(|(_, _, said)| said.contains("cannot start a ")), "{counts:?}");
}
