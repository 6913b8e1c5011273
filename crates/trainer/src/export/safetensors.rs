//! Trained models as `.safetensors` files.
//!
//! The header's metadata say what the tensors are: `format`, `config` (of the cell, JSON), `input` (channels, height and
//! width, JSON), `classes`, `class_names` (JSON, where the data have names), `mean` and `deviation` of the pixels that the
//! model was trained on: a number, or a list of one for each channel; and `sha256`, the checksum of the whole file with zeros
//! in its place.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::path::Path;
use std::str::FromStr;

use safetensors::tensor::{Dtype as FileType, Metadata, View};
use untied_study::{CellConfig, Dtype, models_in, open_to_read};

use super::error::ModelError;
use super::seal::{self, damaged, other_programs};
use super::trained_model::{PixelScale, TrainedModel};
use crate::TrainerError;
use crate::model::plan::{Plan, Shape};
use crate::model::tensors::{HostTensor, HostTensors};

const FORMAT: &str = "untied model 1";
/// As in the format itself: a model of ten thousand layers is read again.
const MOST_HEADER_BYTES: u64 = 100_000_000;
/// Length of the header's length.
const PREFIX: u64 = 8;
/// Sides and channels of an image.
const MOST_INPUT: usize = 1 << 16;

impl TrainedModel {
    /// Reads a model that [`to_bytes`](Self::to_bytes) gave the bytes of.
    ///
    /// # Errors
    /// If the file cannot be read, is damaged, or is another than such a model.
    pub fn load(path: &Path) -> Result<Self, ModelError> {
        if path.is_dir() {
            return Err(ModelError::Folder(models_in(path)));
        }
        let file = open_to_read(path)?;
        let length = file.metadata()?.len();
        Self::read(file, length)
    }

    /// Reads a model from a file of `length` bytes. Every size is checked before memory is taken for it.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn read(mut file: impl Read, length: u64) -> Result<Self, ModelError> {
        let (mut start, header, mut model) = begin(&mut file, length)?;
        let dtype = file_type(model.config.train.dtype);
        let mut data = vec![0; header.data_len()];
        file.read_exact(&mut data)?;
        for (name, info) in header.tensors() {
            let values = numbers(&data[info.data_offsets.0..info.data_offsets.1], dtype);
            check_values(&name, &values)?;
            model.tensors.insert(name, HostTensor { shape: info.shape.clone(), values });
        }
        seal::check(header.metadata().as_ref(), &mut start, data.as_slice())?;
        Ok(model)
    }

    /// Checks a file without taking its numbers into memory: whether it is as it was written.
    ///
    /// # Errors
    /// As [`load`](Self::load), numbers that are not finite aside.
    pub fn check(path: &Path) -> Result<(), ModelError> {
        let mut file = open_to_read(path)?;
        let length = file.metadata()?.len();
        let (mut start, header, _) = begin(&mut file, length)?;
        seal::check(header.metadata().as_ref(), &mut start, file)
    }

    /// The model as a `.safetensors` file, its numbers rounded to its own type. Equal models give equal bytes.
    ///
    /// # Panics
    /// Never: such a model has a header.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let dtype = file_type(self.config.train.dtype);
        let tensors = self.tensors.iter().map(|(name, tensor)| (name, FileTensor { tensor, dtype }));
        let bytes = safetensors::serialize(tensors, Some(self.description())).expect("a header of some kilobytes");
        seal::put(with_sorted_header(bytes))
    }

    fn description(&self) -> HashMap<String, String> {
        let config = serde_json::to_string(&self.config).expect("a cell's config is plain data with UTF-8 paths");
        let [c, h, w] = self.input;
        let entries = [
            ("format", FORMAT.to_owned()),
            ("config", config),
            ("input", format!("[{c}, {h}, {w}]")),
            ("sha256", seal::blank()),
        ];
        entries.into_iter().chain(self.about()).map(|(key, value)| (key.to_owned(), value)).collect()
    }
}

