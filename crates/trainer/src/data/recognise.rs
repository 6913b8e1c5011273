//! The `[data]` that fits what lies at a path.

use std::fs;
use std::path::Path;

use untied_study::{DataConfig, DataSource};

use super::{DataError, survey};

/// A config of images that were found, and what they are. No pixel of an image file is decoded for it.
#[derive(Debug, Clone, PartialEq)]
pub struct Recognised {
    /// The source, with what it takes to read it.
    pub data: DataConfig,
    /// Images to train on.
    pub train: usize,
    /// Images to test on.
    pub test: usize,
    /// Classes of their labels.
    pub classes: usize,
    /// Channels, height and width of an image.
    pub shape: [usize; 3],
    /// What was passed over, a line each.
    pub notes: Vec<String>,
}

/// The share of images to test on, where the source has none of its own.
const TEST: f64 = 0.2;

/// Images of different sizes are made this large.
const SIZE: [usize; 2] = [32, 32];

/// Looks at a file or a folder of images.
///
/// What the source itself does not settle is chosen: a fifth of the images to test on, where none are set apart; 32×32 pixels,
/// where sizes differ.
///
/// # Errors
/// If it is none that can be read, or damaged; see [`DataError`].
pub fn recognise(path: &Path) -> Result<Recognised, DataError> {
    let plain = DataConfig::new(source(path)?);
    let test = DataConfig { test: Some(TEST), ..plain.clone() };
    let [sized, both] = [&plain, &test].map(|config| DataConfig { size: Some(SIZE), ..config.clone() });
    let fits = |data: DataConfig| survey(&data).map(|found| Recognised::new(data, found));
    // What is wrong whatever is chosen is the last one's error.
    fits(plain).or_else(|_| fits(test)).or_else(|_| fits(sized)).or_else(|_| fits(both))
}

impl Recognised {
    fn new(data: DataConfig, found: super::Dataset) -> Self {
        let super::Split { channels, height, width, .. } = found.train;
        let (train, test) = (found.train.count, found.test.count);
        Self { data, train, test, classes: found.classes, shape: [channels, height, width], notes: found.notes }
    }
}

fn source(path: &Path) -> Result<DataSource, DataError> {
    let expected = "a folder, or a file that ends in .npz or .csv";
    let found = || if path.exists() { "another file" } else { "nothing there" };
    if path.is_dir() {
        fs::read_dir(path).map_err(DataError::read(path.display()))?;
    }
    DataSource::at(path).ok_or_else(|| DataError::invalid(path.display(), expected, found()))
}
