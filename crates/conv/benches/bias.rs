//! What a bias costs: forward and backward of a convolution with a tied and with an untied bias over those without.
//!
//! The three take turns, so that what else the machine does meets all alike; each round gives its own ratios. As in
//! training, the caller is a thread of the pool.
//!
//! `cargo bench --bench bias [-- --seconds S]`: a table of all shapes. For `benches/peer.py`, as JSON: `--list`, the
//! shapes; `--row INDEX`, the medians of one.
#![cfg(feature = "flex")]
#![expect(clippy::print_stdout, reason = "it prints a table")]

mod step;

use std::time::{Duration, Instant};

use serde_json::json;
use step::{SHAPES, Sizes, ours};
use untied_conv::Bias;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Rounds until caches and threads are warm.
const WARM_UP: usize = 10;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| arguments.iter().skip_while(|argument| *argument != name).nth(1);
    let duration = value("--seconds").map_or(10.0, |seconds| seconds.parse().expect("seconds"));
    let duration = Duration::from_secs_f64(duration);
    if arguments.iter().any(|argument| argument == "--list") {
        println!("{}", json!(SHAPES));
    } else if let Some(row) = value("--row") {
        let Medians { none, tied, untied, .. } = medians(SHAPES[row.parse::<usize>().expect("an index")], duration);
        println!("{}", json!({"none": none, "tied": none * tied, "untied": none * untied}));
    } else {
        table(duration);
    }
}

fn table(duration: Duration) {
    println!("{:28} {:>7} {:>9} {:>12} {:>13}", "shape", "rounds", "none, ms", "tied / none", "untied / none");
    for shape in SHAPES {
        let Medians { rounds, none, tied, untied } = medians(shape, duration);
        println!("{:28} {rounds:>7} {none:>9.3} {tied:>12.3} {untied:>13.3}", format!("{shape:?}"));
    }
}

struct Medians {
    rounds: usize,
    /// Milliseconds.
    none: f64,
    /// Over none, of the same round.
    tied: f64,
    untied: f64,
}

fn medians(shape: Sizes, duration: Duration) -> Medians {
    rayon::scope(|_| medians_here(shape, duration))
}

fn medians_here(shape: Sizes, duration: Duration) -> Medians {
    let convolutions = [Bias::None, Bias::Tied, Bias::Untied].map(|bias| ours(shape, &bias));
    let (mut none, mut tied, mut untied) = (vec![], vec![], vec![]);
    let end = Instant::now() + duration;
    for round in 0.. {
        let mut times = [0.0; 3];
        for turn in 0..3 {
            // Each follows each of the others.
            let at = (round + turn * (1 + round % 2)) % 3;
            let start = Instant::now();
            convolutions[at]();
            times[at] = start.elapsed().as_secs_f64();
        }
        if round >= WARM_UP {
            none.push(1e3 * times[0]);
            tied.push(times[1] / times[0]);
            untied.push(times[2] / times[0]);
            if Instant::now() > end {
                break;
            }
        }
    }
    let rounds = none.len();
    let [none, tied, untied] = [none, tied, untied].map(median);
    Medians { rounds, none, tied, untied }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
