use std::path::Path;

use super::proof::Agreement;
use crate::error::LintError;
use crate::onnx::Model;

/// A rewritten model that agrees with the original.
#[derive(Debug, Clone)]
pub struct Rewritten<T> {
    /// The model.
    pub model: Model,
    /// What has become of its parts.
    pub parts: Vec<T>,
    /// How well both agree on random inputs.
    pub agreement: Agreement,
}

impl<T> Rewritten<T> {
    /// Writes the model, whole or not at all; tensors of other files come into it.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), LintError> {
        use std::io::Write;
        let failed = |error| LintError::File { path: path.to_owned(), error };
        let mut file = atomic_write_file::AtomicWriteFile::open(path).map_err(failed)?;
        file.write_all(&self.model.encode()).map_err(failed)?;
        file.commit().map_err(failed)
    }
}
