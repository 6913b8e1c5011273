//! Test metrics of images with noise.

use untied_study::{MeasureConfig, Measured, Noisy};

use crate::TrainerError;
use crate::emit::Emit;
use crate::measure::measurement::{Measurement, Sizes};
use crate::measure::subject::Subject;

/// `measure.noise`.
pub(super) struct Noise;

impl Measurement for Noise {
    fn check(&self, _config: &MeasureConfig, _sizes: &Sizes<'_>) -> Result<(), TrainerError> {
        Ok(())
    }

    fn run(&self, subject: &Subject<'_>, _emit: &mut Emit<'_>, measured: &mut Measured) {
        let strengths = subject.config.measure.noise.iter();
        measured.noisy = strengths.map(|&strength| noisy(subject, strength)).collect();
    }
}

fn noisy(subject: &Subject<'_>, strength: f64) -> Noisy {
    let input = subject.input.with_noise(strength, subject.generator);
    let test = subject.evaluate(&subject.model, &subject.dataset.test, &input);
    Noisy { strength, accuracy: test.accuracy, loss: test.loss }
}
