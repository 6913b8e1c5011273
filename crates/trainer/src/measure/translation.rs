//! Test metrics of images moved by some pixels.

use untied_study::{MeasureConfig, Measured, Translated};

use crate::TrainerError;
use crate::emit::Emit;
use crate::measure::measurement::{Measurement, Sizes};
use crate::measure::subject::Subject;
use crate::optimization::evaluation::Evaluation;

/// `measure.translate`.
pub(super) struct Translation;

impl Measurement for Translation {
    fn check(&self, config: &MeasureConfig, sizes: &Sizes<'_>) -> Result<(), TrainerError> {
        let [_, height, width] = sizes.image;
        match config.translate.iter().find(|&&pixels| pixels >= height.min(width)) {
            Some(&pixels) => Err(TrainerError::Translate { height, width, pixels }),
            None => Ok(()),
        }
    }

    fn run(&self, subject: &Subject<'_>, _emit: &mut Emit<'_>, measured: &mut Measured) {
        let distances = subject.config.measure.translate.iter();
        measured.translated = distances.map(|&pixels| translated(subject, pixels)).collect();
    }
}

/// Mean over images moved up, down, left and right.
fn translated(subject: &Subject<'_>, pixels: usize) -> Translated {
    let far = pixels as isize;
    let each = [[-far, 0], [far, 0], [0, -far], [0, far]]
        .map(|way| subject.evaluate(&subject.model, &subject.dataset.test.moved(way), &subject.input));
    let mean = |of: fn(&Evaluation) -> f64| each.iter().map(of).sum::<f64>() / each.len() as f64;
    Translated { pixels, accuracy: mean(|one| one.accuracy), loss: mean(|one| one.loss) }
}
