//! Made-up results of `[measure]`.

use serde_json::{Value, json};
use untied_study::{
    Adaptation, Adapting, BiasMap, CompareConfig, JacobianRank, LayerRedundancy, Noisy, NormStatistics, Results,
    ShiftPattern, Translated,
};

use super::{baseline, cell, drift, factors, layer, noise, results};

/// Norm × padding, tied biases, shifts of three patterns: 4 variants; nothing is compared.
pub(crate) fn location_shift(seeds: u64) -> Results {
    let mut cells = Vec::new();
    for norm in ["none", "batch"] {
        for padding in ["same", "valid"] {
            for seed in 0..seeds {
                let mut run =
                    cell(factors(&[("model.norm", json!(norm)), ("model.padding", json!(padding))]), seed, 0.0, 3);
                let metrics = run.metrics;
                let clean = (metrics.test_accuracy.unwrap(), metrics.test_loss.unwrap());
                run.measured.adaptations = adaptations(norm == "batch", padding == "valid", seed, clean);
                cells.push(run);
            }
        }
    }
    let question = "Which shifts of its input can a convolution's bias undo, tied or untied?";
    let mut results = results("location_shift", question, cells, &baseline());
    results.comparisons.clear();
    results
}

fn adaptations(batch: bool, valid: bool, seed: u64, clean: (f64, f64)) -> Vec<Adaptation> {
    let mut all = Vec::new();
    for (kind, pattern) in [ShiftPattern::Uniform, ShiftPattern::Smooth, ShiftPattern::White].into_iter().enumerate() {
        let tied = [if valid { 1.0 } else { 0.9 }, 0.12, 0.01][kind];
        for strength in [0.25, 0.5, 1.0, 2.0] {
            for draw in 0..3 {
                let wobble = 1.0 + 0.2 * noise(60 + kind as u64, seed * 3 + draw as u64);
                let lost = [0.14, 0.2, 0.1][kind] * strength * wobble;
                let both = [NormStatistics::Trained, NormStatistics::Reestimated];
                for statistics in both.into_iter().take(if batch { 2 } else { 1 }) {
                    let one = Adaptation { statistics, ..unadapted(pattern, strength, draw) };
                    all.extend(methods(tied, seed, &one).map(|(one, share)| recovered(one, share, lost, clean)));
                }
            }
        }
    }
    all
}

/// The tied bias with its trained statistics, not evaluated yet.
pub(crate) fn unadapted(pattern: ShiftPattern, strength: f64, draw: usize) -> Adaptation {
    Adaptation {
        pattern,
        strength,
        draw,
        statistics: NormStatistics::Trained,
        bias: "tied".into(),
        adapting: Adapting::Nothing,
        images: None,
        accuracy: 0.0,
        loss: 0.0,
    }
}

/// A model that recovers a share of what it lost.
fn recovered(one: Adaptation, share: f64, lost: f64, (clean, clean_loss): (f64, f64)) -> Adaptation {
    let still = lost * (1.0 - share);
    Adaptation { accuracy: clean - still, loss: clean_loss + 4.0 * still, ..one }
}

/// Every method of adapting and the share that it recovers.
fn methods(tied: f64, seed: u64, start: &Adaptation) -> impl Iterator<Item = (Adaptation, f64)> + use<> {
    let again = if start.statistics == NormStatistics::Reestimated { 0.3 } else { 0.0 };
    let method = |bias: &str, adapting, images| Adaptation { bias: bias.into(), adapting, images, ..start.clone() };
    let mut all = vec![(start.clone(), again), (method("none", Adapting::Nothing, None), again - 0.1)];
    for (bias, share) in [("tied", tied), ("untied", 1.0)] {
        all.push((method(bias, Adapting::Exact, None), share.max(again)));
        for images in [10, 100, 1000] {
            let of = 1.0 - 1.0 / (images as f64).sqrt();
            let own = 0.02 * noise(70 + images as u64, seed + start.draw as u64 * 31);
            let tuned = if bias == "tied" { share } else { 0.9 };
            all.push((method(bias, Adapting::MeanImages, Some(images)), (share * of).max(again) + own));
            all.push((method(bias, Adapting::FineTuned, Some(images)), (tuned * of * of).max(again) + own));
        }
    }
    all.into_iter()
}

/// Norm × bias with the rank of every Jacobian; one of them differs from theory.
pub(crate) fn norm_map(seeds: u64) -> Results {
    let norms = [json!("none"), json!("batch"), json!("batch_per_activation"), json!("instance")];
    let norms = norms.into_iter().chain([json!({"group": 4}), json!("layer"), json!("rms")]);
    let mut cells = Vec::new();
    for norm in norms {
        for (kind, bias) in [json!("tied"), json!({"untied_along": [0]}), json!("untied")].into_iter().enumerate() {
            for seed in 0..seeds {
                let keys = [("model.bias", bias.clone()), ("model.norm", norm.clone())];
                let mut run = cell(factors(&keys), seed, 0.0, 3);
                let rank = |name: &str, channels, side| jacobian(name, &norm, kind, seed, channels, side);
                run.measured.jacobian = vec![rank("block1", 8, 8), rank("block2", 16, 4)];
                cells.push(run);
            }
        }
    }
    let config = CompareConfig { baseline: factors(&[("model.bias", json!("tied"))]), ..baseline() };
    results("norm_map", "Which part of a bias does each normalization remove?", cells, &config)
}

