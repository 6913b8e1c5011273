//! A small residual net: what the allocator costs, and what an untied bias of its stem costs in evaluation.
//!
//! Allocators take turns by the process, biases within it, so that what else the machine does meets all alike.
//! `cargo bench --bench net [-- SECONDS]`, for each row and process
#![cfg(feature = "flex")]
#![expect(clippy::print_stdout, reason = "it prints a table")]

mod allocator;
mod model;

use std::process::Command;
use std::time::{Duration, Instant};

use untied_conv::Bias;

/// Asks a process for its times.
const CHILD: &str = "BENCH_CHILD";
const ROUNDS: usize = 5;
/// Calls until caches and threads are warm.
const WARM_UP: usize = 10;
/// Names, and the environment of the process.
const ALLOCATORS: [(&str, &[(&str, &str)]); 3] = [
    ("mimalloc", &[]),
    ("the system's", &[(allocator::VARIABLE, "1")]),
    ("glibc's that keeps memory", &[(allocator::VARIABLE, "1"), KEEPS[0], KEEPS[1]]),
];
/// glibc takes large pieces from its own memory, and gives none of it back.
const KEEPS: [(&str, &str); 2] = [("MALLOC_MMAP_MAX_", "0"), ("MALLOC_TRIM_THRESHOLD_", "1099511627776")];

/// What is timed, and calls that take turns.
type Row = (&'static str, Vec<Box<dyn Fn()>>);

fn rows() -> Vec<Row> {
    let tied_and_untied = |of: fn(Bias) -> Box<dyn Fn()>| vec![of(Bias::Tied), of(Bias::Untied)];
    vec![
        ("batch norm + ReLU, 64x64x32x32", vec![model::norm([64, 64, 32, 32])]),
        ("batch norm + ReLU, 64x32x28x28", vec![model::norm([64, 32, 28, 28])]),
        ("net, forward and backward", tied_and_untied(model::step)),
        ("net, evaluation", tied_and_untied(model::inference)),
        ("stem, evaluation", tied_and_untied(model::stem)),
    ]
}

fn main() {
    let seconds = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(1.0);
    if std::env::var_os(CHILD).is_some() {
        for (_, calls) in &rows() {
            println!("{}", times(calls, seconds));
        }
        return;
    }
    let mut table = vec![vec![vec![]; ALLOCATORS.len()]; rows().len()];
    for _ in 0..ROUNDS {
        for (at, (_, environment)) in ALLOCATORS.iter().enumerate() {
            let printed = child(seconds, environment);
            for (row, line) in table.iter_mut().zip(printed.lines()) {
                row[at].push(line.split(' ').map(|time| time.parse().expect("a time")).collect::<Vec<f64>>());
            }
        }
    }
    for ((name, calls), row) in rows().iter().zip(&table) {
        for ((allocator, _), rounds) in ALLOCATORS.iter().zip(row) {
            let over = |of: &dyn Fn(usize) -> f64| median((0..ROUNDS).map(of).collect());
            let first = over(&|round| rounds[round][0]);
            let ratio = over(&|round| rounds[round][0] / row[0][round][0]);
            print!("{name:32} {allocator:26} {first:8.3} ms, {ratio:.2} x mimalloc");
            if calls.len() > 1 {
                print!("; untied / tied {:.3}", over(&|round| rounds[round][1] / rounds[round][0]));
            }
            println!();
        }
    }
}

/// What a process in this environment prints: the times of a row in a line.
fn child(seconds: f64, environment: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    let output = command.arg(seconds.to_string()).env(CHILD, "1").envs(environment.iter().copied()).output();
    let output = output.expect("this program runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

/// Median milliseconds of each call.
fn times(calls: &[Box<dyn Fn()>], seconds: f64) -> String {
    let mut times = vec![vec![]; calls.len()];
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    for round in 0.. {
        for (call, times) in calls.iter().zip(&mut times) {
            let start = Instant::now();
            call();
            if round >= WARM_UP {
                times.push(1e3 * start.elapsed().as_secs_f64());
            }
        }
        if round > WARM_UP && Instant::now() > end {
            break;
        }
    }
    times.into_iter().map(|times| median(times).to_string()).collect::<Vec<_>>().join(" ")
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