impl TrainedModel {
    /// What is told of a model beside its numbers: its pixels' means and deviations, and its classes.
    pub(super) fn about(&self) -> Vec<(&'static str, String)> {
        let names = self.class_names.as_ref().map(|names| ("class_names", serde_json::json!(names).to_string()));
        let about = [
            ("classes", self.classes.to_string()),
            ("mean", listed(&self.scale.means)),
            ("deviation", listed(&self.scale.deviations)),
        ];
        about.into_iter().chain(names).collect()
    }
}

/// What comes before a file's numbers: the header's bytes with its length before them, the header, and the model without its
/// tensors, which are those of the header, and as long as the rest of the file.
fn begin(file: &mut impl Read, length: u64) -> Result<(Vec<u8>, Metadata, TrainedModel), ModelError> {
    let (start, data_bytes) = read_header(file, length)?;
    let header: Metadata =
        serde_json::from_slice(&start[PREFIX as usize..]).map_err(|error| damaged(error.to_string()))?;
    let model = described(header.metadata().as_ref())?;
    check_tensors(&header, &model.plan.tensors(), file_type(model.config.train.dtype))?;
    if header.data_len() as u64 != data_bytes {
        return Err(damaged(format!("expected {} bytes of numbers, found {data_bytes}", header.data_len())));
    }
    Ok((start, header, model))
}

/// The header with its length before it, and how many bytes come after it.
fn read_header(file: &mut impl Read, length: u64) -> Result<(Vec<u8>, u64), ModelError> {
    let mut start = vec![0; PREFIX as usize];
    if length < PREFIX {
        return Err(damaged("it is too short"));
    }
    file.read_exact(&mut start)?;
    let header_bytes = start.first_chunk().map_or(0, |prefix| u64::from_le_bytes(*prefix));
    if header_bytes > MOST_HEADER_BYTES.min(length - PREFIX) {
        let known = other_programs(&start).map(str::to_owned);
        return Err(damaged(known.unwrap_or_else(|| format!("its header cannot have {header_bytes} bytes"))));
    }
    start.resize(start.len() + header_bytes as usize, 0);
    file.read_exact(&mut start[PREFIX as usize..])?;
    Ok((start, length - PREFIX - header_bytes))
}

/// The model that the metadata describe, without its tensors.
fn described(metadata: Option<&HashMap<String, String>>) -> Result<TrainedModel, ModelError> {
    let entry = |key: &str| metadata.and_then(|metadata| metadata.get(key)).map(String::as_str);
    match entry("format") {
        Some(FORMAT) => {}
        Some(other) => return Err(foreign(format!("its format is `{other}`; this program reads `{FORMAT}`"))),
        None => return Err(foreign(format!("its metadata have no format, such as `{FORMAT}`"))),
    }
    let text = |key: &str| entry(key).ok_or_else(|| foreign(format!("its metadata have no `{key}`")));
    let config: CellConfig = json("config", text("config")?)?;
    let input: Shape = json("input", text("input")?)?;
    let classes = number("classes", text("classes")?, |&classes: &usize| classes > 0)?;
    let means = per_channel("mean", text("mean")?, input[0], f64::is_finite)?;
    let is_deviation = |deviation: f64| deviation > 0.0 && deviation.is_finite();
    let deviations = per_channel("deviation", text("deviation")?, input[0], is_deviation)?;
    if !input.iter().all(|size| (1..=MOST_INPUT).contains(size)) {
        return Err(foreign(format!("its images have the shape {input:?}; expected 1 to {MOST_INPUT} each")));
    }
    config.check().map_err(TrainerError::from)?;
    let plan = Plan::new(&config.model, input, classes)?.trained_by(&config.train);
    let scale = PixelScale { means, deviations };
    let class_names = entry("class_names").map(|text| class_names(text, classes)).transpose()?;
    Ok(TrainedModel { config, plan, input, classes, class_names, scale, tensors: HostTensors::new() })
}

