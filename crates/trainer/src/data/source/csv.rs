//! Tables of labels and pixels, as Kaggle has handwritten digits in: a row an image, a column `label` and one for each pixel.

use std::path::{Path, PathBuf};

use ::csv::{ReaderBuilder, StringRecord};

use super::elements::wrong_pixel;
use crate::data::collection::Collection;
use crate::data::dataset::classes;
use crate::data::file::{LIMIT, check_folder, open_file, resembles, up_to};
use crate::data::{DataError, DataProblem, Split};

/// Names of the column that holds the labels, wherever it is; without one of them, the first column does.
const LABELS: [&str; 4] = ["label", "labels", "class", "target"];

/// Reads a folder that holds `train.csv` (or `…_train.csv`) and, with a column of labels, `test.csv` (or `…_test.csv`), or
/// one file; grey square images, row by row. The first row may name the columns.
pub(super) fn read(path: &Path) -> Result<Collection, DataError> {
    let (train, test) = if path.is_file() { (path.to_owned(), None) } else { locate(path)? };
    let train = read_split(&train)?.ok_or_else(|| {
        let expected = format!("a column of labels, named {}, beside a square number of pixels", LABELS.join(", "));
        DataError::invalid(train.display(), expected, "columns of pixels alone")
    })?;
    let Some(test_path) = test else { return of(train, None) };
    let name = test_path.display().to_string();
    let test = read_split(&test_path)?;
    let note = test.is_none().then(|| format!("{name} has no labels, as Kaggle's test images: it is left aside"));
    let mut collection = of(train, test.map(|split| (name, split)))?;
    collection.notes.extend(note);
    Ok(collection)
}

fn of(train: Split, test: Option<(String, Split)>) -> Result<Collection, DataError> {
    let (name, test) = test.unzip();
    let name = name.unwrap_or_default();
    let classes = classes(&train, test.as_ref(), [&name, &name])?;
    Ok(Collection::of_splits(train, test, classes, None))
}

/// The tables for training and for testing.
fn locate(folder: &Path) -> Result<(PathBuf, Option<PathBuf>), DataError> {
    check_folder(folder)?;
    let mut names: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(DataError::read(folder.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("csv")))
        .collect();
    names.sort();
    let find = |part: &str| {
        let is_part = |path: &&PathBuf| {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
            stem == part || stem.ends_with(&format!("_{part}")) || stem.ends_with(&format!("-{part}"))
        };
        names.iter().find(is_part).cloned()
    };
    match find("train") {
        Some(train) => Ok((train, find("test"))),
        None => Err(DataError::new(folder.display(), DataProblem::Missing(vec!["train.csv".to_owned()]))),
    }
}

/// The images of a table; `None` where it has pixels and no labels.
fn read_split(path: &Path) -> Result<Option<Split>, DataError> {
    let (file, mut opened) = open_file(path)?;
    let head = up_to(&mut opened, 512).map_err(DataError::read(&file))?;
    let kind = resembles(&head);
    if !kind.starts_with('[') {
        return Err(DataError::invalid(file, "a table of labels and pixels", kind));
    }
    let (_, reader) = open_file(path)?;
    let reader = std::io::Read::take(reader, 4 * LIMIT);
    let mut rows = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(reader);
    let mut row = StringRecord::new();
    let mut table: Option<Table> = None;
    let mut number = 0;
    while rows.read_record(&mut row).map_err(|error| damaged(&file, &error))? {
        number += 1;
        match &mut table {
            None => {
                let Some(started) = Table::start(&file, &row)? else { return Ok(None) };
                table = Some(started);
            }
            Some(table) => table.push(&file, &row, number)?,
        }
    }
    let split = table.map(|table| table.split).filter(|split| split.count > 0);
    split.map(Some).ok_or_else(|| DataError::unlike(file, "a table with a row for each image"))
}

/// Images read so far.
struct Table {
    columns: usize,
    /// The column of labels.
    label: usize,
    split: Split,
}

impl Table {
    /// By the first row, which names the columns or is an image; `None` where there is no column of labels.
    fn start(file: &str, row: &StringRecord) -> Result<Option<Self>, DataError> {
        let columns = row.len();
        if columns == 1 {
            return Err(DataError::invalid(file, "columns between commas", one_column(row)));
        }
        let named = row.iter().any(|field| field.trim().parse::<f64>().is_err());
        let is_label =
            |field: &str| LABELS.contains(&field.trim().trim_start_matches('\u{feff}').to_ascii_lowercase().as_str());
        let label = if named { row.iter().position(is_label) } else { None };
        let Some(side) = side(columns.saturating_sub(1)) else {
            let is_pixels = label.is_none() && side(columns).is_some();
            if is_pixels {
                return Ok(None);
            }
            let expected = "a column of labels and a square number of columns of pixels";
            return Err(DataError::invalid(file, expected, format!("{columns} columns")));
        };
        let mut table = Self { columns, label: label.unwrap_or(0), split: Split::empty([1, side, side]) };
        if !named {
            table.push(file, row, 1)?;
        }
        Ok(Some(table))
    }

    fn push(&mut self, file: &str, row: &StringRecord, number: usize) -> Result<(), DataError> {
        let name = || format!("{file}, row {number}");
        if row.len() != self.columns {
            return Err(DataError::invalid(name(), format!("{} columns", self.columns), row.len()));
        }
        for (column, field) in row.iter().enumerate() {
            let field = field.trim();
            if column == self.label {
                let refused = |_| DataError::invalid(name(), "a label from 0 to 255", format!("`{field}`"));
                self.split.labels.push(field.parse().map_err(refused)?);
            } else {
                let pixel = field.parse::<u8>().ok().or_else(|| whole(field));
                self.split.images.push(pixel.ok_or_else(|| wrong_pixel(&name(), format!("`{field}`"), column))?);
            }
        }
        self.split.count += 1;
        Ok(())
    }
}

/// What a line without commas probably is.
fn one_column(row: &StringRecord) -> String {
    let signs = [(';', "semicolons: save it with commas"), ('\t', "tabs: save it with commas")];
    let sign = signs.iter().find(|(sign, _)| row.iter().any(|field| field.contains(*sign)));
    sign.map_or("one column alone".to_owned(), |(_, words)| format!("columns between {words}"))
}

/// `12.0` is 12.
fn whole(field: &str) -> Option<u8> {
    let number: f64 = field.parse().ok()?;
    ((0.0..=255.0).contains(&number) && number.fract() == 0.0).then_some(number as u8)
}

/// The side of a square of so many pixels.
fn side(pixels: usize) -> Option<usize> {
    let side = pixels.isqrt();
    (side > 0 && side * side == pixels).then_some(side)
}

fn damaged(file: &str, error: &::csv::Error) -> DataError {
    DataError::new(file, DataProblem::Decode(error.to_string()))
}
