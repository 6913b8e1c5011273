//! What a bias before batch norm costs: parameters and milliseconds of a training step of nets by name, without biases, with
//! tied and with untied ones, as JSON. The three are trained in turns, so that a machine that slows down slows all; batches of
//! 64 made-up images of 3×32×32. Decoding the images into a batch is counted, evaluation is not; threads as
//! `RAYON_NUM_THREADS` says. Means of a step over an epoch; of all turns and all their
//! epochs but the first, the median and the least.
//!
//! `cargo bench --profile dev --workspace --bench presets > experiments/lint/times.json`, on a machine with nothing else to do
#![expect(clippy::print_stdout, reason = "a program")]

/// That of the program.
#[path = "../../cli/src/allocator.rs"]
mod allocator;
mod timed;

use std::path::Path;

use serde_json::{Value, json};
use timed::{Cost, Timed};

const COMMAND: &str = "cargo bench --profile dev --workspace --bench presets > experiments/lint/times.json";

/// Nets, and the channels of those that are not as published.
const NETS: [(&str, &[usize]); 4] =
    [("plain", &[32, 64, 128]), ("resnet8", &[]), ("resnet20", &[]), ("mobilenet_small", &[])];
const BIASES: [&str; 3] = ["none", "tied", "untied"];
const TURNS: usize = 3;
/// Epochs of a turn, of ten batches each.
const EPOCHS: usize = 5;
const IMAGES: usize = 640;

fn main() {
    allocator::keep_memory();
    let folder = tempfile::tempdir().expect("a temporary folder");
    timed::write_cifar10(folder.path(), IMAGES / 5, 64);
    let rows: Vec<Value> = NETS.iter().flat_map(|(net, channels)| rows(net, channels, folder.path())).collect();
    let threads = std::env::var("RAYON_NUM_THREADS").ok().and_then(|threads| threads.parse::<usize>().ok());
    let threads = threads.or_else(|| std::thread::available_parallelism().ok().map(Into::into));
    let machine = untied_trainer::processor();
    let head = json!({"machine": machine, "threads": threads, "command": COMMAND, "rows": rows});
    println!("{head:#}");
}

/// One net with each kind of bias, in turns.
fn rows(net: &str, channels: &[usize], images: &Path) -> Vec<Value> {
    let mut parameters = BIASES.map(|_| (0, 0));
    let mut times = BIASES.map(|_| Vec::new());
    for _ in 0..TURNS {
        for (index, bias) in BIASES.iter().enumerate() {
            let net = Timed {
                net: net.to_owned(),
                channels: channels.to_vec(),
                input: [3, 32, 32],
                batch: 64,
                bias: (*bias).to_owned(),
                epochs: EPOCHS,
            };
            let Cost { result, steps, .. } = timed::cost(&net.config(images));
            parameters[index] = (result.parameters.total, result.parameters.bias);
            times[index].extend(steps);
        }
    }
    let row = |(index, bias): (usize, &&str)| {
        let mut times = times[index].clone();
        times.sort_by(f64::total_cmp);
        let rounded = |milliseconds: f64| (100.0 * milliseconds).round() / 100.0;
        json!({
            "net": net,
            "bias": bias,
            "parameters": parameters[index].0,
            "bias_parameters": parameters[index].1,
            "median_milliseconds": rounded(times[times.len() / 2]),
            "least_milliseconds": rounded(times[0]),
        })
    };
    BIASES.iter().enumerate().map(row).collect()
}