fn class_names(text: &str, classes: usize) -> Result<Vec<String>, ModelError> {
    let names: Vec<String> = json("class_names", text)?;
    if names.len() == classes {
        return Ok(names);
    }
    Err(foreign(format!(
        "`class_names` in its metadata are {}; expected one for each of {classes} classes",
        names.len()
    )))
}

/// Whether a file with these metadata is of this program, of whatever version.
pub(crate) fn is_own(metadata: Option<&HashMap<String, String>>) -> bool {
    metadata.and_then(|metadata| metadata.get("format")).is_some_and(|format| format.starts_with("untied model "))
}

/// A number, or a list of one for each channel.
fn listed(numbers: &[f64]) -> String {
    let numbers: Vec<String> = numbers.iter().map(f64::to_string).collect();
    if numbers.len() == 1 { numbers.concat() } else { format!("[{}]", numbers.join(", ")) }
}

/// What [`listed`] wrote.
fn per_channel(key: &str, text: &str, channels: usize, valid: fn(f64) -> bool) -> Result<Vec<f64>, ModelError> {
    let list = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let numbers = list.map_or(vec![text], |list| list.split(", ").collect());
    if ![1, channels].contains(&numbers.len()) {
        return Err(foreign(format!("`{key}` in its metadata cannot be `{text}` for {channels} channels")));
    }
    numbers.into_iter().map(|text| number(key, text, |number: &f64| valid(*number))).collect()
}

fn json<T: serde::de::DeserializeOwned>(key: &str, text: &str) -> Result<T, ModelError> {
    serde_json::from_str(text).map_err(|error| foreign(format!("`{key}` in its metadata: {error}")))
}

fn number<T: FromStr>(key: &str, text: &str, valid: impl Fn(&T) -> bool) -> Result<T, ModelError> {
    let number = text.parse().ok().filter(valid);
    number.ok_or_else(|| foreign(format!("`{key}` in its metadata cannot be `{text}`")))
}

fn check_tensors(
    header: &Metadata,
    expected: &BTreeMap<String, Vec<usize>>,
    dtype: FileType,
) -> Result<(), ModelError> {
    let found = header.tensors();
    if let Some(tensor) = found.keys().filter(|name| !expected.contains_key(*name)).min() {
        return Err(ModelError::Unknown { tensor: tensor.clone() });
    }
    for (name, shape) in expected {
        let info = found.get(name).ok_or_else(|| ModelError::Missing { tensor: name.clone() })?;
        if (info.dtype, &info.shape) != (dtype, shape) {
            let (expected, found) = (format!("{dtype} {shape:?}"), format!("{} {:?}", info.dtype, info.shape));
            return Err(ModelError::Tensor { tensor: name.clone(), expected, found });
        }
    }
    Ok(())
}

fn check_values(name: &str, values: &[f64]) -> Result<(), ModelError> {
    let variance = name.ends_with("running_var");
    let expected = if variance { "finite numbers, 0 or more" } else { "finite numbers" };
    let wrong = values.iter().find(|value| !value.is_finite() || (variance && **value < 0.0));
    wrong.map_or(Ok(()), |&value| Err(ModelError::Number { tensor: name.to_owned(), value, expected }))
}

fn numbers(bytes: &[u8], dtype: FileType) -> Vec<f64> {
    if dtype == FileType::F64 {
        bytes.as_chunks().0.iter().map(|&bytes| f64::from_le_bytes(bytes)).collect()
    } else {
        bytes.as_chunks().0.iter().map(|&bytes| f64::from(f32::from_le_bytes(bytes))).collect()
    }
}

fn file_type(dtype: Dtype) -> FileType {
    match dtype {
        Dtype::F32 => FileType::F32,
        Dtype::F64 => FileType::F64,
    }
}

/// A tensor as the file holds it.
struct FileTensor<'t> {
    tensor: &'t HostTensor,
    dtype: FileType,
}

