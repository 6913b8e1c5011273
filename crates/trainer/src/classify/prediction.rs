//! The classes of image files.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::error::ClassifyError;
use super::{Classifier, probabilities, ranked};
use crate::data::{DataError, Form, Split, decode_file, expected_images, image_files};

/// The probability of each class of an image.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Every class, as its index, with its probability; the most probable first.
    pub classes: Vec<(usize, f64)>,
}

/// The image files at a path: the file itself, or those of a folder and of the folders below it, by name.
///
/// # Errors
/// If a folder cannot be read or has none.
pub fn images_at(path: &Path) -> Result<Vec<PathBuf>, DataError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let files = image_files(path)?;
    if files.is_empty() {
        return Err(DataError::invalid(path.display(), expected_images(), "none in it or in the folders below it"));
    }
    Ok(files)
}

impl Classifier {
    /// The form that every image gets: that of the images which the model was trained on.
    pub(super) fn form(&self) -> Form {
        let background = self.model().config().data.background.unwrap_or_default();
        Form { shape: self.model().input(), background }
    }

    /// Classifies image files of any size: each is decoded, cut, resized and standardised as the training images were. A file
    /// that cannot be read has its error in its place.
    ///
    /// # Errors
    /// If the model was trained on images at random places of a canvas.
    pub fn predict(&self, files: &[PathBuf]) -> Result<Vec<Result<Prediction, DataError>>, ClassifyError> {
        if self.model().config().data.canvas.is_some() {
            return Err(ClassifyError::Canvas);
        }
        let form = self.form();
        let pixels: Vec<_> = files.par_iter().map(|file| decode_file(file, form)).collect();
        let mut split = Split::empty(form.shape);
        pixels.iter().flatten().for_each(|pixels| split.push(pixels, 0));
        let mut scores = self.scores_of(&split).into_iter();
        let mut prediction = |_: Vec<u8>| Prediction::of(&scores.next().unwrap_or_default());
        Ok(pixels.into_iter().map(|pixels| pixels.map(&mut prediction)).collect())
    }
}

impl Prediction {
    fn of(scores: &[f64]) -> Self {
        let probabilities = probabilities(scores);
        Self { classes: ranked(scores).into_iter().map(|class| (class, probabilities[class])).collect() }
    }
}
