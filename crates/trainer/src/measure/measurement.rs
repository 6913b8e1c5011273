//! A measurement on a trained model.

use untied_study::{MeasureConfig, Measured};

use crate::TrainerError;
use crate::emit::Emit;
use crate::measure::subject::Subject;
use crate::model::plan::{Plan, Shape};

/// The data and the model that a measurement must fit.
pub(crate) struct Sizes<'a> {
    /// Channels, height and width of an image.
    pub(crate) image: Shape,
    pub(crate) train_images: usize,
    pub(crate) plan: &'a Plan,
}

/// An entry of `[measure]`.
pub(crate) trait Measurement: Sync {
    /// Refuses what such data or such a model cannot have, before anything is trained.
    fn check(&self, config: &MeasureConfig, sizes: &Sizes<'_>) -> Result<(), TrainerError>;

    /// Measures the trained model, if the config asks for it, and adds what it found.
    fn run(&self, subject: &Subject<'_>, emit: &mut Emit<'_>, measured: &mut Measured);
}
