//! Milliseconds of a training step: means over the steps of an epoch, their median and the least, the first epoch apart.
//! Decoding the images into a batch is counted, evaluation is not; threads as `RAYON_NUM_THREADS` says.
//!
//! `cargo bench --bench step [-- PART_OF_A_NAME]`: the nets of the comparison with PyTorch, without biases, with tied and
//! with untied ones.
//!
//! For `benches/peer.py` and `benches/growth.py`, as JSON: `--list`, the nets; `--net NET` with `--channels C,…`,
//! `--input C,H,W`, `--batch N`, `--bias BIAS`, `--epochs N`, `--steps N` (of an epoch) and `--test N` (images), what any
//! net costs.
#![expect(clippy::print_stdout, reason = "a program")]

/// That of the program.
#[path = "../../cli/src/allocator.rs"]
mod allocator;
mod timed;

use std::fmt::Debug;
use std::str::FromStr;

use serde_json::{Value, json};
use timed::{Cost, Timed};

/// Training images of an epoch of the table.
const IMAGES: usize = 3200;
/// Images that are tested on, in the table.
const TEST: usize = 64;

fn main() {
    allocator::keep_memory();
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.first().map_or("", String::as_str) {
        "--list" => {
            let rows: Vec<Value> = Timed::all().iter().map(Timed::description).collect();
            let head = json!({"machine": untied_trainer::processor(), "registers": untied_trainer::registers().ok()});
            println!("{}", json!({"head": head, "rows": rows}));
        }
        "--net" => println!("{}", one(&arguments)),
        only => table(only),
    }
}

fn table(only: &str) {
    for net in Timed::all() {
        for bias in ["none", "tied", "untied"] {
            let net = Timed { bias: bias.to_owned(), ..net.clone() };
            let line = format!("{:36} {bias:7}", net.name());
            if line.contains(only) {
                let steps = measure(&net, IMAGES, TEST).steps;
                println!("{line} {:8.2} ms, least {:.2}", steps[steps.len() / 2], steps[0]);
            }
        }
    }
}

/// The cost of one net as JSON.
fn one(arguments: &[String]) -> Value {
    let value = |name: &str| arguments.iter().skip_while(|argument| *argument != name).nth(1).map(String::as_str);
    let number = |name: &str| numbers(value(name).unwrap_or_else(|| panic!("{name} is missing")))[0];
    let net = Timed {
        net: value("--net").unwrap_or_default().to_owned(),
        channels: value("--channels").map(numbers).unwrap_or_default(),
        input: value("--input").map(numbers).and_then(|sizes| sizes.try_into().ok()).expect("--input C,H,W"),
        batch: number("--batch"),
        bias: value("--bias").unwrap_or("none").to_owned(),
        epochs: number("--epochs"),
    };
    let Cost { result, steps, evaluations, memory } = measure(&net, number("--steps") * net.batch, number("--test"));
    json!({
        "step": steps[steps.len() / 2],
        "evaluation": evaluations[evaluations.len() / 2],
        "parameters": result.parameters.total,
        "before": memory.map(|memory| memory.before),
        "peak": memory.map(|memory| memory.peak),
    })
}

fn numbers<T: FromStr<Err: Debug>>(text: &str) -> Vec<T> {
    text.split(',').map(|number| number.parse().expect("a number")).collect()
}

/// Trains on so many images.
fn measure(net: &Timed, images: usize, test: usize) -> Cost {
    let folder = tempfile::tempdir().expect("a temporary folder");
    timed::write_cifar10(folder.path(), images.div_ceil(5), test);
    timed::cost(&net.config(folder.path()))
}
