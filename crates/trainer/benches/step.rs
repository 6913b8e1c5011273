//! Milliseconds of a training step, beside `pytorch_step.py`: means over the steps of an epoch, their median and the
//! least. Decoding the images into a batch is counted, evaluation is not; threads as `RAYON_NUM_THREADS` says.
//!
//! `cargo bench --bench step [-- PART_OF_A_NAME]`
#![expect(clippy::print_stdout, reason = "a program")]

use std::fs;
use std::path::Path;

use untied_study::{Event, Study};
use untied_trainer::train;

/// That of the program.
#[path = "../../cli/src/allocator.rs"]
mod allocator;

/// Bytes of a record of CIFAR-10.
const RECORD: usize = 1 + 3 * 32 * 32;

fn main() {
    allocator::keep_memory();
    let only = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let folder = tempfile::tempdir().expect("a temporary folder");
    write_cifar10(folder.path());
    let cifar10 = format!("{{ cifar10 = {:?} }}", folder.path().display().to_string());
    for (name, source, channels, epochs) in [
        ("1x28x28, 16-32-64", "\"fashion-mnist-6k\"", [16, 32, 64], 6),
        ("3x32x32, 32-64-128", cifar10.as_str(), [32, 64, 128], 6),
        ("1x8x8, 16-32-64", "\"digits\"", [16, 32, 64], 40),
    ] {
        for bias in ["none", "tied", "untied"] {
            let line = format!("{name:20} {bias:7}");
            if line.contains(&only) {
                let [median, least] = milliseconds(source, channels, bias, epochs);
                println!("{line} {median:8.2} ms, least {least:.2}");
            }
        }
    }
}

fn milliseconds(source: &str, channels: [usize; 3], bias: &str, epochs: usize) -> [f64; 2] {
    let config = format!(
        r#"
        name = "step"
        question = "How long does a step take?"
        data = {{ source = {source} }}
        model = {{ channels = {channels:?}, bias = "{bias}", norm = "batch" }}
        train = {{ epochs = {epochs}, batch_size = 64, optimizer = {{ sgd = {{ learning_rate = 0.01, momentum = 0.9 }} }} }}
        vary = {{ seeds = 1 }}
        "#
    );
    let study = Study::parse(&config, "step.toml".as_ref(), &[]).expect("a config");
    let mut epochs = vec![(0, 0.0)];
    let emit = &mut |event: &Event| {
        if let Event::Epoch { step, train_seconds, .. } = event {
            epochs.push((*step, *train_seconds));
        }
    };
    train(&study.cells[0].config, emit).expect("a run");
    let of_epoch = |pair: &[(usize, f64)]| 1e3 * (pair[1].1 - pair[0].1) / (pair[1].0 - pair[0].0) as f64;
    let mut means: Vec<f64> = epochs.windows(2).map(of_epoch).collect();
    means.sort_by(f64::total_cmp);
    [means[means.len() / 2], means[0]]
}

/// 50 batches of made-up images in the form of CIFAR-10.
fn write_cifar10(folder: &Path) {
    let pixel = |at: usize| (at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[0];
    for (file, name) in
        (1..=5).map(|number| format!("data_batch_{number}.bin")).chain(["test_batch.bin".into()]).enumerate()
    {
        let count = if name == "test_batch.bin" { 64 } else { 640 };
        let mut bytes: Vec<u8> = (0..count * RECORD).map(|at| pixel(at + file * 640 * RECORD)).collect();
        for record in bytes.chunks_exact_mut(RECORD) {
            record[0] %= 10;
        }
        fs::write(folder.join(name), bytes).expect("a file");
    }
}
