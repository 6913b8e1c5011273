//! The state of a cell that is half run, in a file that says whose it is and notices damage.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::checksum::checksum;
use super::file::{read_bytes, require_length, write_bytes};
use super::require_same;
use crate::{Cell, StoreError, StudyFolder};

/// The first line goes on with the cell's id and the checksum of the rest.
const OPENING: &str = "untied checkpoint 1 ";

/// Upper bound on a checkpoint: 10⁹ parameters in f64 and one optimizer moment.
const MOST_BYTES: u64 = 1 << 34;

impl StudyFolder {
    /// `cells/<id>/checkpoint`.
    #[must_use]
    pub fn checkpoint(&self, cell: &Cell) -> PathBuf {
        self.cell(cell).join("checkpoint")
    }

    /// Writes the state of a cell in place of the last one: whole, and on the disk itself, or not at all.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_checkpoint(&self, cell: &Cell, state: &[u8]) -> Result<(), StoreError> {
        let header = format!("{OPENING}{} {}\n", cell.id, checksum(state));
        let path = self.checkpoint(cell);
        require_length(&path, header.len() + state.len(), MOST_BYTES)?;
        write_bytes(&path, &[header.as_bytes(), state])
    }

    /// The last state of a cell; `None` where it has none.
    ///
    /// # Errors
    /// If the file cannot be read, is damaged, or belongs to another cell.
    pub fn read_checkpoint(&self, cell: &Cell) -> Result<Option<Vec<u8>>, StoreError> {
        let path = self.checkpoint(cell);
        read_bytes(&path, MOST_BYTES)?.map(|content| state(&path, cell, content)).transpose()
    }

    /// Deletes the state of a cell that has a result, unless it is that of a training for the cell's model, which was stopped:
    /// it goes on when the model is asked for again.
    ///
    /// # Errors
    /// If the file cannot be deleted.
    pub fn remove_spent_checkpoint(&self, cell: &Cell) -> Result<(), StoreError> {
        if self.is_trained_again(cell) { Ok(()) } else { self.remove_checkpoint(cell) }
    }

    /// Whether a cell with a result is half trained again for its model: `cell.json` has it as it is trained.
    fn is_trained_again(&self, cell: &Cell) -> bool {
        let lacks_model = || {
            let there = self.read_cell(&cell.id).ok()?;
            let result = self.read_result(cell).ok()??;
            Some(self.lacks_model(&there, &result))
        };
        self.checkpoint(cell).exists() && lacks_model() == Some(true)
    }

    /// Deletes the state of a cell, if there is one.
    ///
    /// # Errors
    /// If the file cannot be deleted.
    pub fn remove_checkpoint(&self, cell: &Cell) -> Result<(), StoreError> {
        let path = self.checkpoint(cell);
        match fs::remove_file(&path) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(StoreError::Write { path, cause }),
            _ => Ok(()),
        }
    }
}

fn state(path: &Path, cell: &Cell, mut content: Vec<u8>) -> Result<Vec<u8>, StoreError> {
    let damaged = |cause: &str| StoreError::Damaged { path: path.to_owned(), cause: cause.to_owned() };
    let end = content.iter().position(|&byte| byte == b'\n').ok_or_else(|| damaged("it has no first line"))?;
    let header = str::from_utf8(&content[..end]).ok().and_then(|line| line.strip_prefix(OPENING)?.split_once(' '));
    let (id, expected) = header.ok_or_else(|| damaged("its first line is not this program's"))?;
    require_same(path, &cell.id, id.to_owned())?;
    if checksum(&content[end + 1..]) != expected {
        return Err(damaged("its checksum differs"));
    }
    content.drain(..=end);
    Ok(content)
}
