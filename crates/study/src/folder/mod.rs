//! The output folder of one study: where everything lies, written whole or not at all.

mod checkpoint;
mod checksum;
mod error;
mod file;

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use self::checksum::{check_seal, seal};
pub use self::error::StoreError;
pub use self::file::{free_name, write_bytes, write_text};
use self::file::{move_aside, read_text};
use crate::cell::{self, Cell};
use crate::{CellConfig, CellResult, Factors, Results, SCHEMA, Study};

/// The output folder of one study. Nothing is made before it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudyFolder {
    root: PathBuf,
}

/// `cell.json`: what a cell is.
#[derive(Serialize, Deserialize)]
struct CellFile {
    schema: u32,
    id: String,
    factors: Factors,
    seed: u64,
    hash: String,
    config: CellConfig,
}

/// `result.json`: whose result it is, then the result.
#[derive(Serialize)]
struct ResultFile<'r> {
    #[serde(flatten)]
    header: ResultHeader,
    #[serde(flatten)]
    result: &'r CellResult,
}

#[derive(Serialize, Deserialize)]
struct ResultHeader {
    schema: u32,
    id: String,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with a schema")]
struct SchemaOnly {
    schema: u32,
}

impl StudyFolder {
    /// The folder at `root`, usually `experiments/<study>`.
    #[must_use]
    pub fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `config.toml`: the resolved config.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.root.join("config.toml")
    }

    /// `results.json`.
    #[must_use]
    pub fn results(&self) -> PathBuf {
        self.root.join("results.json")
    }

    /// `report.md`.
    #[must_use]
    pub fn report_md(&self) -> PathBuf {
        self.root.join("report.md")
    }

    /// `report.html`.
    #[must_use]
    pub fn report_html(&self) -> PathBuf {
        self.root.join("report.html")
    }

    /// `plots/`.
    #[must_use]
    pub fn plots(&self) -> PathBuf {
        self.root.join("plots")
    }

    /// `cells/`: the folder of every cell's folder.
    #[must_use]
    pub fn cells(&self) -> PathBuf {
        self.root.join("cells")
    }

    /// `cells/<id>/`.
    #[must_use]
    pub fn cell(&self, cell: &Cell) -> PathBuf {
        self.cells().join(&cell.id)
    }

    /// `cells/<id>/cell.json`.
    #[must_use]
    pub fn cell_json(&self, cell: &Cell) -> PathBuf {
        self.cell(cell).join("cell.json")
    }

    /// `cells/<id>/events.jsonl`.
    #[must_use]
    pub fn events(&self, cell: &Cell) -> PathBuf {
        self.cell(cell).join("events.jsonl")
    }

    /// `cells/<id>/result.json`.
    #[must_use]
    pub fn result(&self, cell: &Cell) -> PathBuf {
        self.cell(cell).join("result.json")
    }

    /// `cells/<id>/model.safetensors`.
    #[must_use]
    pub fn model(&self, cell: &Cell) -> PathBuf {
        self.cell(cell).join("model.safetensors")
    }

