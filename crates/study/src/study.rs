//! A study: a config file, read, checked and expanded into its cells.

use std::collections::HashMap;
use std::path::Path;

use serde_json::Value;

use crate::parse::compare;
use crate::parse::document::Document;
use crate::parse::grid::{Grid, Variant};
use crate::parse::skip;
use crate::parse::source::Source;
use crate::{
    Cell, CellRecord, CompareConfig, Comparison, ConfigError, Provenance, Results, SCHEMA, Sequential, Skip,
    TrainConfig,
};

/// Longest name of a study: its output folder is named after it.
const MAX_NAME: usize = 100;

/// A question, and the grid of training runs that answers it.
#[derive(Debug, Clone, PartialEq)]
pub struct Study {
    /// Letters, digits, `_` and `-`; also the name of its output folder.
    pub name: String,
    /// The question that the study answers.
    pub question: String,
    /// The variants that the report compares.
    pub compare: Option<CompareConfig>,
    /// The lists that span the grid, in order: the last one varies fastest, seeds aside.
    pub vary: Vec<Vary>,
    /// The seeds of every variant; of a sequential study, all that there may be.
    pub seeds: Vec<u64>,
    /// The looks of a sequential study.
    pub sequential: Option<Sequential>,
    /// What the grid leaves out: variants of which all that one of these says is so.
    pub skip: Vec<Skip>,
    /// The grid without what `skip` leaves out, never empty; seeds vary fastest. The index of a cell is its position here.
    pub cells: Vec<Cell>,
}

/// One list of `[vary]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Vary {
    /// The dotted key, such as `model.bias`.
    pub key: String,
    /// Its values as the config gives them.
    pub values: Vec<Value>,
}

impl Study {
    /// Reads a config file, applies `--set key=value` options and expands `[vary]`.
    ///
    /// Of two options for one key, the last one wins. Relative data paths start at the config's folder.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("study.toml");
    /// # std::fs::write(&path, untied_study::EXAMPLE)?;
    /// let study = untied_study::Study::load(&path, &["train.epochs=1".into(), "vary.seeds=2".into()])?;
    /// assert_eq!(study.cells.len(), 3 * 2 * 2);
    /// assert!(study.cells[0].id.starts_with("none-none-seed0-"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the file cannot be read, or anything in it or in the options is wrong; the message says where and why.
    pub fn load(path: &Path, overrides: &[String]) -> Result<Self, ConfigError> {
        Self::from_source(&Source::read(path, overrides)?)
    }

    /// [`load`](Self::load) of a text; `path` names it in messages and anchors relative data paths.
    ///
    /// # Errors
    /// If anything in it or in the options is wrong.
    pub fn parse(text: &str, path: &Path, overrides: &[String]) -> Result<Self, ConfigError> {
        Self::from_source(&Source::new(path, text.to_owned(), overrides))
    }

    fn from_source(source: &Source) -> Result<Self, ConfigError> {
        let mut document = Document::parse(source)?;
        document.anchor_paths()?;
        let name = read_name(&document)?;
        let (question, _) = document.string("question")?;
        let grid = Grid::read(&document)?;
        let skip = skip::read(&document, &grid.factors)?;
        let cells = expand(&document, &grid, &skip)?;
        let compare = compare::read(&document, &grid)?;
        if let Some(compare) = &compare {
            check_baseline(&document, &cells, compare)?;
        }
        let vary = grid.factors.into_iter().map(|factor| Vary { key: factor.key, values: factor.labels }).collect();
        Ok(Self { name, question, compare, vary, seeds: grid.seeds, sequential: grid.sequential, skip, cells })
    }

    /// The device that every cell trains on, or `varied`.
    #[must_use]
    pub fn device(&self) -> String {
        self.common(|train| train.device.to_string())
    }

    /// The float type that every cell computes in, or `varied`.
    #[must_use]
    pub fn dtype(&self) -> String {
        self.common(|train| train.dtype.to_string())
    }

    fn common(&self, label: impl Fn(&TrainConfig) -> String) -> String {
        let first = label(&self.cells[0].config.train);
        if self.cells.iter().all(|cell| label(&cell.config.train) == first) { first } else { "varied".to_owned() }
    }

    /// `results.json` of this study.
    #[must_use]
    pub fn results(
        &self,
        cells: Vec<CellRecord>,
        comparisons: Vec<Comparison>,
        provenance: Vec<Provenance>,
    ) -> Results {
        Results {
            schema: SCHEMA,
            study: self.name.clone(),
            question: self.question.clone(),
            device: self.device(),
            dtype: self.dtype(),
            cells,
            comparisons,
            sequential: self.sequential,
            config: Some(self.resolved_toml()),
            provenance,
        }
    }
}

fn read_name(document: &Document<'_>) -> Result<String, ConfigError> {
    let (name, span) = document.string("name")?;
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if !plain || name.is_empty() || name.len() > MAX_NAME {
        let expected =
            format!("expected 1 to {MAX_NAME} letters, digits, `_` or `-`, since it names the output folder");
        return Err(document.fail(&span, format!("{expected}; found {}", document.text(&span))));
    }
    Ok(name)
}

fn expand(document: &Document<'_>, grid: &Grid<'_>, skip: &[Skip]) -> Result<Vec<Cell>, ConfigError> {
    let base = document.base()?;
    grid.check_base(document, &base)?;
    let order: Vec<&str> = grid.factors.iter().map(|factor| factor.key.as_str()).collect();
    let mut cells = Vec::with_capacity(grid.variants() * grid.seeds.len());
    for index in (0..grid.variants()).filter(|&index| !skip::leaves_out(skip, &grid.factors_of(index))) {
        let variant = grid.variant(document, &base, index)?;
        push_seeds(&mut cells, &variant, &grid.seeds, &order);
    }
    if cells.is_empty() {
        let span = document.get(&["skip"]).map_or(0..0, toml::Spanned::span);
        return Err(document.fail(&span, "leaves no cell of the grid"));
    }
    reject_equal(document, &cells)?;
    Ok(cells)
}

fn check_baseline(document: &Document<'_>, cells: &[Cell], compare: &CompareConfig) -> Result<(), ConfigError> {
    let is_baseline = |cell: &Cell| compare.baseline.iter().all(|(key, value)| cell.factors.get(key) == Some(value));
    if cells.iter().any(is_baseline) {
        return Ok(());
    }
    let span = document.get(&["skip"]).map_or(0..0, toml::Spanned::span);
    Err(document.fail(&span, "leaves no cell of `compare.baseline`, so that there is nothing to compare with"))
}

fn push_seeds(cells: &mut Vec<Cell>, variant: &Variant, seeds: &[u64], order: &[&str]) {
    for seed in seeds {
        cells.push(Cell::new(variant.factors.clone(), variant.with_seed(*seed), order));
    }
}

/// Two spellings of one setting, such as a default left out and written, give one cell twice.
fn reject_equal(document: &Document<'_>, cells: &[Cell]) -> Result<(), ConfigError> {
    let mut seen = HashMap::new();
    for cell in cells {
        if let Some(other) = seen.insert(&cell.hash, cell) {
            let message = format!("[vary] lists one cell twice: `{}` and `{}` train the same", other.id, cell.id);
            return Err(document.fail_file(message));
        }
    }
    Ok(())
}
