//! Accuracies on moved test images, and how far they are from the baseline's.

use std::collections::HashMap;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::json;
use untied_report::render;
use untied_study::{CellRecord, Results, Status, Translated};

use super::{about_zero, happens, read, unit};
use crate::made_up::{baseline, cell, factors, results, unfinished};

const PIXELS: [usize; 2] = [1, 3];

fn study(rng: &mut ChaCha8Rng) -> Results {
    let seeds = 1 + (unit(rng) * 5.0) as u64;
    let scatter = 0.05 * unit(rng).powi(3);
    let mut cells = Vec::new();
    for bias in ["none", "tied", "untied"] {
        for seed in 0..seeds {
            let mut run = cell(factors(&[("model.bias", json!(bias))]), seed, 0.0, 1);
            let mut moved =
                |pixels| Translated { pixels, accuracy: 0.5 + scatter * about_zero(rng), loss: 1.0 + pixels as f64 };
            run.measured.translated = PIXELS.map(&mut moved).into();
            cells.push(if happens(0.1, rng) { unfinished(run, Status::Diverged, None) } else { run });
        }
    }
    results("moved", "", cells, &baseline())
}

/// Accuracies of a variant by seed.
fn accuracies(cells: &[CellRecord], bias: &str, pixels: usize) -> HashMap<u64, f64> {
    let of = cells.iter().filter(|run| run.factors["model.bias"] == bias && run.status == Status::Finished);
    let moved = |run: &CellRecord| run.measured.translated.iter().find(|one| one.pixels == pixels).copied();
    of.filter_map(|run| Some((run.seed, moved(run)?.accuracy))).collect()
}

#[test]
fn differences_on_moved_images_are_those_of_pairs_with_an_interval_of_some_width() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let mut intervals = 0;
    for _ in 0..200 {
        let all = study(&mut rng);
        let text = render(&all, Some(&baseline())).markdown.replace('\\', "");
        let section = text.split("\n## ").find(|part| part.starts_with("Test images moved"));
        let rows = section.into_iter().flat_map(str::lines).filter(|line| line.starts_with("| bias "));
        for row in rows {
            let cells: Vec<&str> = row.split(" | ").map(|cell| cell.trim_matches(['|', ' '])).collect();
            let (bias, pixels) = (cells[0].trim_start_matches("bias "), read(cells[1]) as usize);
            if !PIXELS.contains(&pixels) {
                continue;
            }
            let [of, base] = [bias, "none"].map(|bias| accuracies(&all.cells, bias, pixels));
            let pairs: Vec<f64> = of.iter().filter_map(|(seed, one)| Some(one - base.get(seed)?)).collect();
            if bias == "none" || pairs.is_empty() {
                assert_eq!(cells[5..], ["–", "–"], "{row}");
                continue;
            }
            let mean = pairs.iter().sum::<f64>() / pairs.len() as f64;
            assert!((read(cells[5]) - mean).abs() < 1e-4, "{row} {mean}");
            assert_eq!(cells[6] == "–", pairs.len() < 2, "{row}");
            if let Some((low, high)) = cells[6].trim_matches(['[', ']']).split_once(", ") {
                let (low, high) = (read(low), read(high));
                // 12.7 is Student's quantile of two pairs, the widest; a quarter of an image of 1000 the least spread.
                let reach = 0.00025 * 1.96 / (pairs.len() as f64).sqrt();
                assert!(low < mean + 1e-4 && mean - 1e-4 < high && high - low >= 2.0 * reach - 2e-4, "{row}");
                assert!((f64::midpoint(low, high) - mean).abs() < 2e-4, "{row}");
                intervals += 1;
            }
        }
    }
    assert!(intervals > 300, "{intervals}");
}
