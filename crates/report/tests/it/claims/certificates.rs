//! Certificates and ranks: how many, and of which biases.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::json;
use untied_redundancy::{CERTIFICATE_FACTOR, Finding};
use untied_report::render;
use untied_study::{CellRecord, JacobianRank, LayerRedundancy, Results};

use super::{answer, happens, read, unit};
use crate::made_up::{baseline, cell, certificate, factors, layer, results};

/// Layers with any ratio, some without evidence, some at work, some of an older version.
fn study(rng: &mut ChaCha8Rng) -> Results {
    let (seeds, variants) = (1 + (unit(rng) * 4.0) as u64, 1 + (unit(rng) * 4.0) as usize);
    let mut cells = Vec::new();
    for variant in 0..variants {
        let (old, sets) = (happens(0.2, rng), [0, 16][usize::from(happens(0.8, rng))]);
        for seed in 0..seeds {
            let mut run = cell(factors(&[("model.bias", json!(format!("bias {variant}")))]), seed, 0.0, 1);
            let ratio = 32.0 * 10f64.powf(1.5 * (unit(rng) - 0.9));
            let without = if happens(0.1, rng) { 3 } else { 0 };
            let one = layer("block1", 64, sets, 3.1e-8 * ratio, 3.1e-8 * ratio / 1.5);
            let record = (!old).then(|| certificate(sets, without.min(sets), ratio));
            run.redundancy = vec![LayerRedundancy { certificate: record, ..one }];
            run.measured.jacobian = vec![rank(sets, happens(0.05, rng))];
            cells.push(run);
        }
    }
    let mut all = results("certificates", "", cells, &baseline());
    all.comparisons.clear();
    all
}

fn rank(redundant: usize, differs: bool) -> JacobianRank {
    JacobianRank {
        layer: "block1".into(),
        bias_parameters: 64,
        predicted_redundant: redundant,
        rank: 64 - redundant - usize::from(differs),
        threshold: 1e-11,
        smallest_kept: Some(0.4),
        largest_dropped: Some(1e-14),
        variance: None,
    }
}

/// The records of each variant that theory calls redundant.
fn redundant(cells: &[CellRecord]) -> Vec<Vec<&LayerRedundancy>> {
    let mut variants: Vec<Vec<&LayerRedundancy>> = Vec::new();
    for run in cells {
        let one = &run.redundancy[0];
        match variants.last_mut() {
            Some(last) if run.seed > 0 => last.push(one),
            _ => variants.push(vec![one]),
        }
    }
    variants.retain(|records| records[0].predicted_redundant > 0);
    variants
}

#[test]
fn only_what_every_seed_certifies_is_called_certified() {
    let mut rng = ChaCha8Rng::seed_from_u64(8);
    let mut seen = [0; 3];
    for _ in 0..400 {
        let all = study(&mut rng);
        let text = render(&all, None).markdown.replace('\\', "");
        let answer = answer(&text);
        let (recorded, older): (Vec<_>, Vec<_>) =
            redundant(&all.cells).into_iter().partition(|records| records[0].certificate.is_some());
        let is_certified = |records: &&Vec<&LayerRedundancy>| {
            let of = |one: &&LayerRedundancy| one.certificate.as_ref().expect("recorded").finding == Finding::Certified;
            records.iter().all(of)
        };
        let certified: Vec<_> = recorded.iter().filter(is_certified).collect();
        let claim = format!("**{} of {}** are certified", certified.len(), recorded.len());
        assert_eq!(answer.contains(&claim), !recorded.is_empty(), "{claim}: {answer}");
        assert_eq!(answer.contains("are certified"), !recorded.is_empty(), "{answer}");
        let worst = |one: &&LayerRedundancy| one.certificate.as_ref().and_then(|record| record.worst_ratio);
        if let Some(largest) = certified.iter().flat_map(|records| records.iter().filter_map(worst)).reduce(f64::max) {
            let said = answer.split("the largest is ").nth(1).and_then(|rest| rest.split(')').next()).expect("a ratio");
            assert!(largest <= CERTIFICATE_FACTOR && (read(said) / largest - 1.0).abs() < 0.06, "{said} {largest}");
        }
        let doubtful = recorded.len() - certified.len();
        assert_eq!(answer.contains("Not certified: ") || answer.contains("No evidence, "), doubtful > 0, "{answer}");
        assert_eq!(answer.contains("of an older version"), !older.is_empty(), "{answer}");
        seen = [seen[0] + certified.len(), seen[1] + doubtful, seen[2] + older.len()];
    }
    assert!(seen.iter().all(|count| *count > 100), "{seen:?}");
}

