//! `results.json`: written with a seal, and read without trust in who wrote it.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::checksum::{check_seal, is_sealed, seal};
use super::file::{MOST_RESULTS, read_text, require_length, write_text};
use super::{curves, from_json, require_readable, to_json};
use crate::{CellRecord, Factors, Results, Status, StoreError, Study, StudyFolder};

impl StudyFolder {
    /// Writes `results.json`, and `curves.json` where the curves are too many for it.
    ///
    /// # Errors
    /// If a file cannot be written or a number is not finite.
    pub fn write_results(&self, results: &Results) -> Result<(), StoreError> {
        let path = self.results();
        let text = match curves::apart(results) {
            None => {
                let text = to_json(&path, results)?;
                require_readable(&path, &text, results)?;
                text
            }
            Some((results, curves)) => {
                let text = to_json(&path, &results)?;
                require_readable(&path, &text, &results)?;
                curves::named(&text, &self.write_curves(&curves)?)
            }
        };
        let text = seal(&text);
        require_length(&path, text.len(), MOST_RESULTS)?;
        write_text(&path, &text)?;
        self.remove_curves(&text)
    }

    /// Reads `results.json`, with the curves of `curves.json` where it names them; `None` where there is none.
    ///
    /// # Errors
    /// If the file cannot be read, is damaged, or says what no run can have left, such as one cell twice.
    pub fn read_results(&self) -> Result<Option<Results>, StoreError> {
        let path = self.results();
        let Some(text) = read_text(&path, MOST_RESULTS)? else { return Ok(None) };
        // Those of older versions have no seal.
        if is_sealed(&text) {
            check_seal(&path, &text)?;
        }
        let mut results = from_json(&path, &text)?;
        self.read_curves(&text, &mut results)?;
        check(&path, &results)?;
        Ok(Some(results))
    }

    /// Reads `results.json` with the ids that this program gives its cells: those of another version hash the same
    /// configs to other ids. Where their config is lost, the ids stay as they are.
    ///
    /// # Errors
    /// As [`read_results`](Self::read_results).
    pub fn read_results_by_id(&self) -> Result<Option<Results>, StoreError> {
        let Some(mut results) = self.read_results()? else { return Ok(None) };
        let path = self.config();
        let study = match &results.config {
            Some(text) => Study::parse(text, &path, &[]),
            None => Study::load(&path, &[]),
        };
        if let Ok(study) = study {
            let cells = study.cells.iter().map(|cell| ((factors_key(&cell.factors), cell.config.seed), &cell.id));
            let ids: HashMap<_, _> = cells.collect();
            for record in &mut results.cells {
                if let Some(id) = ids.get(&(factors_key(&record.factors), record.seed)) {
                    record.id.clone_from(id);
                }
            }
        }
        Ok(Some(results))
    }
}

fn factors_key(factors: &Factors) -> String {
    serde_json::json!(factors).to_string()
}

/// What every cell has once, and in its range.
fn check(path: &Path, results: &Results) -> Result<(), StoreError> {
    let damaged = |cause: String| StoreError::Damaged { path: path.to_owned(), cause };
    let (mut ids, mut cells) = (HashSet::new(), HashSet::new());
    for record in &results.cells {
        if !(ids.insert(&record.id) && cells.insert((factors_key(&record.factors), record.seed))) {
            return Err(damaged(format!("it has the cell `{}` twice", record.id)));
        }
        check_cell(record).map_err(|cause| damaged(format!("cell `{}` has {cause}", record.id)))?;
    }
    Ok(())
}

fn check_cell(record: &CellRecord) -> Result<(), String> {
    let metrics = &record.metrics;
    let measured = &record.measured;
    let moved = measured.translated.iter().map(|one| one.accuracy);
    let noisy = measured.noisy.iter().map(|one| one.accuracy);
    let adapted = measured.adaptations.iter().map(|one| one.accuracy);
    let measured = moved.chain(noisy).chain(adapted);
    let accuracies = record.curves.test_accuracy.iter().copied().chain(metrics.test_accuracy).chain(measured);
    if let Some(wrong) = accuracies.into_iter().find(|accuracy| !(0.0..=1.0).contains(accuracy)) {
        return Err(format!("an accuracy of {wrong}, which is not in [0, 1]"));
    }
    if let Some(wrong) = metrics.test_loss.into_iter().chain(metrics.train_loss).find(|loss| *loss < 0.0) {
        return Err(format!("a loss of {wrong}, which is below 0"));
    }
    if record.status == Status::Finished && metrics.test_accuracy.is_none() {
        return Err("no accuracy, though it finished".to_owned());
    }
    if !record.answers.is_empty() && record.answers.of(record.test_images).is_none() {
        return Err(format!("answers to another number of images than {}", record.test_images));
    }
    if !record.confusion.is_empty() && record.confusion.total() != record.test_images as u64 {
        return Err(format!("a confusion matrix of another number of images than {}", record.test_images));
    }
    Ok(())
}
