//! Errors of state dicts.

use super::Layout;

/// A state dict that was not loaded or written.
#[derive(Debug, thiserror::Error)]
pub enum StateDictError {
    /// The file cannot be read or written.
    #[error("state dict: {0}")]
    Store(String),
    /// Parameters of the module are missing in the file, or of another shape or kind of element.
    #[error("state dict: {0}")]
    Mismatch(String),
    /// The file fits both PyTorch's layout and Burn's, which differ.
    #[error(
        "state dict: the file may be PyTorch's or Burn's, which have other values for {tensors}: tell which with \
         `load_as(.., Layout::PyTorch)` or `load_as(.., Layout::Burn)`"
    )]
    Doubt {
        /// The parameters that differ.
        tensors: String,
    },
    /// Several prefixes of names fit alike.
    #[error(
        "state dict: the module's names may begin with any of {prefixes}: choose one with the store's key remapping"
    )]
    Prefix {
        /// The prefixes.
        prefixes: String,
    },
    /// The file has a bias for a layer that has none.
    #[error(
        "state dict: the file has {biases}, but the layers have no bias to take them: load layers with a tied one; \
         `without_bias` removes it and tells what that changes"
    )]
    Bias {
        /// Their names.
        biases: String,
    },
    /// A file by its path: which one, and why it was not loaded or written.
    #[error("{path}: {source}")]
    File {
        /// The path.
        path: String,
        /// What is wrong.
        source: Box<StateDictError>,
    },
    /// The name of a file does not tell its format.
    #[error("state dict: expected a file `.safetensors`, `.pt`, `.pth`, `.bin` or `.bpk`{hint}")]
    Format {
        /// The feature that would read it, if there is one.
        hint: String,
    },
}

impl Layout {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::PyTorch => "PyTorch's",
            Self::Burn => "Burn's",
        }
    }
}
