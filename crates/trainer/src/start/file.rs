//! Files of tensors: this program's models, safetensors of other programs, PyTorch's own files.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use burn::tensor::{DType, TensorData};
use safetensors::{Dtype, SafeTensors};
use untied_study::{models_in, open_to_read};

use crate::export::{TrainedModel, is_own};
use crate::model::tensors::{HostTensor, HostTensors};

/// Tensors of floating-point numbers; others, such as counts of batches, are no parameters and left out.
pub(super) struct File {
    pub(super) tensors: HostTensors,
    /// Whether names and layouts are this program's; PyTorch's otherwise.
    pub(super) own: bool,
}

pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, String> {
    if path.is_dir() {
        return Err(models_in(path));
    }
    let mut bytes = Vec::new();
    let read = open_to_read(path).and_then(|mut file| file.read_to_end(&mut bytes));
    read.map(|_| bytes).map_err(|error| format!("it cannot be read: {error}"))
}

pub(super) fn open(path: &Path) -> Result<File, String> {
    let file = match path.extension().and_then(|ending| ending.to_str()) {
        Some("safetensors") => safetensors(&bytes(path)?)?,
        Some("pt" | "pth" | "bin") => {
            bytes(path)?;
            File { tensors: pytorch::tensors(path)?, own: false }
        }
        _ => return Err("expected a file `.safetensors`, `.pt`, `.pth` or `.bin`".to_owned()),
    };
    for (name, tensor) in &file.tensors {
        if let Some(&value) = tensor.values.iter().find(|value| !value.is_finite()) {
            return Err(format!("`{name}` holds {value}; expected finite numbers"));
        }
    }
    Ok(file)
}

fn safetensors(bytes: &[u8]) -> Result<File, String> {
    let foreign = |error: safetensors::SafeTensorError| format!("it is no safetensors file, or a damaged one: {error}");
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(foreign)?;
    if is_own(header.metadata().as_ref()) {
        let model = TrainedModel::read(bytes, bytes.len() as u64).map_err(|error| error.to_string())?;
        return Ok(File { tensors: model.tensors, own: true });
    }
    let mut tensors = BTreeMap::new();
    for (name, view) in SafeTensors::deserialize(bytes).map_err(foreign)?.tensors() {
        let dtype = match view.dtype() {
            Dtype::F64 => DType::F64,
            Dtype::F32 => DType::F32,
            Dtype::F16 => DType::F16,
            Dtype::BF16 => DType::BF16,
            _ => continue,
        };
        tensors.insert(name, host(view.data().to_vec(), view.shape(), dtype));
    }
    Ok(File { tensors, own: false })
}

/// Little-endian numbers of a type.
fn host(bytes: Vec<u8>, shape: &[usize], dtype: DType) -> HostTensor {
    let data = TensorData::from_bytes_vec(bytes, shape.to_vec(), dtype).convert::<f64>();
    HostTensor { shape: shape.to_vec(), values: data.try_to_vec().expect("converted to f64") }
}

/// `torch.save`'s files. No code in them is run.
#[cfg(feature = "pytorch")]
mod pytorch {
    use std::fmt::Display;
    use std::path::Path;

    use burn::tensor;
    use pytorch_reader::{DType, PytorchReader};

    use crate::model::tensors::HostTensors;
    use crate::start::file::host;

    pub(super) fn tensors(path: &Path) -> Result<HostTensors, String> {
        let foreign = |error: &dyn Display| format!("it is no file of PyTorch, or a damaged one: {error}");
        let reader = PytorchReader::new(path).map_err(|error| foreign(&error))?;
        let mut tensors = HostTensors::new();
        for (name, tensor) in reader.tensors() {
            let dtype = match tensor.dtype() {
                DType::F64 => tensor::DType::F64,
                DType::F32 => tensor::DType::F32,
                DType::F16 => tensor::DType::F16,
                DType::BF16 => tensor::DType::BF16,
                _ => continue,
            };
            let bytes = tensor.read().map_err(|error| foreign(&error))?;
            tensors.insert(name.clone(), host(bytes, tensor.shape(), dtype));
        }
        Ok(tensors)
    }
}

#[cfg(not(feature = "pytorch"))]
mod pytorch {
    use std::path::Path;

    use crate::model::tensors::HostTensors;

    pub(super) fn tensors(_: &Path) -> Result<HostTensors, String> {
        let text = "this program was built without PyTorch's own files: build with `--features pytorch`, or save it in PyTorch \
                    by `safetensors.torch.save_file(model.state_dict(), \"model.safetensors\")`";
        Err(text.to_owned())
    }
}
