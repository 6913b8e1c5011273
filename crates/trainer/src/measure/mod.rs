//! Measurements while a model is trained, and those that `[measure]` asks for on the trained one.

mod adaptation;
pub(crate) mod bias_gradient;
mod bias_maps;
pub(crate) mod drift;
mod jacobian;
mod measurement;
mod noise;
mod subject;
mod translation;

use untied_study::{MeasureConfig, Measured};

use crate::TrainerError;
use crate::emit::Emit;
use measurement::Measurement;

pub(crate) use measurement::Sizes;
pub(crate) use subject::Subject;

/// Every measurement of `[measure]`.
const ALL: [&dyn Measurement; 5] =
    [&jacobian::Ranks, &translation::Translation, &noise::Noise, &adaptation::Adaptations, &bias_maps::BiasMaps];

/// Checks every measurement that the config asks for.
pub(crate) fn check(config: &MeasureConfig, sizes: &Sizes<'_>) -> Result<(), TrainerError> {
    ALL.iter().try_for_each(|measurement| measurement.check(config, sizes))
}

/// Everything that the config asks for.
pub(crate) fn run(subject: &Subject<'_>, emit: &mut Emit<'_>) -> Measured {
    let mut measured = Measured::default();
    for measurement in ALL {
        measurement.run(subject, emit, &mut measured);
    }
    measured
}
