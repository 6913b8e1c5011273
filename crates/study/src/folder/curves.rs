//! `curves.json`: the curves of the cells, where they are too many for `results.json`.

use std::collections::HashMap;
use std::fs;
use std::io;

use serde::{Deserialize, Serialize};

use super::checksum::{check_seal, checksum, seal};
use super::file::{MOST_RESULTS, read_text, require_length, write_text};
use super::{from_json, require_readable, to_json};
use crate::{Curves, Results, SCHEMA, StoreError, StudyFolder};

/// Numbers of curves that `results.json` holds itself: some 20 MB of text.
const MOST_NUMBERS: usize = 1 << 20;

/// The entry of `results.json` that says which curves are its own.
const ENTRY: &str = "curves_sha256";

/// What `curves.json` holds: each cell's curves, by its id.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct CurvesFile {
    schema: u32,
    cells: Vec<CellCurves>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct CellCurves {
    id: String,
    curves: Curves,
}

/// The entry of `results.json` alone.
#[derive(Deserialize)]
struct Named {
    curves_sha256: Option<String>,
}

/// The results without their curves, and these, where they are too many.
pub(super) fn apart(results: &Results) -> Option<(Results, CurvesFile)> {
    if results.cells.iter().map(|cell| cell.curves.numbers()).sum::<usize>() <= MOST_NUMBERS {
        return None;
    }
    let mut rest = results.clone();
    let taken =
        rest.cells.iter_mut().map(|cell| CellCurves { id: cell.id.clone(), curves: std::mem::take(&mut cell.curves) });
    let file = CurvesFile { schema: SCHEMA, cells: taken.collect() };
    Some((rest, file))
}

/// The text of results that names their curves' checksum.
pub(super) fn named(results: &str, checksum: &str) -> String {
    results.replacen("{\n", &format!("{{\n  \"{ENTRY}\": \"{checksum}\",\n"), 1)
}

impl StudyFolder {
    /// Writes `curves.json`, and gives its checksum.
    pub(super) fn write_curves(&self, curves: &CurvesFile) -> Result<String, StoreError> {
        let path = self.curves();
        let text = to_json(&path, curves)?;
        require_readable(&path, &text, curves)?;
        let text = seal(&text);
        require_length(&path, text.len(), MOST_RESULTS)?;
        write_text(&path, &text)?;
        Ok(checksum(text.as_bytes()))
    }

    /// Puts the curves that the text of `results.json` names where they belong.
    pub(super) fn read_curves(&self, text: &str, results: &mut Results) -> Result<(), StoreError> {
        let path = self.curves();
        let Named { curves_sha256: Some(expected) } = from_json(&self.results(), text)? else { return Ok(()) };
        let damaged = |cause: &str| StoreError::Damaged { path: path.clone(), cause: cause.to_owned() };
        let text =
            read_text(&path, MOST_RESULTS)?.ok_or_else(|| damaged("results.json names it, and it is not there"))?;
        check_seal(&path, &text)?;
        if checksum(text.as_bytes()) != expected {
            return Err(damaged("it holds the curves of other results than results.json"));
        }
        let CurvesFile { cells, .. } = from_json(&path, &text)?;
        let mut curves: HashMap<String, Curves> = cells.into_iter().map(|cell| (cell.id, cell.curves)).collect();
        for record in &mut results.cells {
            record.result.curves = curves.remove(&record.id).unwrap_or_default();
        }
        Ok(())
    }

    /// Deletes `curves.json` where the text of `results.json` names none.
    pub(super) fn remove_curves(&self, results: &str) -> Result<(), StoreError> {
        let path = self.curves();
        if results.lines().take(3).any(|line| line.contains(ENTRY)) {
            return Ok(());
        }
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(StoreError::Write { path, cause }),
            _ => Ok(()),
        }
    }
}
