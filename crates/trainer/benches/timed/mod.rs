//! Training that is timed, on made-up images.
#![allow(dead_code, reason = "each bench uses a part")]

mod memory;
mod net;

use std::fs;
use std::path::Path;
use std::time::Instant;

use untied_study::{CellResult, Event, Study};
use untied_trainer::train;

use memory::Memory;
pub(crate) use net::Timed;

/// Bytes of a record of CIFAR-10.
const RECORD: usize = 1 + 3 * 32 * 32;

/// What a run costs.
pub(crate) struct Cost {
    pub(crate) result: CellResult,
    /// Mean milliseconds of a step in every epoch but the first of several, sorted.
    pub(crate) steps: Vec<f64>,
    /// Milliseconds of evaluating the test images after each of these epochs, sorted.
    pub(crate) evaluations: Vec<f64>,
    /// Memory before the first step and at most until the first evaluation ends, where the system tells.
    pub(crate) memory: Option<Memory>,
}

/// Trains the only cell of a config.
pub(crate) fn cost(config: &str) -> Cost {
    let study = Study::parse(config, "timed.toml".as_ref(), &[]).expect("a config");
    let (mut epochs, mut before, mut memory) = (vec![], None, None);
    let emit = &mut |event: &Event| match event {
        Event::Started { .. } => {
            before = Memory::start();
            epochs.push((0, 0.0, Instant::now()));
        }
        Event::Epoch { step, train_seconds, .. } => {
            memory = memory.or_else(|| before.and_then(Memory::end));
            epochs.push((*step, *train_seconds, Instant::now()));
        }
        _ => {}
    };
    let result = train(&study.cells[0].config, emit).expect("a run");
    let (mut steps, mut evaluations) = (vec![], vec![]);
    for pair in epochs.windows(2).skip(usize::from(epochs.len() > 2)) {
        let ((step, trained, end), (next_step, next_trained, next_end)) = (pair[0], pair[1]);
        steps.push(1e3 * (next_trained - trained) / (next_step - step) as f64);
        evaluations.push(1e3 * ((next_end - end).as_secs_f64() - (next_trained - trained)));
    }
    steps.sort_by(f64::total_cmp);
    evaluations.sort_by(f64::total_cmp);
    Cost { result, steps, evaluations, memory }
}

/// So many made-up images in each of the five files that CIFAR-10 trains on, and so many to test on.
pub(crate) fn write_cifar10(folder: &Path, images: usize, test: usize) {
    let pixel = |at: usize| (at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[0];
    for (file, name) in
        (1..=5).map(|number| format!("data_batch_{number}.bin")).chain(["test_batch.bin".into()]).enumerate()
    {
        let count = if name == "test_batch.bin" { test } else { images };
        let mut bytes: Vec<u8> = (0..count * RECORD).map(|at| pixel(at + file * images * RECORD)).collect();
        for record in bytes.chunks_exact_mut(RECORD) {
            record[0] %= 10;
        }
        fs::write(folder.join(name), bytes).expect("a file");
    }
}
