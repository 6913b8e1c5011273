//! The work of a report grows with the number of runs, not with its square.

use serde_json::json;
use untied_report::{compare, render};
use untied_study::CellRecord;

use crate::made_up;

/// So many variants, a third of them with a bias, two seeds each, and one run in nine unfinished.
fn cells(variants: u64) -> Vec<CellRecord> {
    let mut cells = Vec::new();
    for variant in 0..variants {
        let bias = ["none", "tied", "untied"][variant as usize % 3];
        let factors = made_up::factors(&[("model.bias", json!(bias)), ("train.batch_size", json!(8 + variant / 3))]);
        for seed in 0..2 {
            let cell = made_up::cell(factors.clone(), seed, 0.01 * made_up::noise(variant, seed), 3);
            let status = untied_study::Status::Missing;
            cells.push(if variant % 9 == 5 { made_up::unfinished(cell, status, None) } else { cell });
        }
    }
    cells
}

/// Seconds that this thread has worked.
fn worked() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("the scheduler's count of nanoseconds");
    text.split_whitespace().next().and_then(|nanoseconds| nanoseconds.parse().ok()).map_or(0.0, |n: f64| n * 1e-9)
}

/// The least of a few tries, in seconds.
fn work(variants: u64) -> f64 {
    let cells = cells(variants);
    let losses: Vec<Option<Vec<f64>>> = cells.iter().map(|cell| Some(cell.curves.train_loss.clone())).collect();
    let once = || {
        let start = worked();
        let mut results = made_up::results("large", "Does it scale?", Vec::new(), &made_up::baseline());
        results.comparisons = compare(&cells, &losses, &made_up::baseline());
        assert_eq!(results.comparisons.len() as u64, variants / 3 * 2);
        results.cells.clone_from(&cells);
        let report = render(&results, None);
        assert!(report.html.contains("results.json has all") && report.html.len() < 3_000_000);
        worked() - start
    };
    (0..3).map(|_| once()).fold(f64::INFINITY, f64::min)
}

#[test]
fn eight_times_the_variants_are_about_eight_times_the_work() {
    let (small, large) = (work(600), work(4800));
    assert!(large < 24.0 * small, "{small} s for 600 variants, {large} s for 4800");
}
