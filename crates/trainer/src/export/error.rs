//! What keeps a model's file from being read, or a model from being rewritten.

use std::io;

use untied_study::Normalization;

use crate::TrainerError;

/// A file that holds no model of this program, or a model that cannot be rewritten.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The system's word.
    #[error("cannot be read: {0}")]
    Read(#[from] io::Error),
    /// A folder, with what to name in its place.
    #[error("expected a model's file: {0}")]
    Folder(String),
    /// Not a `.safetensors` file, or a damaged one.
    #[error("is damaged or no safetensors file: {0}")]
    Damaged(String),
    /// A `.safetensors` file of something else.
    #[error("holds no model of this program: {0}")]
    Foreign(String),
    /// Its config cannot be a model's.
    #[error("holds a config that cannot be trained: {0}")]
    Config(#[from] TrainerError),
    /// A tensor that the config asks for is not there.
    #[error("lacks the tensor `{tensor}`, which its config asks for")]
    Missing {
        /// Its name.
        tensor: String,
    },
    /// A tensor that the config does not ask for.
    #[error("holds the tensor `{tensor}`, which its config does not ask for")]
    Unknown {
        /// Its name.
        tensor: String,
    },
    /// A tensor of another shape or type than the config's.
    #[error("`{tensor}`: expected {expected}, as its config says, found {found}")]
    Tensor {
        /// Its name.
        tensor: String,
        /// By the config.
        expected: String,
        /// In the file.
        found: String,
    },
    /// A number that no trained model has.
    #[error("`{tensor}` holds {value}; expected {expected}")]
    Number {
        /// The tensor's name.
        tensor: String,
        /// The number.
        value: f64,
        /// What it could be.
        expected: &'static str,
    },
    /// No batch norm is a convolution's alone.
    #[error(
        "no batch norm can go into a convolution, since none stands right behind one whose bias comes before the norm or \
         right behind it; found {norms}"
    )]
    NothingToFold {
        /// Their names.
        norms: String,
    },
    /// There is no batch norm to fold.
    #[error(
        "`model.norm = {norm}` has no running statistics; folding needs `batch`, whose scale is the same for all images"
    )]
    NoRunningStatistics {
        /// The model's normalization.
        norm: Normalization,
    },
    /// Scales differ by location.
    #[error(
        "`model.norm = batch_per_activation` scales each location by another factor, which a convolution's weights, \
         shared by all locations, cannot absorb; folding needs `batch`"
    )]
    PerActivation,
    /// One image needs more memory than a check is worth.
    #[error("one image has {numbers} numbers in a layer, too many to check the outputs")]
    TooLarge {
        /// In its largest feature map.
        numbers: usize,
    },
    /// Outputs overflow.
    #[error("outputs of random images are not finite, before or after")]
    NotFinite,
    /// The rewritten model is another function.
    #[error("outputs of random images differ by {largest:.1e} {stage}, {allowed:.1e} allowed")]
    Differs {
        /// The largest difference of two outputs.
        largest: f64,
        /// What it may be.
        allowed: f64,
        /// Before or after rounding.
        stage: &'static str,
    },
}