    /// Writes the resolved config.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_config(&self, study: &Study) -> Result<(), StoreError> {
        write_text(&self.config(), &study.resolved_toml())
    }

    /// Writes `cell.json`.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_cell(&self, cell: &Cell) -> Result<(), StoreError> {
        let Cell { id, hash, factors, config } = cell.clone();
        let file = CellFile { schema: SCHEMA, id, factors, seed: config.seed, hash, config };
        let path = self.cell_json(cell);
        write_text(&path, &to_json(&path, &file)?)
    }

    /// The cell that `cells/<id>/cell.json` describes.
    ///
    /// # Errors
    /// If the file cannot be read, is damaged, or its config is not that of the id.
    pub fn read_cell(&self, id: &str) -> Result<Cell, StoreError> {
        let path = self.cells().join(id).join("cell.json");
        let text = read_text(&path)?.ok_or(io::ErrorKind::NotFound.into());
        let text = text.map_err(|cause| StoreError::Read { path: path.clone(), cause })?;
        let CellFile { id: found, factors, hash, config, .. } = from_json(&path, &text)?;
        require_same(&path, id, found)?;
        if hash != cell::hash(&config) || !id.ends_with(&hash) {
            return Err(StoreError::Damaged { path, cause: "its config has another hash".to_owned() });
        }
        Ok(Cell { id: id.to_owned(), hash, factors, config })
    }

    /// Writes `result.json`.
    ///
    /// # Errors
    /// If the file cannot be written or a number is not finite.
    pub fn write_result(&self, cell: &Cell, result: &CellResult) -> Result<(), StoreError> {
        let path = self.result(cell);
        let header = ResultHeader { schema: SCHEMA, id: cell.id.clone() };
        let text = to_json(&path, &ResultFile { header, result })?;
        require_readable(&path, &text, result)?;
        write_text(&path, &seal(&text))
    }

    /// The result of a cell; `None` where it has none.
    ///
    /// # Errors
    /// If `result.json` or `cell.json` cannot be read, is damaged, or belongs to another cell.
    pub fn read_result(&self, cell: &Cell) -> Result<Option<CellResult>, StoreError> {
        let path = self.result(cell);
        let Some(text) = read_text(&path)? else { return Ok(None) };
        check_seal(&path, &text)?;
        let header: ResultHeader = from_json(&path, &text)?;
        require_same(&path, &cell.id, header.id)?;
        self.require_cell(cell)?;
        from_json(&path, &text).map(Some)
    }

    /// Moves `result.json` out of the way, to the first free one of `result.json.old-1`, `result.json.old-2`, …; `None`
    /// where there is none.
    ///
    /// # Errors
    /// If it cannot be moved.
    pub fn move_result_aside(&self, cell: &Cell) -> Result<Option<PathBuf>, StoreError> {
        move_aside(&self.result(cell))
    }

    /// An error where there is a `cell.json` of another cell.
    fn require_cell(&self, cell: &Cell) -> Result<(), StoreError> {
        let path = self.cell_json(cell);
        let Some(text) = read_text(&path)? else { return Ok(()) };
        let file: CellFile = from_json(&path, &text)?;
        require_same(&path, &cell.id, file.id)?;
        let found = if file.config == cell.config { file.hash } else { "another config".to_owned() };
        require_same(&path, &cell.hash, found)
    }

    /// Writes `results.json`.
    ///
    /// # Errors
    /// If the file cannot be written or a number is not finite.
    pub fn write_results(&self, results: &Results) -> Result<(), StoreError> {
        let path = self.results();
        let text = to_json(&path, results)?;
        require_readable(&path, &text, results)?;
        write_text(&path, &text)
    }

    /// Reads `results.json`; `None` where there is none.
    ///
    /// # Errors
    /// If the file cannot be read or is damaged.
    pub fn read_results(&self) -> Result<Option<Results>, StoreError> {
        let path = self.results();
        read_text(&path)?.map(|text| from_json(&path, &text)).transpose()
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

fn to_json<T: Serialize>(path: &Path, value: &T) -> Result<String, StoreError> {
    let json = serde_json::to_string_pretty(value);
    json.map(|text| text + "\n").map_err(|cause| StoreError::Write { path: path.to_owned(), cause: cause.into() })
}

/// Checks the schema first: the rest of another one may look different.
fn from_json<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, StoreError> {
    let damaged = |cause: serde_json::Error| StoreError::Damaged { path: path.to_owned(), cause: cause.to_string() };
    let SchemaOnly { schema } = serde_json::from_str(text).map_err(damaged)?;
    if schema != SCHEMA {
        return Err(StoreError::Schema { path: path.to_owned(), found: schema });
    }
    serde_json::from_str(text).map_err(damaged)
}

/// NaN and infinities become null, so that the text no longer reads as the value.
fn require_readable<T: DeserializeOwned + PartialEq>(path: &Path, text: &str, value: &T) -> Result<(), StoreError> {
    match serde_json::from_str::<T>(text) {
        Ok(again) if again == *value => Ok(()),
        _ => Err(StoreError::NotFinite { path: path.to_owned() }),
    }
}

pub(crate) fn require_same(path: &Path, expected: &str, found: String) -> Result<(), StoreError> {
    if found == expected {
        return Ok(());
    }
    Err(StoreError::Mismatch { path: path.to_owned(), expected: expected.to_owned(), found })
}
