//! Studies of thousands of cells.
#![expect(clippy::print_stdout, reason = "what was measured")]

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use untied_study::{Study, StudyFolder};

use crate::made_up::{self, LARGE};
use crate::program::{Bench, Ended};

/// The large study, with made-up results for its first cells.
fn large(results: usize) -> Bench {
    let bench = Bench::new();
    bench.write("large.toml", LARGE);
    let study = Study::load(&bench.path("large.toml"), &[]).unwrap();
    let folder = StudyFolder::new(bench.path("out"));
    folder.write_config(&study).unwrap();
    fs::create_dir_all(folder.cells()).unwrap();
    let cells = &study.cells[..results];
    // Disks confirm many writes at a time as fast as one.
    thread::scope(|scope| {
        for cells in cells.chunks(cells.len().div_ceil(16).max(1)) {
            scope.spawn(|| cells.iter().for_each(|cell| made_up::write(&folder, cell)));
        }
    });
    bench
}

#[test]
fn every_cell_is_planned_listed_and_reported() {
    let bench = large(30);
    let plan = bench.expect(0, "run large.toml --out out --dry-run --jobs 2 --threads 1");
    assert!(plan.stdout.contains("10000 cells: 30 with results, 9970 to run by 2 workers of 1 thread"));
    assert_eq!(plan.stdout.matches("  finished  ").count(), 30);
    assert_eq!(plan.stdout.matches("  missing  ").count(), 9970);

    let report = bench.expect(1, "report out");
    assert!(report.last_line().starts_with("10000 cells: 30 finished, 0 diverged, 0 failed, 9970 missing"));
    assert_eq!(report.stderr.lines().filter(|line| line.starts_with("missing ")).count(), 9970);
    let results = bench.json("out/results.json");
    assert_eq!(results["cells"].as_array().unwrap().len(), 10_000);
    assert_eq!(results["comparisons"].as_array().unwrap().len(), 750);
    for file in ["report.md", "report.html"] {
        let size = fs::metadata(bench.path("out").join(file)).unwrap().len();
        assert!(size < 1_500_000, "{file} has {size} bytes");
    }

    let slurm = bench.expect(0, "slurm large.toml --out out --max-array-size 1001");
    assert!(slurm.stdout.contains("9970 to submit in 10 job arrays"), "{}", slurm.stdout);
}

/// Its start takes as long as in a grid of one cell: the config is not there for it to read.
#[test]
fn a_worker_reads_its_own_cell_alone() {
    let bench = large(2);
    fs::remove_file(bench.path("out/config.toml")).unwrap();
    let [cell, other] = &bench.cells("out")[..] else { panic!("two cells") };
    let id = |cell: &Path| cell.file_name().unwrap().to_str().unwrap().to_owned();
    let work = || {
        let mut worker = bench.command(&["worker", "out", &id(cell)]);
        let mut worker = worker.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // It ends when its stdin does.
        let _stdin = worker.stdin.take();
        Ended::new(&worker.wait_with_output().unwrap())
    };
    let ended = work();
    assert!(ended.code == Some(0) && ended.stderr.contains("is finished already"), "{}", ended.stderr);
    fs::copy(other.join("cell.json"), cell.join("cell.json")).unwrap();
    let (ended, foreign) = (work(), format!("cell.json belongs to `{}`", id(other)));
    assert!(ended.code == Some(2) && ended.stderr.contains(&foreign), "{}", ended.stderr);
}

/// What is done once for every pair of cells would take 64 times as long.
#[test]
fn eight_times_the_cells_take_about_eight_times_the_work() {
    let bench = large(0);
    for verb in ["run large.toml --dry-run --out none", "report"] {
        let seconds = [5, 40].map(|seeds| {
            let out = format!("out{seeds}");
            let set = format!("vary.seeds={seeds}");
            let arguments: Vec<&str> = if verb == "report" {
                bench.expect(0, &format!("slurm large.toml --max-array-size 99 --out {out} --set {set}"));
                vec!["report", &out]
            } else {
                verb.split(' ').chain(["--set", &set]).collect()
            };
            measure(&mut bench.command(&arguments)).cpu
        });
        let [small, large] = seconds.map(|time| time.as_secs_f64());
        assert!(large < 24.0 * small.max(0.05), "{verb}: {small} s of work for 5000 cells, {large} s for 40,000");
    }
}

/// Prints how long each took, which depends on the machine: `cargo test --test it -- --ignored --nocapture ten_thousand`.
#[test]
#[ignore = "it measures time and writes 10,000 folders"]
fn ten_thousand_cells_take_little_memory() {
    let bench = large(10_000);
    let worker = format!("worker out {}", bench.cells("out")[0].file_name().unwrap().display());
    for (arguments, most_kilobytes) in [
        ("run large.toml --out out --dry-run", 500_000),
        ("report out", 500_000),
        ("slurm large.toml --out out", 500_000),
        (&*worker, 50_000),
    ] {
        let used = measure(&mut bench.command(&arguments.split(' ').collect::<Vec<_>>()));
        println!("untied {arguments}: {:.2?}, {} MB", used.wall, used.peak_kilobytes / 1000);
        assert!(used.peak_kilobytes < most_kilobytes, "untied {arguments}: {} kB", used.peak_kilobytes);
    }
}

struct Used {
    wall: Duration,
    cpu: Duration,
    peak_kilobytes: u64,
}

/// Looks at the process until it has ended, and once more before it is gone.
fn measure(command: &mut Command) -> Used {
    let start = Instant::now();
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let mut peak_kilobytes = 0;
    while !has_ended(&child) {
        peak_kilobytes = peak(&child).unwrap_or(0).max(peak_kilobytes);
        sleep(Duration::from_millis(5));
    }
    let used = Used { wall: start.elapsed(), cpu: cpu(&child), peak_kilobytes };
    assert!(child.wait().unwrap().code().is_some_and(|code| code < 2), "{command:?}");
    used
}

/// The fields of `/proc/<pid>/stat` after the name, from the third on.
fn stat(child: &Child) -> Vec<String> {
    let text = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    text.rsplit(')').next().unwrap().split_whitespace().map(str::to_owned).collect()
}

fn has_ended(child: &Child) -> bool {
    stat(child)[0] == "Z"
}

/// User and system time, in hundredths of a second.
fn cpu(child: &Child) -> Duration {
    let ticks: u64 = stat(child)[11..13].iter().map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

fn peak(child: &Child) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
