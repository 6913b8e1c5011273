//! Differences of each class's recall between two variants, paired by seed.

use std::collections::HashMap;

use untied_study::{CellRecord, Comparison, Factors, Results};

use crate::comparison::pairs::pair;
use crate::results::first_seen::group;
use crate::statistics::student::{paired_test, sample};

/// What a treatment changes for one class.
pub(crate) struct Change<'r> {
    pub(crate) comparison: &'r Comparison,
    pub(crate) class: usize,
    /// Mean recall of treatment and baseline.
    pub(crate) recall: [f64; 2],
    /// Mean of treatment − baseline.
    pub(crate) difference: f64,
    /// Of the mean difference, adjusted for the number of all changes; none of fewer than two pairs.
    pub(crate) interval: Option<[f64; 2]>,
}

impl<'r> Change<'r> {
    fn of(differences: Differences<'r>, level: f64) -> Option<Self> {
        let Differences { comparison, class, recall, each, floor } = differences;
        let difference = sample(&each)?.mean;
        // Of equivalence nothing is asked: any margin does.
        let interval = paired_test(&each, floor, 1.0, level).map(|test| test.tests.interval);
        Some(Self { comparison, class, recall, difference, interval })
    }

    /// Whether the interval leaves out 0.
    pub(crate) fn is_clear(&self) -> bool {
        self.interval.is_some_and(|[low, high]| low > 0.0 || high < 0.0)
    }
}

/// Differences of one class, one a pair of seeds.
struct Differences<'r> {
    comparison: &'r Comparison,
    class: usize,
    recall: [f64; 2],
    each: Vec<f64>,
    /// One image: what the recall of the class can resolve.
    floor: f64,
}

/// Every class of every comparison whose runs have confusion matrices, with intervals that hold together with 95 %.
pub(crate) fn changes(results: &Results) -> Vec<Change<'_>> {
    let known = results.cells.iter().enumerate().filter(|(_, cell)| !cell.confusion.is_empty());
    let variants: Variants<'_> = group(known.map(|(index, cell)| (&cell.factors, index))).into_iter().collect();
    let of = |one| of_comparison(one, &results.cells, &variants);
    let all: Vec<Differences<'_>> = results.comparisons.iter().flat_map(of).collect();
    let level = 1.0 - 0.05 / all.len().max(1) as f64;
    all.into_iter().filter_map(|one| Change::of(one, level)).collect()
}

/// The cells of each variant.
type Variants<'r> = HashMap<&'r Factors, Vec<usize>>;

fn of_comparison<'r>(one: &'r Comparison, cells: &[CellRecord], variants: &Variants<'_>) -> Vec<Differences<'r>> {
    let side = |own: &Factors| -> &[usize] {
        let factors: Factors =
            own.iter().chain(&one.context).map(|(key, value)| (key.clone(), value.clone())).collect();
        variants.get(&factors).map_or(&[], Vec::as_slice)
    };
    let pairs = pair(cells, side(&one.treatment), side(&one.baseline), one.metric).complete;
    let pairs: Vec<[&CellRecord; 2]> = pairs.into_iter().map(|(a, b)| [&cells[a], &cells[b]]).collect();
    let Some([first, _]) = pairs.first() else { return Vec::new() };
    let classes = first.confusion.classes();
    if pairs.iter().flatten().any(|cell| cell.confusion.classes() != classes) {
        return Vec::new();
    }
    (0..classes).filter_map(|class| of_class(one, class, &pairs)).collect()
}

/// None of a class without images.
fn of_class<'r>(comparison: &'r Comparison, class: usize, pairs: &[[&CellRecord; 2]]) -> Option<Differences<'r>> {
    let recalls = pairs.iter().map(|[a, b]| Some([a.confusion.recall(class)?, b.confusion.recall(class)?]));
    let recalls = recalls.collect::<Option<Vec<[f64; 2]>>>()?;
    let mean = |side: usize| recalls.iter().map(|recall| recall[side]).sum::<f64>() / recalls.len() as f64;
    let images = pairs.iter().flatten().map(|cell| cell.confusion.images(class)).min()?;
    Some(Differences {
        comparison,
        class,
        recall: [mean(0), mean(1)],
        each: recalls.iter().map(|[treatment, baseline]| treatment - baseline).collect(),
        floor: 1.0 / images.max(1) as f64,
    })
}

#[cfg(test)]
mod tests {
    use untied_study::{Answers, CompareConfig, Confusion, Metric, Metrics, Over, Status};

    use super::*;
    use crate::compare;

    fn cell(bias: &str, seed: u64, right: u32) -> CellRecord {
        let mut confusion = Confusion::new(2);
        for image in 0..20 {
            confusion.count(0, usize::from(image >= right));
            confusion.count(1, 1);
        }
        let mut record = CellRecord {
            id: format!("{bias}-{seed}"),
            factors: [("model.bias".to_owned(), bias.into())].into_iter().collect(),
            seed,
            result: untied_study::CellResult {
                status: Status::Finished,
                test_images: 40,
                confusion,
                ..Default::default()
            },
        };
        let accuracy = (20.0 + f64::from(right)) / 40.0;
        let (test_loss, train_loss) = (Some(0.5), Some(0.5));
        record.metrics = Metrics { test_accuracy: Some(accuracy), test_loss, train_loss, ..Metrics::default() };
        record.answers = Answers::default();
        record
    }

    fn results(right: impl Fn(u64) -> [u32; 2]) -> Results {
        let cells: Vec<CellRecord> = (0..8)
            .flat_map(|seed| {
                let [none, untied] = right(seed);
                [cell("none", seed, none), cell("untied", seed, untied)]
            })
            .collect();
        let config = CompareConfig {
            metric: Metric::TestAccuracy,
            baseline: [("model.bias".to_owned(), "none".into())].into_iter().collect(),
            margin: 0.01,
            over: Over::Seeds,
        };
        let comparisons = compare(&cells, &[], &config);
        Results {
            schema: untied_study::SCHEMA,
            study: "a".into(),
            question: "b".into(),
            device: "flex".into(),
            dtype: "f32".into(),
            cells,
            comparisons,
            sequential: None,
            config: None,
            provenance: vec![],
        }
    }

    #[test]
    fn intervals_are_paired_and_wider_for_more_classes() {
        let results = results(|seed| [10 + (seed % 2) as u32, 13 + (seed % 3) as u32]);
        let changes = changes(&results);
        assert_eq!(changes.iter().map(|change| change.class).collect::<Vec<_>>(), [0, 1]);
        let each: Vec<f64> =
            (0..8_u32).map(|seed| f64::from(3 + seed % 3) / 20.0 - f64::from(seed % 2) / 20.0).collect();
        let expected = paired_test(&each, 0.05, 1.0, 0.975).unwrap().tests.interval;
        let alone = paired_test(&each, 0.05, 1.0, 0.95).unwrap().tests.interval;
        let found = changes[0].interval.unwrap();
        assert!(found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-12), "{found:?}");
        assert!(found[0] < alone[0] && found[1] > alone[1]);
        assert!(changes[0].is_clear() && !changes[1].is_clear());
        // The second class is always answered: its interval is that of one image.
        assert_eq!(changes[1].difference, 0.0);
    }

    #[test]
    fn runs_without_matrices_say_nothing_of_classes() {
        let mut results = results(|_| [10, 12]);
        results.cells.iter_mut().for_each(|cell| cell.confusion = Confusion::default());
        assert!(changes(&results).is_empty());
    }
}
