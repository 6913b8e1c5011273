//! Results as tables: `results.csv`, a line a cell, and `curves.csv`, a line a cell and epoch.

use std::collections::BTreeSet;

use serde_json::Value;
use untied_study::{CellRecord, Results};

/// Of numbers that do not exist.
const NONE: &str = "";

/// `results.csv`: a line a cell. Its columns are `id`, every varied key, `seed`, `status`, the metrics `test_accuracy`,
/// `test_loss`, `train_loss`, `validation_accuracy`, `validation_loss`, `best_epoch`, `parameters` and `bias_parameters`, `epochs`, `steps`, `test_images`, `train_seconds` and
/// `images_per_second`; for each class with test images `recall CLASS`.
///
/// A value of a varied key is a bare word, or JSON. What a cell does not have is empty.
pub(crate) fn results(results: &Results) -> String {
    let (keys, classes) = (keys(results), classes(results));
    let header = ["id"].map(str::to_owned).into_iter().chain(keys.iter().map(ToString::to_string));
    let header =
        header.chain(METRICS.map(str::to_owned)).chain(classes.iter().map(|(_, name)| format!("recall {name}")));
    let rows = results.cells.iter().map(|cell| {
        let recall = |&(class, _): &(usize, String)| number(recall(cell, class));
        own(cell, &keys).into_iter().chain(metrics(cell)).chain(classes.iter().map(recall)).collect()
    });
    written(header.collect(), rows)
}

/// `curves.csv`: a line a cell and epoch. Its columns are `id`, every varied key, `seed`, `epoch` (from 1), `train_loss`,
/// the mean over the epoch's steps, and after it `test_loss`, `test_accuracy`, `validation_loss` and `validation_accuracy`.
pub(crate) fn curves(results: &Results) -> String {
    let keys = keys(results);
    let header = ["id"].map(str::to_owned).into_iter().chain(keys.iter().map(ToString::to_string));
    let header = header.chain(COURSE.map(str::to_owned));
    let of_cell = |cell: &CellRecord| {
        let (own, curves) = (own(cell, &keys), &cell.curves);
        let row = |epoch: usize| {
            let at = |curve: &[f64]| number(curve.get(epoch).copied());
            let validation = [at(&curves.validation_loss), at(&curves.validation_accuracy)];
            let values = [at(&curves.train_loss), at(&curves.test_loss), at(&curves.test_accuracy)];
            let place = [cell.seed.to_string(), (epoch + 1).to_string()];
            own.iter().cloned().chain(place).chain(values).chain(validation).collect()
        };
        (0..curves.test_loss.len()).map(row).collect::<Vec<_>>()
    };
    written(header.collect(), results.cells.iter().flat_map(of_cell))
}

const COURSE: [&str; 7] =
    ["seed", "epoch", "train_loss", "test_loss", "test_accuracy", "validation_loss", "validation_accuracy"];

const METRICS: [&str; 15] = [
    "seed",
    "status",
    "test_accuracy",
    "test_loss",
    "train_loss",
    "validation_accuracy",
    "validation_loss",
    "best_epoch",
    "parameters",
    "bias_parameters",
    "epochs",
    "steps",
    "test_images",
    "train_seconds",
    "images_per_second",
];

fn metrics(cell: &CellRecord) -> [String; METRICS.len()] {
    [
        cell.seed.to_string(),
        cell.status.to_string(),
        number(cell.metrics.test_accuracy),
        number(cell.metrics.test_loss),
        number(cell.metrics.train_loss),
        number(cell.metrics.validation_accuracy),
        number(cell.metrics.validation_loss),
        cell.best_epoch.map_or_else(|| NONE.to_owned(), |epoch| epoch.to_string()),
        cell.parameters.total.to_string(),
        cell.parameters.bias.to_string(),
        cell.epochs.to_string(),
        cell.steps.to_string(),
        cell.test_images.to_string(),
        number(Some(cell.train_seconds)),
        number(Some(cell.images_per_second)),
    ]
}

/// The varied keys.
fn keys(results: &Results) -> Vec<&str> {
    let keys: BTreeSet<&str> = results.cells.iter().flat_map(|cell| cell.factors.keys()).map(String::as_str).collect();
    keys.into_iter().collect()
}

/// The cell's id, and its values of the varied keys.
fn own(cell: &CellRecord, keys: &[&str]) -> Vec<String> {
    let value = |key: &&str| match cell.factors.get(*key) {
        None => NONE.to_owned(),
        Some(Value::String(word)) => word.clone(),
        Some(value) => value.to_string(),
    };
    std::iter::once(cell.id.clone()).chain(keys.iter().map(value)).collect()
}

/// The classes of all cells, with their names where the data have the same ones for all.
fn classes(results: &Results) -> Vec<(usize, String)> {
    let count = results.cells.iter().map(|cell| cell.confusion.classes()).max().unwrap_or(0);
    let names =
        results.provenance.iter().map(|one| one.class_names.as_slice()).reduce(|a, b| if a == b { a } else { &[] });
    let name = |class: usize| names.and_then(|names| names.get(class)).map_or_else(|| class.to_string(), Clone::clone);
    (0..count).map(|class| (class, name(class))).collect()
}

fn recall(cell: &CellRecord, class: usize) -> Option<f64> {
    if class < cell.confusion.classes() { cell.confusion.recall(class) } else { None }
}

/// As many digits as it takes to read the number back.
fn number(value: Option<f64>) -> String {
    value.map_or_else(|| NONE.to_owned(), |value| value.to_string())
}

/// By RFC 4180, with line feeds.
fn written(header: Vec<String>, rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in std::iter::once(header).chain(rows) {
        // Into memory, rows of one length.
        let _ = writer.write_record(row);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped(study: &str) -> Results {
        let path = format!("{}/../../experiments/{study}/results.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    #[test]
    fn tables_hold_what_the_results_hold() {
        let shipped = shipped("norm_map");
        let text = results(&shipped);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let column = |name: &str| header.iter().position(|other| other == name).expect(name);
        let rows: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
        assert_eq!(rows.len(), shipped.cells.len());
        for (row, cell) in rows.iter().zip(&shipped.cells) {
            assert_eq!((&row[0], &row[column("status")]), (cell.id.as_str(), "finished"));
            assert_eq!(row[column("test_accuracy")].parse().ok(), cell.metrics.test_accuracy);
            assert_eq!(row[column("bias_parameters")].parse().ok(), Some(cell.parameters.bias));
            let bias = &cell.factors["model.bias"];
            assert_eq!(row[column("model.bias")], bias.as_str().map_or_else(|| bias.to_string(), str::to_owned));
        }
        let text = curves(&shipped);
        let epochs: usize = shipped.cells.iter().map(|cell| cell.curves.test_loss.len()).sum();
        assert_eq!(text.lines().count(), epochs + 1);
        let (first, last) = (text.lines().nth(1).unwrap(), &shipped.cells[0].curves);
        assert!(
            first.ends_with(&format!(",1,{},{},{},,", last.train_loss[0], last.test_loss[0], last.test_accuracy[0]))
        );
    }
}
