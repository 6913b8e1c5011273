//! Notices before the verdicts: as many comparisons as they say, and no rate that the seeds do not exclude.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde_json::json;
use untied_report::render;
use untied_study::{Caveat, Comparison, Results, Verdict};

use super::{about_zero, answer, happens, number_after, unit};
use crate::made_up::{baseline, cell, factors, results};

/// Studies at chance, near perfection or between, with seeds that fail.
fn study(rng: &mut ChaCha8Rng) -> Results {
    let (seeds, level) = (2 + (unit(rng) * 9.0) as u64, [0.11, 0.6, 0.992][(unit(rng) * 3.0) as usize]);
    let (comparisons, scatter) = (1 + (unit(rng) * 5.0) as usize, 0.004 * unit(rng));
    let mut cells = Vec::new();
    for variant in 0..=comparisons {
        let bias = if variant == 0 { "none".into() } else { format!("bias {variant}") };
        for seed in 0..seeds {
            let mut run = cell(factors(&[("model.bias", json!(bias))]), seed, 0.0, 1);
            let fails = variant > 0 && happens(0.05, rng);
            let accuracy = if fails { 0.1 } else { level + scatter * about_zero(rng) };
            run.metrics.test_accuracy = Some(accuracy.min(1.0));
            cells.push(run);
        }
    }
    let mut all = results("caveats", "", cells, &baseline());
    for one in all.comparisons.iter_mut().filter(|_| happens(0.2, rng)) {
        one.looks.push(one.seeds + 1);
        one.caveats.push(Caveat::Looks);
    }
    all
}

const TITLES: [(Caveat, &str, &str); 4] = [
    (Caveat::Chance, "**No better than chance.** In ", "Neither side beats always answering the largest class."),
    (Caveat::Ceiling, "**No room.** In ", "No difference of the margin could show so close to 1."),
    (Caveat::OneSeed, "**One seed decides.** In ", "The verdict hangs on seed "),
    (Caveat::Looks, "**Looked at before.** ", "A verdict was drawn before, "),
];

#[test]
fn notices_count_the_comparisons_that_they_are_about() {
    let mut rng = ChaCha8Rng::seed_from_u64(10);
    let mut seen = [0; 5];
    for _ in 0..400 {
        let all = study(&mut rng);
        let text = render(&all, None).markdown.replace('\\', "");
        let answer = answer(&text);
        let comparisons = &all.comparisons;
        let with = |caveat: Caveat| comparisons.iter().filter(|one| one.caveats.contains(&caveat)).count();
        for ((caveat, title, remark), seen) in TITLES.into_iter().zip(&mut seen) {
            let count = with(caveat);
            assert_eq!(number_after(answer, title).unwrap_or(0), count, "{title}: {answer}");
            assert_eq!(answer.matches(remark).count(), count, "{remark}: {answer}");
            *seen += count;
        }
        assert_failures(answer, comparisons);
        seen[4] += with(Caveat::Collapse);
    }
    assert!(seen.iter().all(|count| *count > 20), "{seen:?}");
}

/// The rate of failures left open is that of the fewest seeds: n without a failure exclude 1 − 0.05^(1/n) and more.
fn assert_failures(answer: &str, all: &[Comparison]) {
    let open: Vec<&Comparison> = all
        .iter()
        .filter(|one| one.verdict == Verdict::Equivalent && one.caveats.contains(&Caveat::Collapse))
        .collect();
    let rate = |seeds: usize| (100.0 * (1.0 - 0.05f64.powf(1.0 / seeds as f64))).round() as usize;
    let said = number_after(answer, "with 95 % certainty, no failure rate below ");
    assert_eq!(said, open.iter().map(|one| rate(one.seeds)).max(), "{answer}");
    let each = answer.matches("% are not excluded.").count();
    assert_eq!(each, open.len(), "{answer}");
    let far = all.iter().any(|one| one.verdict != Verdict::Equivalent && one.caveats.contains(&Caveat::Collapse));
    assert_eq!(answer.contains("**A seed lies far from all others.**"), far, "{answer}");
}
