//! `data.source`: where the images come from.

use std::fs;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::factors::display_as_serialized;

/// The images and their labels.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum DataSource {
    /// 5000 + 1000 images of Fashion-MNIST, 28×28, bundled.
    #[serde(rename = "fashion-mnist-6k")]
    FashionMnist6k,
    /// 1437 + 360 handwritten digits, 8×8, bundled.
    #[serde(rename = "digits")]
    Digits,
    /// A folder with MNIST's four IDX files, plain or gzip.
    #[serde(rename = "idx")]
    Idx(PathBuf),
    /// A folder with the binary batches of CIFAR-10.
    #[serde(rename = "cifar10")]
    Cifar10(PathBuf),
    /// A folder with the binary files of CIFAR-100, its 100 fine classes.
    #[serde(rename = "cifar100")]
    Cifar100(PathBuf),
    /// A folder with the binary files of CIFAR-100, its 20 coarse classes.
    #[serde(rename = "cifar100_coarse")]
    Cifar100Coarse(PathBuf),
    /// A folder with four files of EMNIST, or one with several sets and the set's name, as `DIR/emnist-letters`.
    #[serde(rename = "emnist")]
    Emnist(PathBuf),
    /// A folder of images, `train/CLASS/` and `test/CLASS/`; with `data.test`, also `CLASS/` alone.
    #[serde(rename = "folder")]
    Folder(PathBuf),
    /// A NumPy archive with the arrays `x_train`, `y_train`, `x_test` and `y_test`, as Keras has MNIST in, or
    /// `train_images`, …, as MedMNIST has them.
    #[serde(rename = "npz")]
    Npz(PathBuf),
    /// A folder with the files `x_train.npy`, `y_train.npy`, `x_test.npy` and `y_test.npy`.
    #[serde(rename = "npy")]
    Npy(PathBuf),
    /// A table of labels and pixels as Kaggle has digits in: a folder with `train.csv` and `test.csv`, or one file.
    #[serde(rename = "csv")]
    Csv(PathBuf),
}

impl DataSource {
    /// The source that what lies at a path looks like, by the names of its files: a folder without those of a known set holds
    /// folders of images. None where nothing is there, or a file of another kind.
    ///
    /// ```
    /// assert_eq!(untied_study::DataSource::at("no/such/folder".as_ref()), None);
    /// ```
    #[must_use]
    pub fn at(path: &Path) -> Option<Self> {
        Self::found(path, path)
    }

    /// What lies at `path`, with the path as somebody wrote it.
    pub(crate) fn found(path: &Path, written: &Path) -> Option<Self> {
        if !path.is_dir() {
            return by_ending(path).filter(|_| path.is_file()).map(|source| source(written.to_owned()));
        }
        let entries = fs::read_dir(path).map(|entries| entries.flatten().map(|entry| entry.path()));
        let files: Vec<PathBuf> = entries.into_iter().flatten().filter(|path| path.is_file()).collect();
        let starts = |start: &str| {
            files.iter().any(|file| file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(start)))
        };
        if let Some((_, source)) = SIGNS.iter().find(|(start, _)| starts(start)) {
            return Some(source(written.to_owned()));
        }
        let mut archives = files.iter().filter_map(|file| Some((file.file_name()?, by_ending(file)?)));
        match (archives.next(), archives.next()) {
            (Some((name, source)), None) => Some(source(written.join(name))),
            _ => Some(Self::Folder(written.to_owned())),
        }
    }

    /// As a config has it: `{ folder = "photographs" }`.
    pub(crate) fn as_written(&self) -> String {
        let value = serde_json::to_value(self).unwrap_or_default();
        match value.as_object().and_then(|table| table.iter().next()) {
            Some((kind, path)) => format!("{{ {kind} = {path} }}"),
            None => value.to_string(),
        }
    }

    /// The source that a config's `data.source = …` names; its paths are relative to the current folder.
    ///
    /// # Errors
    /// If it is no such value, in one line.
    ///
    /// ```
    /// use untied_study::DataSource;
    /// assert_eq!(DataSource::parse("\"digits\""), Ok(DataSource::Digits));
    /// assert_eq!(DataSource::parse("{ idx = 'mnist' }"), Ok(DataSource::Idx("mnist".into())));
    /// assert!(DataSource::parse("{ idy = 'mnist' }").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, String> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Given {
            source: DataSource,
        }
        let given: Result<Given, _> = toml::from_str(&format!("source = {text}"));
        given.map(|given| given.source).map_err(|error| crate::printable(error.message()))
    }
}

/// A source, by its path.
type Source = fn(PathBuf) -> DataSource;

/// Files by which a folder shows what it holds: what their names start with, and the source that it is then. Where none is
/// there, it holds folders of images.
const SIGNS: [(&str, Source); 9] = [
    ("emnist-", DataSource::Emnist),
    ("train-images", DataSource::Idx),
    ("train-labels", DataSource::Idx),
    ("t10k-images", DataSource::Idx),
    ("t10k-labels", DataSource::Idx),
    ("data_batch_", DataSource::Cifar10),
    ("train.bin", DataSource::Cifar100),
    ("x_train.npy", DataSource::Npy),
    ("train.csv", DataSource::Csv),
];

/// The same for a file itself, or for the only one in a folder: the ending of its name.
const ENDINGS: [(&str, Source); 2] = [("npz", DataSource::Npz), ("csv", DataSource::Csv)];

fn by_ending(file: &Path) -> Option<Source> {
    let ending = file.extension()?.to_ascii_lowercase();
    ENDINGS.iter().find(|(known, _)| ending == *known).map(|(_, source)| *source)
}

display_as_serialized!(DataSource);
