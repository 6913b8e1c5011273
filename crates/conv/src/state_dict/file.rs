//! State dicts by the path of their file, which every error names.

use std::fmt;
use std::path::Path;

use burn_store::{BurnpackStore, ModuleSnapshot};

use super::{Layout, Loaded, StateDictError, load};

/// Loads a file into a module, as [`load`](super::load()) does: `.safetensors`, PyTorch's `.pt`, `.pth` and `.bin`, or Burn's
/// `.bpk`, as its name says. Where the layout is in doubt, a `.safetensors` file's metadata tells, if it has any.
///
/// # Errors
/// As [`load`](super::load()), and if the name does not tell the format; the file is named.
///
/// # Example
/// ```no_run
/// use burn::tensor::Device;
/// use untied_conv::Conv2dConfig;
/// use untied_conv::state_dict::load_file;
///
/// let mut conv = Conv2dConfig::new([3, 8], [3, 3]).init(&Device::default());
/// println!("{}", load_file(&mut conv, "conv.safetensors")?);
/// # Ok::<(), untied_conv::state_dict::StateDictError>(())
/// ```
pub fn load_file<M: ModuleSnapshot>(module: &mut M, path: impl AsRef<Path>) -> Result<Loaded, StateDictError> {
    let path = path.as_ref();
    let loaded = match path.extension().and_then(|extension| extension.to_str()) {
        _ if !path.is_file() => Err(store(if path.exists() { "not a file" } else { "no such file" })),
        #[cfg(feature = "safetensors")]
        Some("safetensors") => metadata::claimed(path)
            .and_then(|claimed| load::load(module, &mut super::SafetensorsStore::from_file(path), None, claimed)),
        #[cfg(feature = "pytorch")]
        Some("pt" | "pth" | "bin") => load::load(module, &mut super::PytorchStore::from_file(path), None, None),
        Some("bpk") => load::load(module, &mut BurnpackStore::from_file(path), Some(Layout::Burn), None),
        other => Err(StateDictError::Format { hint: hint(other) }),
    };
    loaded.map_err(|error| named(path, error))
}

/// Saves a module as PyTorch takes it, as [`save`](super::save()) does, in a new `.safetensors` file.
///
/// `model.load_state_dict(safetensors.torch.load_file("model.safetensors"))` reads it.
///
/// # Errors
/// If there is a file already, or it cannot be written; the file is named.
#[cfg(feature = "safetensors")]
pub fn save_file<M: ModuleSnapshot>(module: &M, path: impl AsRef<Path>) -> Result<(), StateDictError> {
    let path = path.as_ref();
    let mut store = super::SafetensorsStore::from_file(path).clear_metadata().metadata("format", "pt");
    super::save(module, &mut store).map_err(|error| named(path, error))
}

fn store(error: impl fmt::Display) -> StateDictError {
    StateDictError::Store(error.to_string())
}

fn named(path: &Path, error: StateDictError) -> StateDictError {
    StateDictError::File { path: path.display().to_string(), source: Box::new(error) }
}

/// The feature that an extension needs.
fn hint(extension: Option<&str>) -> String {
    let feature = match extension {
        Some("safetensors") => "safetensors",
        Some("pt" | "pth" | "bin") => "pytorch",
        _ => return String::new(),
    };
    format!("; built without the feature `{feature}` of untied-conv, which reads this one")
}

/// Metadata of `.safetensors` files, of which a store tells nothing.
#[cfg(feature = "safetensors")]
mod metadata {
    use std::io::Read;
    use std::path::Path;

    use serde::Deserialize;

    use super::{Layout, StateDictError, store};

    /// Bytes of a header, at most: safetensors' own bound.
    const MOST: u64 = 100_000_000;

    #[derive(Deserialize)]
    struct Header {
        #[serde(rename = "__metadata__", default)]
        metadata: Metadata,
    }

    #[derive(Deserialize, Default)]
    struct Metadata {
        producer: Option<String>,
        format: Option<String>,
    }

    /// The layout that a file's metadata tell: Burn writes its name, and Hugging Face `pt`.
    pub(super) fn claimed(path: &Path) -> Result<Option<Layout>, StateDictError> {
        let mut file = std::fs::File::open(path).map_err(store)?;
        let mut length = [0; 8];
        file.read_exact(&mut length)
            .map_err(|_| store("expected a safetensors file, found one of less than 8 bytes"))?;
        let length = u64::from_le_bytes(length);
        let mut header = vec![];
        file.take(length.min(MOST)).read_to_end(&mut header).map_err(store)?;
        // What is wrong with a header is the store's to say.
        let header = serde_json::from_slice::<Header>(&header).ok();
        Ok(header.and_then(|Header { metadata: Metadata { producer, format } }| match (producer, format) {
            (Some(producer), _) if producer == "burn" => Some(Layout::Burn),
            (_, Some(format)) if format == "pt" => Some(Layout::PyTorch),
            _ => None,
        }))
    }
}
