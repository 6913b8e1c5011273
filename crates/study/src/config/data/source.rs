//! `data.source`: where the images come from.

use std::path::PathBuf;

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

display_as_serialized!(DataSource);
