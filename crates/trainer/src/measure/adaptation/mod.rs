//! A trained model on shifted images, with nothing adapted but the bias of its first convolution.
//!
//! A shift δ(y, x) of the input adds w∗δ to the first convolution's output, the same for every image. An untied bias can
//! take it away again, b = b₀ − w∗δ, whatever δ is; a tied one only the part that is the same everywhere. Where δ differs from
//! image to image, no bias can: the control.

mod fine_tuning;
mod first_bias;
mod shifted;

use untied_study::{Event, MeasureConfig, Measured};

use crate::TrainerError;
use crate::emit::Emit;
use crate::measure::measurement::{Measurement, Sizes};
use crate::measure::subject::Subject;
use fine_tuning::HELD_OUT;
use shifted::{Shift, Shifted};

/// `measure.shift`.
pub(super) struct Adaptations;

impl Measurement for Adaptations {
    fn check(&self, config: &MeasureConfig, sizes: &Sizes<'_>) -> Result<(), TrainerError> {
        let available = sizes.train_images.saturating_sub(HELD_OUT);
        let asked = config.shift.iter().flat_map(|shift| &shift.images).find(|&&images| images > available);
        match asked {
            Some(&images) => Err(TrainerError::ShiftImages { available, held_out: HELD_OUT, images }),
            None => Ok(()),
        }
    }

    /// Every shift, every kind of statistics, every way of adapting.
    fn run(&self, subject: &Subject<'_>, emit: &mut Emit<'_>, measured: &mut Measured) {
        let Some(config) = &subject.config.measure.shift else { return };
        for &kind in &config.patterns {
            for draw in 0..config.draws {
                for &strength in &config.strengths {
                    emit(&Event::Measuring { what: format!("{kind} shift of {strength}") });
                    let shifted = Shifted::new(subject, Shift { kind, draw, strength });
                    shifted.adapt(config, &mut measured.adaptations);
                }
            }
        }
    }
}