fn jacobian(name: &str, norm: &Value, kind: usize, seed: u64, channels: usize, side: usize) -> JacobianRank {
    let bias_parameters = channels * [1, side, side * side][kind];
    let predicted = match norm.as_str() {
        Some("none" | "rms") => 0,
        Some("batch_per_activation") => bias_parameters,
        Some("batch" | "instance") => channels,
        Some("layer") => 1,
        _ => 4,
    };
    let differs = norm == "batch_per_activation" && kind == 2 && seed == 1 && name == "block1";
    let redundant = predicted - usize::from(differs);
    JacobianRank {
        layer: name.into(),
        bias_parameters,
        predicted_redundant: predicted,
        rank: bias_parameters - redundant,
        threshold: 3e-11,
        smallest_kept: (redundant < bias_parameters).then_some(0.41 * (1.0 + 0.1 * noise(80, seed))),
        largest_dropped: (redundant > 0).then_some(2.3e-14),
        variance: match norm.as_str() {
            Some("none") => None,
            Some("batch_per_activation") => Some([3.1e-33, 2.0]),
            _ => Some([0.02, 2.0]),
        },
    }
}

/// Two tasks by three biases, with moved test images and maps of the biases.
pub(crate) fn position(seeds: u64) -> Results {
    let mut cells = Vec::new();
    for label in ["class", "quadrant"] {
        for bias in [json!("none"), json!("tied"), json!("untied"), json!({"untied_along": [0]})] {
            for seed in 0..seeds {
                let gain = if label == "quadrant" && bias == "untied" { 0.05 } else { 0.003 * noise(90, seed) };
                let keys = [("data.canvas.label", json!(label)), ("model.bias", bias.clone())];
                let mut run = cell(factors(&keys), seed, gain, 3);
                let accuracy = run.metrics.test_accuracy.unwrap();
                let slope = if bias == "untied" { 0.03 } else { 0.012 };
                run.measured.translated = [1, 2, 4, 6]
                    .map(|pixels| Translated {
                        pixels,
                        accuracy: accuracy - slope * pixels as f64 * (1.0 + 0.2 * noise(91, seed)),
                        loss: 0.5 + 0.1 * pixels as f64,
                    })
                    .into();
                run.measured.noisy = [0.25, 1.5]
                    .map(|strength| Noisy {
                        strength,
                        accuracy: accuracy * (1.0 - 0.2 * strength),
                        loss: 0.5 + strength,
                    })
                    .into();
                if seed == 0 && bias != "none" {
                    run.measured.bias_maps = maps(&bias);
                }
                cells.push(run);
            }
        }
    }
    results("position", "Does an untied bias help where the label depends on the location?", cells, &baseline())
}

fn maps(bias: &Value) -> Vec<BiasMap> {
    let map = |layer: &str, channels: usize, side: usize| {
        let shape = match bias.as_str() {
            Some("tied") => [channels, 1, 1],
            Some(_) => [channels, side, side],
            None => [channels, side, 1],
        };
        let value = |index: usize| {
            let (channel, place) = (index / (shape[1] * shape[2]), index % (shape[1] * shape[2]));
            let (y, x) = ((place / shape[2]) as f64 / side as f64, (place % shape[2]) as f64 / side as f64);
            let wave = (3.0 * y + channel as f64).sin() * (4.0 * x - channel as f64).cos();
            0.2 * wave + 0.06 * noise(95 + channel as u64, place as u64)
        };
        BiasMap { layer: layer.into(), shape, values: (0..shape.iter().product()).map(value).collect() }
    };
    vec![map("block1", 16, 28), map("block2", 32, 14)]
}

/// Six optimizers, two float types, three biases: 36 variants, whose redundant biases drift.
pub(crate) fn adam_drift(seeds: u64) -> Results {
    let adam = |name: &str, epsilon: f64| json!({name: {"learning_rate": 0.003, "epsilon": epsilon}});
    let optimizers = [
        json!({"sgd": {"learning_rate": 0.05}}),
        json!({"sgd": {"learning_rate": 0.05, "momentum": 0.9}}),
        adam("adam", 1e-8),
        adam("adam", 1e-5),
        adam("adamw", 1e-8),
        adam("adamw", 1e-5),
    ];
    let mut cells = Vec::new();
    for (number, optimizer) in optimizers.iter().enumerate() {
        for dtype in ["f32", "f64"] {
            for bias in ["none", "tied", "untied"] {
                for seed in 0..seeds {
                    let keys = [("model.bias", json!(bias)), ("train.dtype", json!(dtype))];
                    let mut keys = factors(&keys);
                    keys.insert("train.optimizer".into(), optimizer.clone());
                    let mut run = cell(keys, seed, if bias == "untied" { 0.004 * noise(97, seed) } else { 0.0 }, 5);
                    if bias != "none" {
                        let pace = if number < 2 { 1e-9 } else { 1e-4 / number as f64 };
                        let pace = if dtype == "f64" { pace * 1e-7 } else { pace };
                        run.redundancy =
                            vec![LayerRedundancy { drift: drift(pace, seed), ..layer("block1", 8, 8, 4e-6, 2.5e-8) }];
                    }
                    cells.push(run);
                }
            }
        }
    }
    results("adam_drift", "How far do optimizers carry a bias that batch norm removes?", cells, &baseline())
}
