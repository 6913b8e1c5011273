//! The output folder of one study: where everything lies, written whole or not at all.

mod checkpoint;
mod checksum;
mod curves;
mod data;
mod error;
mod file;
mod leftovers;
mod models;
mod named;
mod results;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use self::checksum::{check_seal, seal};
pub use self::data::differing;
pub use self::error::StoreError;
use self::file::{MOST_TEXT, move_aside, require_length};
pub use self::file::{free_name, open_to_change, read_text, write_bytes, write_text};
pub use self::leftovers::Writing;
pub use self::models::models_in;
use crate::cell::{self, Cell};
use crate::{CellConfig, CellResult, Factors, MOST_CONFIG, SCHEMA, Status, Study};

/// The output folder of one study. Nothing is made before it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StudyFolder {
    root: PathBuf,
    /// The checksums that data have now, by the config of the data.
    data: BTreeMap<String, BTreeMap<String, String>>,
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
        Self { root, data: BTreeMap::new() }
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

    /// `curves.json`: the curves of a study that is too large for `results.json` to hold them.
    #[must_use]
    pub fn curves(&self) -> PathBuf {
        self.root.join("curves.json")
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

    /// `slurm/`: scripts of job arrays.
    #[must_use]
    pub fn slurm(&self) -> PathBuf {
        self.root.join("slurm")
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
        let (path, text) = (self.config(), study.resolved_toml());
        require_length(&path, text.len(), MOST_CONFIG)?;
        let _writing = self.begin_writing();
        write_text(&path, &text)
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
        let text = read_text(&path, MOST_TEXT)?.ok_or(io::ErrorKind::NotFound.into());
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
        let text = seal(&text);
        require_length(&path, text.len(), MOST_TEXT)?;
        write_text(&path, &text)
    }

    /// The result of a cell; `None` where it has none.
    ///
    /// # Errors
    /// If `result.json` or `cell.json` cannot be read, is damaged, or belongs to another cell; or if the cell was trained
    /// on other data than those [`expected`](Self::expect_data).
    pub fn read_result(&self, cell: &Cell) -> Result<Option<CellResult>, StoreError> {
        let path = self.result(cell);
        let Some(text) = read_text(&path, MOST_TEXT)? else { return Ok(None) };
        check_seal(&path, &text)?;
        let header: ResultHeader = from_json(&path, &text)?;
        require_same(&path, &cell.id, header.id)?;
        self.require_cell(cell)?;
        let result = from_json(&path, &text)?;
        self.require_data(&path, cell, &result)?;
        Ok(Some(result))
    }

    /// Whether the result of a cell lacks the trained model that `train.save_model` asks for: one that was trained without
    /// it, or whose model was deleted. A run that diverged has none.
    #[must_use]
    pub fn lacks_model(&self, cell: &Cell, result: &CellResult) -> bool {
        cell.config.train.save_model && result.status == Status::Finished && !self.model(cell).is_file()
    }

    /// Moves `result.json` out of the way, to the first free one of `result.json.old-1`, `result.json.old-2`, …; `None`
    /// where there is none.
    ///
    /// # Errors
    /// If it cannot be moved.
    pub fn move_result_aside(&self, cell: &Cell) -> Result<Option<PathBuf>, StoreError> {
        move_aside(&self.result(cell))
    }

    /// Moves `model.safetensors` out of the way, as [`move_result_aside`](Self::move_result_aside) the result.
    ///
    /// # Errors
    /// If it cannot be moved.
    pub fn move_model_aside(&self, cell: &Cell) -> Result<Option<PathBuf>, StoreError> {
        move_aside(&self.model(cell))
    }

    /// An error where there is a `cell.json` of another cell.
    fn require_cell(&self, cell: &Cell) -> Result<(), StoreError> {
        let path = self.cell_json(cell);
        let Some(text) = read_text(&path, MOST_TEXT)? else { return Ok(()) };
        let file: CellFile = from_json(&path, &text)?;
        require_same(&path, &cell.id, file.id)?;
        let found = if file.config.trains_like(&cell.config) { file.hash } else { "another config".to_owned() };
        require_same(&path, &cell.hash, found)
    }
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