impl View for FileTensor<'_> {
    fn dtype(&self) -> FileType {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.tensor.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        let values = self.tensor.values.iter();
        let bytes = match self.dtype {
            FileType::F64 => values.flat_map(|value| value.to_le_bytes()).collect(),
            _ => values.flat_map(|&value| (value as f32).to_le_bytes()).collect(),
        };
        Cow::Owned(bytes)
    }

    fn data_len(&self) -> usize {
        self.tensor.values.len() * self.dtype.bitsize() / 8
    }
}

/// The crate keeps the metadata in a hash map, whose order differs from run to run.
fn with_sorted_header(mut bytes: Vec<u8>) -> Vec<u8> {
    let length = bytes.first_chunk().map_or(0, |prefix| u64::from_le_bytes(*prefix)) as usize;
    let header = &mut bytes[PREFIX as usize..][..length];
    let mut json: serde_json::Value = serde_json::from_slice(header).expect("the header just written");
    json.sort_all_objects();
    let sorted = json.to_string();
    header.fill(b' ');
    header[..sorted.len()].copy_from_slice(sorted.as_bytes());
    bytes
}

fn foreign(why: impl Into<String>) -> ModelError {
    ModelError::Foreign(why.into())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use burn::tensor::{DType, Device};
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use untied_study::{Bias, ModelConfig, Normalization};

    use super::*;
    use crate::data::transform::batch::Input;
    use crate::export::trained_model::tests::{every_model, made_up};
    use crate::optimization::evaluation::evaluate;
    use crate::prepare::{Prepared, prepare};
    use crate::{Checkpoints, Trained, resume};

    fn read(bytes: &[u8]) -> Result<TrainedModel, ModelError> {
        TrainedModel::read(bytes, bytes.len() as u64)
    }

    fn small() -> Vec<u8> {
        made_up(ModelConfig { bias: Bias::Untied, ..ModelConfig::new(vec![2]) }).to_bytes()
    }

    /// The header of a file as JSON, and what comes after it.
    fn parts(bytes: &[u8]) -> (Value, Vec<u8>) {
        let length = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
        (serde_json::from_slice(&bytes[8..8 + length]).unwrap(), bytes[8 + length..].to_vec())
    }

    fn file(header: &Value, data: &[u8]) -> Vec<u8> {
        let header = header.to_string();
        [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
    }

    /// That of a model of ten thousand tensors.
    #[test]
    fn a_header_is_read_as_far_as_the_format_goes() {
        let file = |bytes: u64| [&bytes.to_le_bytes()[..], &vec![b' '; bytes as usize]].concat();
        let (long, longer) = (file(3 << 20), file(MOST_HEADER_BYTES + 1));
        let (start, rest) = read_header(&mut &long[..], long.len() as u64).unwrap();
        assert_eq!((start.len(), rest), (8 + (3 << 20), 0));
        let refused = read_header(&mut &longer[..], longer.len() as u64).unwrap_err().to_string();
        assert!(refused.contains("its header cannot have 100000001 bytes"), "{refused}");
    }

    #[test]
    fn models_come_back_to_the_bit_in_both_types() {
        for model in every_model() {
            for dtype in [Dtype::F32, Dtype::F64] {
                let mut model = made_up(model.clone());
                model.config.train.dtype = dtype;
                let model = model.rounded();
                let bytes = model.to_bytes();
                let again = read(&bytes).unwrap();
                assert_eq!((&again.tensors, &again.config), (&model.tensors, &model.config));
                assert_eq!((again.input, again.classes, &again.scale), (model.input, model.classes, &model.scale));
                assert_eq!(again.to_bytes(), bytes);
            }
        }
    }

    #[test]
    fn a_model_read_again_does_on_the_test_set_what_the_trained_one_did() {
        for norm in [Normalization::Batch, Normalization::Layer] {
            let model = ModelConfig { norm, bias: Bias::Untied, ..ModelConfig::new(vec![4]) };
            let mut config = made_up(model).config;
            (config.train.save_model, config.train.dtype) = (true, Dtype::F32);
            let checkpoints = Checkpoints { last: None, commit: None, every: Duration::MAX, keep: &mut |_| Ok(()) };
            let Trained { result, model } = resume(&config, checkpoints, &mut |_| {}).unwrap();
            let net = read(&model.unwrap()).unwrap().net(&Device::flex(), DType::F32);
            let Prepared { dataset, standardisation, .. } = prepare(&config).unwrap();
            let input = Input::new(standardisation, None);
            let all: Vec<usize> = (0..dataset.test.count).collect();
            let again = evaluate(&net, &dataset.test, &all, &input, &Device::flex(), DType::F32);
            let found = (Some(again.accuracy), Some(again.loss));
            assert_eq!(found, (result.metrics.test_accuracy, result.metrics.test_loss));
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let (header, data) = parts(&small());
        let changed = |pointer: &str, value: Value| {
            let mut header = header.clone();
            *header.pointer_mut(pointer).unwrap() = value;
            read(&file(&header, &data)).unwrap_err().to_string()
        };
        let config = header["__metadata__"]["config"].as_str().unwrap();
        let config_with = |from: &str, to: &str| {
            assert!(config.contains(from), "{config}");
            changed("/__metadata__/config", config.replace(from, to).into())
        };
        for (message, expected) in [
            (changed("/__metadata__/format", "untied model 2".into()), "its format is `untied model 2`"),
            (changed("/__metadata__", json!({"format": "pt"})), "its format is `pt`"),
            (changed("/__metadata__", json!({})), "no format"),
            (changed("/__metadata__/config", "{".into()), "`config` in its metadata"),
            (changed("/__metadata__/input", "[1, 0, 14]".into()), "[1, 0, 14]"),
            (changed("/__metadata__/input", "[1, 60000, 60000]".into()), "block1.convolution.bias"),
            (changed("/__metadata__/input", "[1, 2]".into()), "`input`"),
            (changed("/__metadata__/classes", "0".into()), "`classes`"),
            (changed("/__metadata__/classes", "18446744073709551615".into()), "model: head: "),
            (changed("/__metadata__/mean", "inf".into()), "`mean`"),
            (changed("/__metadata__/deviation", "0".into()), "`deviation`"),
            (config_with("[2]", "[3]"), "block1.convolution.bias"),
            (config_with("[2]", "[65536,65536]"), "config that cannot be trained"),
            (config_with("[2]", "[]"), "model.channels"),
            (config_with("\"f64\"", "\"f32\""), "expected F32 [2, 12, 14], as its config says, found F64 [2, 12, 14]"),
            (config_with("\"norm\":\"batch\"", "\"norm\":\"rms\""), "`block1.norm.beta`, which its config does not"),
            (changed("/block1.norm.gamma/data_offsets", json!([0, 9])), "damaged"),
            (changed("/block1.norm.gamma/shape", json!([u64::MAX, u64::MAX])), "damaged"),
        ] {
            assert!(message.contains(expected), "no `{expected}` in: {message}");
        }
        // Every order of a block has the same tensors, and is read.
        for order in ["norm", "activation"] {
            let changed = config.replace("\"bias_after\":\"convolution\"", &format!("\"bias_after\":\"{order}\""));
            assert_ne!(changed, config);
            let mut header = header.clone();
            *header.pointer_mut("/__metadata__/config").unwrap() = changed.into();
            assert!(read(&file(&header, &data)).unwrap_err().to_string().ends_with("its checksum differs"));
            // As files of older versions.
            header["__metadata__"].as_object_mut().unwrap().remove("sha256").unwrap();
            read(&file(&header, &data)).unwrap();
        }
        let mut without = header.clone();
        without.as_object_mut().unwrap().remove("head.bias");
        assert!(read(&file(&without, &data)).is_err());
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let bytes = small();
        for bit in (0..bytes.len() * 8).filter(|bit| bit % 7 == 0 || *bit < 8 * 2000) {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(read(&flipped).is_err(), "bit {bit} of {}", bytes.len() * 8);
        }
    }

    #[test]
    fn a_file_is_checked_without_its_numbers_in_memory() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let check = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            TrainedModel::check(&path)
        };
        // Longer than what is read at a time.
        let bytes = made_up(ModelConfig { bias: Bias::Untied, ..ModelConfig::new(vec![64, 64]) }).to_bytes();
        assert!(bytes.len() > 100_000);
        check(&bytes).unwrap();
        check(&small()).unwrap();
        for at in (0..bytes.len()).step_by(997).chain([bytes.len() - 1]) {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(check(&changed).is_err(), "byte {at}");
        }
        for length in [0, 7, 8, 500, bytes.len() / 2, bytes.len() - 1] {
            assert!(check(&bytes[..length]).is_err(), "{length} bytes");
        }
        assert!(check(&[bytes.as_slice(), b"x"].concat()).is_err());
        assert!(TrainedModel::check(&folder.path().join("absent.safetensors")).is_err());
    }

    #[test]
    fn models_of_others_are_named() {
        for (start, said) in [
            (b"\x08\x08\x12\x07pytorch".as_slice(), "ONNX model, which `untied lint` reads"),
            (b"\x08\x07\x3a\xff\x01pytorch", "ONNX model, which `untied lint` reads"),
            (b"PK\x03\x04\x00\x00\x08\x08\x00\x00", "zip archive"),
            (b"\x89HDF\r\n\x1a\n\x00", "HDF5"),
            (b"<!DOCTYPE html>", "web page"),
        ] {
            let error = read(start).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn numbers_that_no_model_has_are_named() {
        for (tensor, value) in [("block1.norm.gamma", f64::NAN), ("block1.norm.running_var", -1.0)] {
            let mut model = made_up(ModelConfig::new(vec![2]));
            model.tensor(tensor).unwrap().values[1] = value;
            let message = read(&model.to_bytes()).unwrap_err().to_string();
            assert!(message.contains(tensor) && message.contains(&value.to_string()), "{message}");
        }
    }

    #[test]
    fn files_of_another_length_are_refused_before_memory_is_taken() {
        let bytes = small();
        let longer = [bytes.as_slice(), &[0]].concat();
        for damaged in [&bytes[..bytes.len() - 1], &longer, &bytes[..100], &bytes[..8], b"", b"text"] {
            assert!(matches!(read(damaged), Err(ModelError::Damaged(_))));
        }
        let huge = [&(u64::MAX - 3).to_le_bytes(), b"{}".as_slice()].concat();
        assert!(matches!(TrainedModel::read(huge.as_slice(), u64::MAX), Err(ModelError::Damaged(_))));
        // A file that became shorter since its length was asked for.
        assert!(matches!(TrainedModel::read(&bytes[..200], bytes.len() as u64), Err(ModelError::Read(_))));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn hostile_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(read(&bytes).is_err());
        }

        #[test]
        fn flipped_bytes_give_a_model_or_an_error(
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        ) {
            let mut bytes = small();
            // Half of them in the header.
            for (at, value) in changes {
                let end = if value % 2 == 0 { 1500 } else { bytes.len() };
                bytes[at.index(end)] = value;
            }
            if let Ok(model) = read(&bytes) {
                prop_assert!(model.tensors.values().all(|tensor| tensor.values.iter().all(|value| value.is_finite())));
            }
        }

        #[test]
        fn changed_headers_give_a_model_or_an_error(
            key in prop::sample::select(vec!["config", "input", "classes", "mean", "deviation"]),
            digits in "[0-9]{1,20}",
            at in any::<prop::sample::Index>(),
        ) {
            let (mut header, data) = parts(&small());
            let text = header["__metadata__"][key].as_str().unwrap();
            let numbers: Vec<_> = text.match_indices(|c: char| c.is_ascii_digit()).collect();
            let (place, _) = numbers[at.index(numbers.len())];
            header["__metadata__"][key] = format!("{}{digits}{}", &text[..place], &text[place + 1..]).into();
            let _ = read(&file(&header, &data));
        }
    }
}