#[test]
fn ranks_that_differ_are_not_among_those_that_agree() {
    let mut rng = ChaCha8Rng::seed_from_u64(9);
    for _ in 0..100 {
        let all = study(&mut rng);
        let text = render(&all, None).markdown;
        let agrees = |run: &&CellRecord| {
            let one = &run.measured.jacobian[0];
            one.rank + one.predicted_redundant == one.bias_parameters
        };
        let agree = all.cells.iter().filter(agrees).count();
        let claim = format!("agree in **{agree} of {}** cases", all.cells.len());
        assert!(answer(&text).contains(&claim), "{claim}: {}", answer(&text));
        assert_eq!(answer(&text).contains("They differ in"), agree < all.cells.len(), "{}", answer(&text));
    }
}

/// Counted where every seed shows it, with the least of what they show; a bias that was at work before is none of them.
#[test]
fn what_a_frozen_norm_sets_to_work_is_counted_where_every_seed_shows_it() {
    let mut rng = ChaCha8Rng::seed_from_u64(10);
    let mut seen = [0; 2];
    for _ in 0..200 {
        let (seeds, variants) = (1 + (unit(&mut rng) * 3.0) as u64, 1 + (unit(&mut rng) * 4.0) as usize);
        let (mut cells, mut working) = (Vec::new(), Vec::new());
        for variant in 0..variants {
            let mut least = f64::INFINITY;
            for seed in 0..seeds {
                let mut run = cell(factors(&[("model.bias", json!(format!("bias {variant}")))]), seed, 0.0, 1);
                let ratio = 32.0 * 10f64.powf(3.0 * (unit(&mut rng) - 0.2));
                least = least.min(ratio);
                let before = layer("block1", 64, 16, 4e-6, 2.5e-8);
                let after = LayerRedundancy { frozen: true, ..layer("block1", 64, 0, 5e-2, 3.1e-8 * ratio) };
                run.redundancy = vec![before, after];
                cells.push(run);
            }
            working.extend((least > 32.0).then_some(least));
        }
        let mut all = results("frozen", "", cells, &baseline());
        all.comparisons.clear();
        let text = render(&all, None).markdown.replace('\\', "");
        let answer = answer(&text);
        let claim =
            format!("Once batch norm is frozen, {} of {variants} biases have gradients above rounding", working.len());
        assert!(answer.contains(&claim), "{claim}: {answer}");
        let said = answer.split("in every seed: ").nth(1).and_then(|rest| rest.split(" times").next());
        let least = working.iter().copied().reduce(f64::min);
        assert_eq!(said.is_some(), least.is_some(), "{answer}");
        if let (Some(said), Some(least)) = (said, least) {
            assert!((read(said) / least - 1.0).abs() < 0.06, "{said} {least}");
        }
        assert!(
            answer.contains(&format!("**{variants} of {variants}** are certified")),
            "of the steps before: {answer}"
        );
        assert!(text.contains("block1, batch norm frozen"), "{text}");
        seen = [seen[0] + working.len(), seen[1] + variants - working.len()];
    }
    assert!(seen.iter().all(|count| *count > 50), "{seen:?}");
}
