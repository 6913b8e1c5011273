//! From the results of the cells to `results.json` and the report.

use std::collections::{BTreeMap, HashMap, HashSet};

use untied_study::{
    Cell, CellRecord, CellResult, Provenance, Results, Status, StoreError, Study, StudyFolder, write_text,
};

use crate::comparison::compare_again;
use crate::export;
use crate::origins::Origins;
use crate::report::render;

/// Reasons why cells failed, by id of the cell.
pub type Failures = BTreeMap<String, String>;

/// The results of a study: every cell's record, and the comparisons.
///
/// A cell without a result keeps its record in `stored`, which names it by the hash of its config: an old `results.json`
/// may be all that is left of a study whose cells were deleted.
pub fn assemble(study: &Study, folder: &StudyFolder, stored: Option<&Results>, failures: &Failures) -> Results {
    let mut records = Vec::with_capacity(study.cells.len());
    let mut losses = Vec::with_capacity(study.cells.len());
    let mut provenance = Vec::new();
    let mut origins = Origins::default();
    let stored_cells = stored.iter().flat_map(|stored| &stored.cells).map(|record| (record.id.as_str(), record));
    let stored_cells: HashMap<&str, &CellRecord> = stored_cells.collect();
    for cell in &study.cells {
        let (result, reason) = match folder.read_result(cell) {
            Ok(result) => (result, failures.get(&cell.id).cloned()),
            Err(error) => (None, Some(error.to_string())),
        };
        losses.push(result.as_ref().map(|result| result.step_losses.clone()));
        note_provenance(&mut provenance, result.iter().map(|result| &result.provenance));
        origins.note(cell, result.as_ref());
        records.push(match (result, reason) {
            (Some(result), _) => CellRecord::new(cell, result),
            (None, Some(reason)) => failed(cell, reason),
            (None, None) => {
                let stored = stored_cells.get(cell.id.as_str());
                stored.map_or_else(|| CellRecord::missing(cell), |record| (*record).clone())
            }
        });
    }
    if losses.iter().any(Option::is_none) {
        note_provenance(&mut provenance, stored.iter().flat_map(|stored| &stored.provenance));
    }
    origins.warn(&mut records, stored);
    keep_first_maps(&mut records);
    // Records from `results.json` have no step losses; what was compared with them stands there.
    let again = |compare| compare_again(&records, &losses, compare, study.sequential, stored);
    let judged = study.compare.as_ref().map(again).unwrap_or_default();
    judged.mark(&mut records);
    study.results(records, judged.comparisons, provenance)
}

/// Maps of one seed are enough to look at.
fn keep_first_maps(records: &mut [CellRecord]) {
    let mut seen = HashSet::new();
    for record in records.iter_mut().filter(|record| !record.measured.bias_maps.is_empty()) {
        let variant = serde_json::to_string(&record.factors).unwrap_or_default();
        if !seen.insert(variant) {
            record.measured.bias_maps.clear();
        }
    }
}

fn note_provenance<'p>(all: &mut Vec<Provenance>, more: impl Iterator<Item = &'p Provenance>) {
    for one in more {
        if !all.contains(one) {
            all.push(one.clone());
        }
    }
}

fn failed(cell: &Cell, reason: String) -> CellRecord {
    CellRecord::new(cell, CellResult { status: Status::Failed, reason: Some(reason), ..CellResult::default() })
}

/// Writes `results.json`, the same as tables, the reports and the plots into the study's folder.
///
/// # Errors
/// If the folder or a file cannot be written.
pub fn write(study: &Study, folder: &StudyFolder, results: &Results) -> Result<(), StoreError> {
    let _writing = folder.begin_writing();
    folder.write_results(results)?;
    write_text(&folder.root().join("results.csv"), &export::results(results))?;
    write_text(&folder.root().join("curves.csv"), &export::curves(results))?;
    render(results, study.compare.as_ref()).write(folder.root())
}
