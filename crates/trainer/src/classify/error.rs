use crate::TrainerError;
use crate::data::DataError;

/// Images that a trained model cannot classify, or not be tested on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClassifyError {
    /// The data cannot be read.
    #[error(transparent)]
    Data(#[from] TrainerError),
    /// The model's classes have no names by which folders could be told.
    #[error(
        "the model has no names of classes, so that folders of images cannot be told apart; give a source of labels, such as \
         --data '{{ idx = \"DIR\" }}', or train it again with this version"
    )]
    Nameless,
    /// The model was trained on images at random places.
    #[error(
        "the model was trained on images that `data.canvas` puts at random places of a larger one; where a photograph would \
         lie there is not known"
    )]
    Canvas,
    /// Images of another shape than the model's.
    #[error(
        "{data}: expected images of {expected:?} (channels, height, width), as the model was trained on, found {found:?}"
    )]
    Shape {
        /// The images.
        data: String,
        /// Of the model.
        expected: [usize; 3],
        /// Of the data.
        found: [usize; 3],
    },
    /// Other classes than the model's.
    #[error("{data}: expected the model's classes, {expected}; found {found}")]
    Classes {
        /// The images.
        data: String,
        /// Of the model.
        expected: String,
        /// Of the data.
        found: String,
    },
}

impl From<DataError> for ClassifyError {
    fn from(error: DataError) -> Self {
        Self::Data(error.into())
    }
}
