//! Training that is timed, and made-up images for it.
#![allow(dead_code, reason = "each bench uses a part")]

use std::fs;
use std::path::Path;

use untied_study::{CellResult, Event, Study};
use untied_trainer::train;

/// Bytes of a record of CIFAR-10.
const RECORD: usize = 1 + 3 * 32 * 32;

/// Trains the only cell of a config: its result, and the mean milliseconds of a step in every epoch, sorted.
pub(crate) fn milliseconds(config: &str) -> (CellResult, Vec<f64>) {
    let study = Study::parse(config, "timed.toml".as_ref(), &[]).expect("a config");
    let mut epochs = vec![(0, 0.0)];
    let emit = &mut |event: &Event| {
        if let Event::Epoch { step, train_seconds, .. } = event {
            epochs.push((*step, *train_seconds));
        }
    };
    let result = train(&study.cells[0].config, emit).expect("a run");
    let of_epoch = |pair: &[(usize, f64)]| 1e3 * (pair[1].1 - pair[0].1) / (pair[1].0 - pair[0].0) as f64;
    let mut means: Vec<f64> = epochs.windows(2).map(of_epoch).collect();
    means.sort_by(f64::total_cmp);
    (result, means)
}

/// So many made-up images in each of the five files that CIFAR-10 trains on, and 64 to test on.
pub(crate) fn write_cifar10(folder: &Path, images: usize) {
    let pixel = |at: usize| (at as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[0];
    for (file, name) in
        (1..=5).map(|number| format!("data_batch_{number}.bin")).chain(["test_batch.bin".into()]).enumerate()
    {
        let count = if name == "test_batch.bin" { 64 } else { images };
        let mut bytes: Vec<u8> = (0..count * RECORD).map(|at| pixel(at + file * images * RECORD)).collect();
        for record in bytes.chunks_exact_mut(RECORD) {
            record[0] %= 10;
        }
        fs::write(folder.join(name), bytes).expect("a file");
    }
}
