use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

use prost::Message;
use untied_onnx::{GraphProto, ModelProto, TensorProto};
use untied_study::open_to_read;

use crate::error::{LintError, invalid};

/// The most that one message of Protocol Buffers may have; larger tensors lie in other files.
const MOST_BYTES: u64 = 1 << 31;

/// An ONNX model as its file has it.
#[derive(Debug, Clone)]
pub struct Model {
    pub(crate) proto: ModelProto,
    path: PathBuf,
    /// Bytes of the file, and of what is written again of it.
    lengths: [usize; 2],
}

impl Model {
    /// Reads a model, and the tensors that it keeps in other files beside it.
    ///
    /// # Errors
    /// If a file cannot be read, or is no ONNX model.
    pub fn read(path: &Path) -> Result<Self, LintError> {
        let failed = |error| LintError::File { path: path.to_owned(), error };
        let file = open_to_read(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        if length > MOST_BYTES {
            let found = format!("{length} bytes, more than the {MOST_BYTES} that one can have");
            return Err(LintError::NotOnnx { path: path.to_owned(), found });
        }
        let mut bytes = Vec::new();
        file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(failed)?;
        let mut model = Self::decode(&bytes, path)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for tensor in &mut model.graph_mut().initializer {
            load_external(tensor, folder)?;
        }
        Ok(model)
    }

    /// Reads a model that is in memory; `path` is for messages.
    ///
    /// # Errors
    /// If the bytes are no ONNX model.
    pub fn decode(bytes: &[u8], path: &Path) -> Result<Self, LintError> {
        let not_onnx = |found: String| LintError::NotOnnx { path: path.to_owned(), found };
        if let Some(other) = other_programs(bytes) {
            return Err(not_onnx(other));
        }
        let proto = ModelProto::decode(bytes).map_err(|error| not_onnx(undecoded(bytes, &error.to_string())))?;
        if proto.graph.as_ref().is_none_or(|graph| graph.output.is_empty()) {
            return Err(not_onnx("no graph with outputs".to_owned()));
        }
        let lengths = [bytes.len(), proto.encoded_len()];
        Ok(Self { proto, path: path.to_owned(), lengths })
    }

    /// The file's bytes.
    pub fn encode(&self) -> Vec<u8> {
        self.proto.encode_to_vec()
    }

    /// Where the model was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The version of the standard operators.
    pub fn opset(&self) -> i64 {
        let standard = |domain: &Option<String>| matches!(domain.as_deref(), None | Some("" | "ai.onnx"));
        let version = self.proto.opset_import.iter().find(|set| standard(&set.domain)).and_then(|set| set.version);
        version.unwrap_or(1)
    }

    pub(crate) fn graph(&self) -> &GraphProto {
        self.proto.graph.as_ref().expect("reading has checked that there is a graph")
    }

    pub(crate) fn graph_mut(&mut self) -> &mut GraphProto {
        self.proto.graph.get_or_insert_default()
    }

    /// Checks that nothing of the file is lost when it is written again.
    pub(crate) fn check_lossless(&self) -> Result<(), LintError> {
        let [found, kept] = self.lengths;
        if kept < found {
            let at = self.path.display().to_string();
            return Err(invalid(at, "the fields of ONNX 1.23 alone", format!("{} bytes of others", found - kept)));
        }
        Ok(())
    }
}

/// How PyTorch writes what is read here.
const TORCH_EXPORT: &str = "in Python: torch.onnx.export(model.eval(), x, \"model.onnx\", dynamo=False, \
                            training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)";

/// What other programs keep models in, by the first bytes, and what to do then.
fn other_programs(bytes: &[u8]) -> Option<String> {
    let contains = |name: &[u8]| bytes.windows(name.len()).any(|part| part == name);
    match bytes {
        [b'P', b'K', 3, 4, ..] if contains(b"/data.pkl") => {
            Some(format!("a file of PyTorch; export the model, {TORCH_EXPORT}"))
        }
        [b'P', b'K', 3, 4, ..] => Some("a zip archive: unpack it first".to_owned()),
        // A pickle whose first value is PyTorch's magic number.
        [0x80, 2, 0x8a, 10, ..] => Some(format!("an old file of PyTorch; export the model, {TORCH_EXPORT}")),
        _ if is_safetensors(bytes) => Some(format!(
            "a safetensors file, which holds tensors without the operations between them; export the model, {TORCH_EXPORT}, or of \
             this program's models: untied export MODEL --onnx model.onnx"
        )),
        [0x89, b'H', b'D', b'F', ..] => Some("an HDF5 file, as Keras writes; export the model by tf2onnx".to_owned()),
        [] => Some("an empty file".to_owned()),
        [b'<', ..] if is_text(bytes) => Some("a web page: perhaps what a server sent in place of the file".to_owned()),
        _ if is_text(bytes) => Some(format!(
            "a text; only a model that was exported is read, not the program that makes it, {TORCH_EXPORT}"
        )),
        _ => None,
    }
}

/// What bytes are that end or change where no message does.
fn undecoded(bytes: &[u8], why: &str) -> String {
    match bytes {
        // A model's version of ONNX, and the name or version of what wrote it.
        [0x08, 1..=32, 0x12 | 0x1a | 0x22 | 0x3a, ..] => format!(
            "{} bytes that begin as one, but are cut short or damaged: export or copy the model again ({why})",
            bytes.len()
        ),
        _ => format!("bytes of another kind ({why})"),
    }
}

/// Whether the beginning is text without control characters but those between lines and words.
fn is_text(bytes: &[u8]) -> bool {
    const LOOKED_AT: usize = 4096;
    let start = &bytes[..bytes.len().min(LOOKED_AT)];
    let valid = match str::from_utf8(start) {
        Ok(text) => text,
        // The last character may be cut.
        Err(error) if error.valid_up_to() + 4 > start.len() && start.len() == LOOKED_AT => {
            str::from_utf8(&start[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !valid.is_empty() && !valid.contains(|letter: char| letter.is_control() && !"\n\r\t\u{c}".contains(letter))
}

/// The length of a header in 8 bytes, and the header, a JSON object.
fn is_safetensors(bytes: &[u8]) -> bool {
    let length = bytes.first_chunk().map(|bytes| u64::from_le_bytes(*bytes));
    length.is_some_and(|length| length >= 2 && length < bytes.len() as u64) && bytes[8..].starts_with(b"{\"")
}

/// Takes the values of a tensor that is kept in another file into the tensor.
fn load_external(tensor: &mut TensorProto, folder: &Path) -> Result<(), LintError> {
    const EXTERNAL: i32 = 1;
    if tensor.data_location != Some(EXTERNAL) {
        return Ok(());
    }
    let name = tensor.name.clone().unwrap_or_default();
    let entry = |key: &str| {
        let entry = tensor.external_data.iter().find(|entry| entry.key.as_deref() == Some(key));
        entry.and_then(|entry| entry.value.clone())
    };
    let location = entry("location").ok_or_else(|| invalid(&name, "the location of external data", "none"))?;
    if Path::new(&location).components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(invalid(&name, "external data in the model's folder or below it", location));
    }
    let number = |key: &str| -> Result<Option<u64>, LintError> {
        let parse = |text: String| text.parse().map_err(|_| invalid(&name, format!("a number as {key}"), text));
        entry(key).map(parse).transpose()
    };
    let path = folder.join(location);
    let failed = |error| LintError::File { path: path.clone(), error };
    let mut file = open_to_read(&path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let offset = number("offset")?.unwrap_or(0);
    let count = number("length")?.unwrap_or(length.saturating_sub(offset));
    if offset.checked_add(count).is_none_or(|end| end > length) {
        let found = format!("{count} from {offset} on of {length}");
        return Err(invalid(&name, format!("bytes that {} has", path.display()), found));
    }
    file.seek(SeekFrom::Start(offset)).map_err(failed)?;
    let mut bytes = vec![];
    file.take(count).read_to_end(&mut bytes).map_err(failed)?;
    (tensor.raw_data, tensor.data_location, tensor.external_data) = (Some(bytes), None, vec![]);
    Ok(())
}
